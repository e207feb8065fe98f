// What the page knows, and how it asks for more.

export const ui = { screen: "chats", chat: "", find: "", filter: "all", open: null, staff: "", code: "" };
export let view = null;

let drawAll = () => {};
let controller = null;
let hurry = false;
let isPressed = false;
let isOwed = false;

export function onDraw(callback) {
  drawAll = callback;
}

// A control made anew between press and release would never be clicked: drawing waits.
function draw() {
  isOwed = isPressed;
  if (!isPressed) drawAll();
}

function release() {
  isPressed = false;
  if (isOwed) setTimeout(draw);
}

addEventListener("pointerdown", () => { isPressed = true; }, true);
addEventListener("pointerup", release, true);
addEventListener("pointercancel", release, true);

export function redraw() {
  if (view) draw();
}

async function send(method, path, body) {
  const answer = await fetch(path, {
    method,
    headers: { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const data = await answer.json();
  if (!answer.ok) throw new Error(data.error ?? `${answer.status}`);
  return data;
}

export const post = (path, body = {}) => send("POST", path, body);
export const remove = (path) => send("DELETE", path);

export function asMe(verb, body = {}) {
  return post(`/control/persons/${encodeURIComponent(view.me.id)}/${verb}`, body);
}

export function asMember(corp, userid, verb, body = {}) {
  return post(`/control/corps/${encodeURIComponent(corp)}/members/${encodeURIComponent(userid)}/${verb}`, body);
}

// Ask at once; the long question that is open is dropped and asked again.
export function refresh() {
  hurry = true;
  controller?.abort();
}

async function ask(wait) {
  const query = new URLSearchParams({ chat: ui.chat, find: ui.find });
  if (wait && view && !hurry) query.set("since", view.version);
  hurry = false;
  controller = new AbortController();
  const answer = await fetch(`/phone/data?${query}`, { signal: controller.signal });
  if (!answer.ok) throw new Error(`${answer.status}`);
  view = await answer.json();
  view.received = performance.now();
}

export function now() {
  return view ? view.now + (performance.now() - view.received) / 1000 : 0;
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

export async function watch(setLost) {
  let wait = false;
  for (;;) {
    try {
      await ask(wait);
      setLost(false);
      draw();
      wait = true;
      await pause(120);
    } catch (error) {
      if (error.name === "AbortError") wait = false;
      else {
        setLost(true);
        wait = false;
        await pause(1000);
      }
    }
  }
}
