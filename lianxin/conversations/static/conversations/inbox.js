// The inbox: keeps the newest message in sight, the draft's marks in place, and keys at hand.
(function () {
  "use strict";
  const body = document.body;

  function bottom(force) {
    const box = document.querySelector("[data-lx-bottom]");
    if (!box) return;
    const near = box.scrollHeight - box.scrollTop - box.clientHeight < 160;
    if (force || near || box.dataset.lxNear === "1") box.scrollTop = box.scrollHeight;
  }

  function current() {
    const panes = document.querySelector("[data-lx-thread]");
    return panes ? panes.dataset.lxThread : "";
  }

  function markCurrent() {
    document.querySelectorAll(".lx-ib-line").forEach((line) => {
      const isOpen = current() !== "" && line.pathname.endsWith(`/${current()}/`);
      if (isOpen) line.setAttribute("aria-current", "true");
      else line.removeAttribute("aria-current");
    });
  }

  // The mirror under the draft shows what was typed until the server has marked it again.
  function mirror(draft) {
    const shadow = document.getElementById("lx-ib-mirror");
    if (!shadow) return;
    if (shadow.textContent !== draft.value) shadow.textContent = draft.value;
    shadow.scrollTop = draft.scrollTop;
  }

  function isNote() {
    const note = document.getElementById("lx-mode-note");
    return Boolean(note && note.checked);
  }

  body.addEventListener("input", (event) => {
    if (!event.target.matches("[data-lx-draft]")) return;
    mirror(event.target);
  });
  body.addEventListener("scroll", (event) => {
    if (event.target.matches && event.target.matches("[data-lx-draft]")) mirror(event.target);
  }, true);

  body.addEventListener("click", (event) => {
    const replacer = event.target.closest("[data-lx-replaces]");
    if (replacer) {
      const draft = document.querySelector("[data-lx-draft]");
      draft.value = draft.value.replace(replacer.dataset.lxReplaces, () => replacer.dataset.lxWith);
      draft.focus();
      draft.dispatchEvent(new Event("input", { bubbles: true }));
    }
    const opener = event.target.closest("[data-lx-card]");
    if (opener) {
      const isOpen = opener.closest(".lx-ib-panes").classList.toggle("is-card-open");
      opener.setAttribute("aria-expanded", String(isOpen));
    }
  });

  body.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    if (!event.target.matches("[data-lx-draft]")) return;
    event.preventDefault();
    const name = isNote() ? ".lx-ib-note-button" : "[data-lx-send]";
    const button = event.target.form.querySelector(name);
    if (button && !button.disabled) button.click();
  });

  // A private note is not read by the guard; a list refresh knows which thread is open now.
  body.addEventListener("htmx:configRequest", (event) => {
    const source = event.detail.elt;
    if (source.matches("[data-lx-draft]") && isNote()) event.preventDefault();
    if (source.id === "lx-ib-list") event.detail.path = withThread(event.detail.path);
  });

  function withThread(path) {
    const url = new URL(path, window.location.origin);
    url.searchParams.delete("thread");
    if (current()) url.searchParams.set("thread", current());
    return url.pathname + url.search;
  }

  // A way that was chosen by hand stays; a composer that opens keeps what was being written.
  body.addEventListener("change", (event) => {
    if (event.target.id === "lx-ib-address") event.target.dataset.lxChosen = "1";
  });
  body.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { target, fragment } = event.detail;
    const chosen = target.querySelector("#lx-ib-address[data-lx-chosen]");
    if (target.id === "lx-ib-ways" && chosen) {
      const fresh = fragment.querySelector("#lx-ib-address");
      const same = fresh && [...fresh.options].find((one) => one.value === chosen.value && !one.disabled);
      if (same) event.detail.shouldSwap = false;
    }
    if (target.id === "lx-ib-composer") {
      const draft = target.querySelector("[data-lx-draft]"), fresh = fragment.querySelector("[data-lx-draft]");
      if (draft && fresh) fresh.textContent = draft.value;
    }
  });

  body.addEventListener("htmx:beforeSwap", () => {
    const box = document.querySelector("[data-lx-bottom]");
    if (box) box.dataset.lxNear = box.scrollHeight - box.scrollTop - box.clientHeight < 160 ? "1" : "";
  });
  body.addEventListener("htmx:afterSettle", (event) => {
    const id = event.detail.elt.id;
    if (id === "lx-ib-thread") {
      bottom(true);
      markCurrent();
    }
    if (id === "lx-ib-messages" || id === "lx-ib-guard") bottom(false);
    if (id === "lx-ib-list") markCurrent();
    if (id === "lx-ib-composer") {
      const draft = document.querySelector("[data-lx-draft]");
      if (draft) draft.focus();
    }
  });
  bottom(true);
})();
