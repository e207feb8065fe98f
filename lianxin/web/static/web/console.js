// The console's only script: toasts, live updates, dialogs, menus and keys. Pages are complete
// without it; nothing here decides anything.
(function () {
  "use strict";
  const body = document.body;
  const words = body.dataset;
  const toasts = document.getElementById("lx-toasts");

  function toast(text, tone) {
    if (!toasts || !text) return;
    const box = document.createElement("div");
    box.className = tone ? `lx-toast is-${tone}` : "lx-toast";
    const span = document.createElement("span");
    span.textContent = text;
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "×";
    close.setAttribute("aria-label", words.lxClose || "Close");
    close.addEventListener("click", () => box.remove());
    box.append(span, close);
    toasts.append(box);
    // A refusal stays until it is closed: it says what to do next.
    if (tone !== "danger") window.setTimeout(() => box.remove(), 6000);
  }

  // htmx: 422 swaps the form (see the htmx-config meta), every other refusal becomes a toast.
  body.addEventListener("htmx:responseError", (event) => {
    const request = event.detail.xhr;
    const type = request.getResponseHeader("Content-Type") || "";
    toast(type.startsWith("text/plain") ? request.responseText : words.lxFailed, "danger");
  });
  body.addEventListener("htmx:sendError", () => toast(words.lxFailed, "danger"));
  body.addEventListener("lx:toast", (event) => toast(event.detail.text || event.detail.value, event.detail.tone));

  // Live: one stream for all topics of the page, again after a growing pause when it breaks.
  const edge = document.querySelector('meta[name="lx-live"]');
  let stream = null;
  let watched = "";
  let pause = 1000;
  let timer = 0;

  function topics() {
    const found = new Set();
    document.querySelectorAll("[data-live]").forEach((part) => {
      part.dataset.live.split(/\s+/).filter(Boolean).forEach((topic) => found.add(topic));
    });
    return [...found].sort();
  }

  function show(state) {
    document.querySelectorAll("[data-lx-live-state]").forEach((mark) => {
      mark.hidden = state === "none";
      mark.classList.toggle("is-off", state === "off");
      mark.textContent = state === "off" ? words.lxLiveOff : words.lxLiveOn;
    });
  }

  function announce(topic, detail) {
    body.dispatchEvent(new CustomEvent(`live:${topic}`, { detail, bubbles: true }));
  }

  function listen() {
    const wanted = topics();
    const key = wanted.join(" ");
    if (!edge || key === watched) return;
    watched = key;
    if (stream) stream.close();
    window.clearTimeout(timer);
    if (!wanted.length) return show("none");
    connect(wanted);
  }

  function connect(wanted) {
    const query = wanted.map((topic) => `topic=${encodeURIComponent(topic)}`).join("&");
    stream = new EventSource(`${edge.content}?${query}`, { withCredentials: true });
    stream.onopen = () => {
      pause = 1000;
      show("on");
      // What happened before this moment told nobody: since the page was made, or the line broke.
      wanted.forEach((topic) => announce(topic, {}));
    };
    stream.onmessage = (event) => {
      const detail = JSON.parse(event.data);
      announce(detail.topic, detail);
    };
    stream.onerror = () => {
      stream.close();
      show("off");
      window.clearTimeout(timer);
      timer = window.setTimeout(() => connect(wanted), pause + Math.random() * 500);
      pause = Math.min(pause * 2, 30000);
    };
  }

  body.addEventListener("htmx:afterSettle", listen);
  window.addEventListener("pagehide", () => stream && stream.close());
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) {
      watched = "";
      listen();
    }
  });

  // Dialogs and menus.
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-lx-opens]");
    if (opener) {
      const box = document.getElementById(opener.dataset.lxOpens);
      if (box && box.showModal) box.showModal();
    }
    const closer = event.target.closest("[data-lx-closes]");
    if (closer) closer.closest("dialog").close();
    document.querySelectorAll("details.lx-menu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.removeAttribute("open");
    });
    const copier = event.target.closest("[data-lx-copies]");
    if (copier) {
      const source = document.getElementById(copier.dataset.lxCopies);
      const text = source ? source.value || source.textContent.trim() : "";
      navigator.clipboard.writeText(text).then(() => toast(copier.dataset.lxCopied, "ok"));
    }
  });

  // Keys: / searches, Escape closes what is open, j and k walk through rows.
  function isTyping(target) {
    return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  }

  function walk(step) {
    const links = [...document.querySelectorAll(".lx-row .lx-who a, [data-lx-row]")];
    if (!links.length) return;
    const at = links.indexOf(document.activeElement);
    const next = links[Math.max(0, Math.min(links.length - 1, at + step))];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const open = document.querySelector("details.lx-menu[open]");
      if (open) {
        open.removeAttribute("open");
        open.querySelector("summary").focus();
      }
      return;
    }
    if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") {
      const search = document.querySelector("[data-lx-search]");
      if (search) {
        event.preventDefault();
        search.focus();
        search.select();
      }
    }
    if (event.key === "j") walk(1);
    if (event.key === "k") walk(-1);
  });

  // A form that is on its way is not sent twice; one that asks first says what will happen.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.lxSent) event.preventDefault();
    else if (form.method === "post" && !form.hasAttribute("hx-post")) form.dataset.lxSent = "1";
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-lx-sent]").forEach((form) => delete form.dataset.lxSent);
  });

  // After htmx, which looks at the page then: nobody would hear a stream that opens before.
  document.addEventListener("DOMContentLoaded", listen);
})();
