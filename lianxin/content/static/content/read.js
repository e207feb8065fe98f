// Tells how far a page was read, when the reader leaves it. The page works without it.
(function () {
  "use strict";
  const article = document.querySelector("[data-lx-reading]");
  if (!article) return;
  let deepest = 0;
  let told = -1;

  function measure() {
    const page = document.documentElement;
    const seen = window.scrollY + window.innerHeight;
    deepest = Math.max(deepest, Math.min(100, Math.round((100 * seen) / Math.max(page.scrollHeight, 1))));
  }

  function tell() {
    if (deepest <= told) return;
    told = deepest;
    const form = new FormData();
    form.append("reading", article.dataset.lxReading);
    form.append("depth", String(deepest));
    form.append("csrfmiddlewaretoken", article.dataset.lxToken);
    navigator.sendBeacon(article.dataset.lxDepthUrl, form);
  }

  window.addEventListener("scroll", measure, { passive: true });
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") tell(); });
  window.addEventListener("pagehide", tell);
  measure();
})();
