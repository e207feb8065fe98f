// The talk on the phone: the newest message in sight, also after it came by itself.
(function () {
  "use strict";
  let isNear = true;
  function measure() {
    const page = document.documentElement;
    isNear = page.scrollHeight - window.scrollY - window.innerHeight < 200;
  }
  function newest() {
    window.scrollTo(0, document.documentElement.scrollHeight);
  }
  document.body.addEventListener("htmx:beforeSwap", measure);
  document.body.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.elt.id === "lx-talk" || isNear) newest();
  });
  newest();
})();
