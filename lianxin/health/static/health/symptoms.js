// A tick shows the 120 card at once, before anything is sent; sending goes on behind it.
(function () {
  "use strict";
  const form = document.getElementById("lx-symptoms");
  const card = document.getElementById("lx-urgent");
  if (!form || !card) return;
  document.body.classList.add("has-script");
  const fill = (text, words) => text
    .replace("{age}", form.dataset.age).replace("{value}", form.dataset.value).replace("{words}", words);

  function showCard(box) {
    const label = box.closest("label").textContent.trim();
    document.querySelectorAll("[data-lx-ask]").forEach((part) => { part.hidden = true; });
    card.querySelector("[data-lx-chose]").textContent = fill(form.dataset.chose, label);
    if (form.dataset.age) {
      const says = form.dataset.value ? form.dataset.says : form.dataset.saysPlain;
      card.querySelector("[data-lx-say]").textContent = fill(says, box.dataset.say);
    }
    card.hidden = false;
    window.scrollTo(0, 0);
    card.querySelector("a[href='tel:120']").focus({ preventScroll: true });
  }

  async function send() {
    for (let pause = 1000; ; pause = Math.min(pause * 2, 30000)) {
      try {
        const response = await fetch(form.action || window.location.href, {
          method: "POST",
          body: new URLSearchParams(new FormData(form)),
          headers: { Accept: "application/json" },
          credentials: "same-origin",
        });
        if (response.status < 500) return await response.json();
      } catch { /* no network: the card stands, and the answer is sent again */ }
      await new Promise((resolve) => { window.setTimeout(resolve, pause); });
    }
  }

  form.addEventListener("change", async (event) => {
    if (event.target.hasAttribute("data-lx-none")) {
      form.querySelectorAll("[type=checkbox]").forEach((box) => { box.checked = false; });
      const answer = await send();
      if (answer && answer.next) window.location.assign(answer.next);
      return;
    }
    if (!event.target.checked) return;
    form.querySelectorAll("[data-lx-none]").forEach((box) => { box.checked = false; });
    showCard(event.target);
    await send();
  });
})();
