// The event log: what happened, and on demand cipher and plain text side by side.

import { clockTime, drawIfChanged, hasText, h, icon, localParams, roundMs, t } from "./dom.js";
import { redraw, ui, view } from "./store.js";

const FILTERS = ["all", "callback", "call", "act"];
const at = (id) => document.getElementById(id);

export function drawLog() {
  const rows = view.log.filter((entry) => ui.filter === "all" || entry.kind === ui.filter);
  at("log-count").textContent = t("log_count", { n: rows.length });
  drawIfChanged(at("log-filters"), ui.filter, () => FILTERS.map((name) =>
    h("button", { type: "button", class: "sb-chip", "aria-pressed": String(ui.filter === name), "data-key": `filter-${name}`, onclick: () => { ui.filter = name; redraw(); } }, t(`log_${name}`))));
  drawIfChanged(at("log"), [rows, ui.open], () => rows.length ? [h("ol", { class: "sb-events" }, rows.map(row))] : [h("p", { class: "sb-muted" }, t("log_empty"))]);
}

function lastPart(path) {
  return path.split("/").filter(Boolean).pop() ?? path;
}

// "send" alone says nothing: two paths end in it.
function shortPath(path) {
  const last = lastPart(path);
  return last === "send" ? path.split("/").slice(-2).join("/") : last;
}

function titleOf(entry) {
  if (entry.kind === "callback") {
    const name = `name_${entry.name}`;
    return entry.params.duplicate ? t("again") : t("callback_is", { name: hasText(name) ? t(name) : entry.name });
  }
  if (entry.kind === "act") return t(`act_${entry.name}`, localParams(entry.params));
  const two = entry.name.split("/").slice(-2).join("/");
  const key = [`call_${two}`, `call_${lastPart(entry.name)}`].find(hasText);
  return key ? t(key) : lastPart(entry.name);
}

function resultOf(entry) {
  if (entry.kind === "act") return entry.outcome === "unseen" ? t("out_unseen") : entry.outcome === "dropped" ? t("out_silent") : t("sandbox_act");
  if (entry.kind === "callback") {
    if (entry.outcome === "ok") return t("answer_ms", { n: roundMs(entry.ms) });
    return t(`out_${entry.outcome}`, { n: entry.params.attempts ?? 0 });
  }
  if (entry.outcome === "error") return t("error_code", { code: entry.params.error ?? entry.code });
  if (entry.params.seconds !== undefined) return t("within_20", { n: entry.params.seconds });
  return t("ok_ms", { n: roundMs(entry.ms) });
}

function iconOf(entry) {
  if (entry.kind === "call") return "arrow-left";
  if (entry.kind === "callback") return entry.params.duplicate ? "copy" : "arrow-right";
  if (entry.outcome === "unseen") return "eye-off";
  return { scan: "scan", clock: "clock", oauth: "world" }[entry.name] ?? "user";
}

function isBad(entry) {
  return ["error", "failed", "dropped", "held", "no_address"].includes(entry.outcome) || entry.params.duplicate || entry.params.fault;
}

function row(entry) {
  const open = ui.open === entry.id;
  const code = entry.kind === "call" && h("code", {}, shortPath(entry.name));
  const times = entry.times > 1 && h("span", { class: "sb-muted num" }, t("times", { n: entry.times }));
  const inside = [h("time", { class: "num" }, clockTime(entry.at, true)), icon(iconOf(entry)), h("span", { class: "sb-eventname" }, titleOf(entry), " ", code, " ", times), h("span", { class: "sb-result num" }, resultOf(entry))];
  const state = `sb-event ${open ? "open" : ""} ${isBad(entry) ? "bad" : ""} ${entry.kind}`;
  if (entry.kind === "act") return h("li", {}, h("div", { class: state }, inside));
  const press = () => {
    ui.open = open ? null : entry.id;
    redraw();
    document.querySelector(".sb-details")?.scrollIntoView({ block: "nearest" });
  };
  return h("li", {}, h("button", { type: "button", class: state, "aria-expanded": String(open), onclick: press, "data-key": `event-${entry.id}` }, inside), open ? details(entry) : null);
}

function details(entry) {
  if (entry.kind === "call") return h("div", { class: "sb-details" }, pair("file-text", "asked", `${entry.name}\n\n${entry.plain}`, "message-2", "answered", entry.cipher));
  const done = ["step_made", "step_sealed"].map((key) => t(key));
  const status = entry.params.status;
  if (entry.ms !== null) done.push(t("step_sent"));
  if (status) done.push(t("step_answer", { status }));
  const steps = done.map((text) => h("li", {}, icon("check"), text));
  if (entry.params.attempts > 1) steps.push(h("li", {}, icon("refresh"), t("step_tries", { n: entry.params.attempts })));
  if (entry.params.fault) steps.push(h("li", { class: "bad" }, icon("alert-triangle"), t(entry.params.fault)));
  return h("div", { class: "sb-details" }, h("ol", { class: "sb-steps" }, steps), pair("lock", "sent_cipher", entry.cipher, "lock-open", "sent_plain", pretty(entry.plain) + noteOf(entry)));
}

function noteOf(entry) {
  return entry.plain.includes("<WelcomeCode>") ? `\n\n${t("welcome_note")}` : "";
}

function pretty(xml) {
  const found = new DOMParser().parseFromString(xml, "text/xml");
  const rows = Array.from(found.documentElement?.children ?? []);
  if (!rows.length || found.querySelector("parsererror")) return xml;
  return rows.map((node) => `${node.tagName.padEnd(15)} ${node.textContent}`).join("\n");
}

function pair(leftIcon, leftName, left, rightIcon, rightName, right) {
  const block = (name, title, text) => h("div", {}, h("h3", {}, icon(name), t(title)), h("pre", { tabindex: "0" }, text));
  return h("div", { class: "sb-pair" }, block(leftIcon, leftName, left), block(rightIcon, rightName, right));
}
