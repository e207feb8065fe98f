// One dialog for everything that asks.

import { h } from "./dom.js";

const dialog = document.getElementById("dialog");

export function showDialog(title, body, buttons, extra = "") {
  dialog.replaceChildren(
    h("h2", { id: "dialog-title" }, title),
    ...body.filter(Boolean),
    h("div", { class: `sb-dialogfoot ${extra}`.trim() }, buttons),
  );
  if (!dialog.open) dialog.showModal();
}

export function closeDialog() {
  dialog.close();
}

dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});
