// Runs before the first paint: who has not chosen a theme gets the system's.
(function () {
  "use strict";
  const root = document.documentElement;
  if (root.dataset.theme) return;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    root.dataset.theme = dark.matches ? "dark" : "light";
    root.dataset.bsTheme = root.dataset.theme;
  };
  follow();
  dark.addEventListener("change", follow);
})();
