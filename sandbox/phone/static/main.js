// Start: words, panels, and then watch for changes for ever.

import { loadTexts } from "./dom.js";
import { drawLog } from "./log.js";
import { drawPanels, offerPhone, setUpPanels } from "./panels.js";
import { drawPhone, setUpWeb } from "./phone.js";
import { onDraw, ui, watch } from "./store.js";

function draw() {
  offerPhone();
  drawPhone();
  drawPanels();
  drawLog();
}

await loadTexts();
const asked = new URLSearchParams(location.search).get("chat");
if (asked) {
  ui.chat = asked;
  ui.screen = "chat";
}
setUpWeb();
setUpPanels();
onDraw(draw);
watch((lost) => { document.getElementById("lost").hidden = !lost; });
