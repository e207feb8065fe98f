// Small helpers: make elements, fill regions without losing focus, find words, tell times.

const SVG = "http://www.w3.org/2000/svg";
const ZONE = "Asia/Shanghai";
let texts = {};

export const language = document.body.dataset.language;

export async function loadTexts() {
  const all = await (await fetch("/phone/static/texts.json")).json();
  texts = all[language];
}

export function t(key, values = {}) {
  const text = texts[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export function hasText(key) {
  return key in texts;
}

export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function icon(name, extra = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `sb-icon ${extra}`.trim());
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `/phone/static/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

export function button(label, press, { kind = "", before = null, key = label, ...more } = {}) {
  const attributes = { type: "button", class: `sb-button ${kind}`.trim(), onclick: press, "data-key": key, ...more };
  return h("button", attributes, before && icon(before), h("span", {}, label));
}

// Put new children in; the control that had the focus, by its data-key, has it again.
export function fill(region, children) {
  const focused = region.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  region.replaceChildren(...children.flat().filter(Boolean));
  if (focused) region.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

// Draw a region only when what it shows has changed.
const drawn = new WeakMap();
export function drawIfChanged(region, data, make) {
  const seen = JSON.stringify(data);
  if (drawn.get(region) === seen) return false;
  drawn.set(region, seen);
  fill(region, make());
  return true;
}

export function forget(region) {
  drawn.delete(region);
}

function parts(at) {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: ZONE, year: "numeric", month: "2-digit", day: "2-digit",
    hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
  });
  return Object.fromEntries(format.formatToParts(at * 1000).map((part) => [part.type, part.value]));
}

export function clockTime(at, withSeconds = false) {
  const p = parts(at);
  return withSeconds ? `${p.hour}:${p.minute}:${p.second}` : `${p.hour}:${p.minute}`;
}

export function date(at) {
  const p = parts(at);
  const day = new Date(`${p.year}-${p.month}-${p.day}T00:00:00Z`).getUTCDay();
  return `${p.year}-${p.month}-${p.day} ${t("weekdays").split(",")[day]}`;
}

export function dayOf(at) {
  const p = parts(at);
  return `${p.year}-${p.month}-${p.day}`;
}

export function shortTime(at, now) {
  if (dayOf(at) === dayOf(now)) return clockTime(at);
  if (dayOf(at) === dayOf(now - 86400)) return t("yesterday");
  const p = parts(at);
  return t("month_day", { m: Number(p.month), d: Number(p.day) });
}

export function longTime(at, now) {
  return dayOf(at) === dayOf(now) ? clockTime(at) : `${shortTime(at, now)} ${clockTime(at)}`;
}

export function roundMs(ms) {
  return ms < 10 ? Math.max(0.1, Math.round(ms * 10) / 10) : Math.round(ms);
}

// Values for a sentence, in the page's language where there are two.
export function localParams(params) {
  if (language !== "en") return params;
  return { ...params, ...Object.fromEntries(Object.entries(params).filter(([name]) => name.endsWith("_en")).map(([name, value]) => [name.slice(0, -3), value])) };
}

export function first(name) {
  return Array.from(name || "?")[0].toUpperCase();
}

export function localName(thing) {
  return language === "en" && thing.name_en ? thing.name_en : thing.name;
}
