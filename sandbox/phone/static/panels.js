// The panels beside the phone: who, codes, clock, faults, staff side.

import { button, clockTime, date, drawIfChanged, first, forget, h, icon, language, localName, longTime, t } from "./dom.js";
import { closeDialog, showDialog } from "./dialog.js";
import { ask, groupRows } from "./groups.js";
import { momentCard } from "./moments.js";
import { act, closeWeb, openChat } from "./phone.js";
import { asMe, asMember, now, post, redraw, refresh, remove, ui, view } from "./store.js";

const at = (id) => document.getElementById(id);
const MAIN_FAULTS = ["api_timeout", "api_rate_limited", "callback_duplicate", "callback_drop", "callback_delay", "callback_bad_signature"];
const MORE_FAULTS = ["api_answer_lost", "api_busy", "api_token_dead", "api_garbage", "callback_reorder", "callback_wrong_receive_id", "callback_truncated", "template_system_failed"];

export function setUpPanels() {
  const find = at("find");
  find.addEventListener("input", () => {
    ui.find = find.value.trim();
    refresh();
  });
  at("reset").prepend(icon("refresh"));
  at("console").prepend(icon("external-link"));
  at("reset").addEventListener("click", askReset);
  setInterval(() => view && drawClock(), 1000);
}

export function drawPanels() {
  const console_link = at("console");
  console_link.hidden = !view.console_url;
  if (view.console_url) console_link.href = view.console_url;
  drawIfChanged(at("who"), [view.persons, view.me?.id, ui.find], drawPersons);
  at("find-box").hidden = view.person_count <= 5;
  drawIfChanged(at("scan"), [view.codes, ui.code, view.me?.id], drawScan);
  drawClock();
  drawIfChanged(at("faults"), view.faults, drawFaults);
  drawIfChanged(at("staff"), [view.staff, view.sessions, view.groups, view.calls, view.me?.id, ui.staff], drawStaff);
}

// Who am I

function drawPersons() {
  if (!view.person_count) return [h("p", { class: "sb-muted" }, t("no_persons"))];
  return [h("div", { role: "radiogroup", "aria-labelledby": "who-title", class: "sb-people" }, view.persons.map(personRow))];
}

function personRow(person) {
  const mine = view.me?.id === person.id;
  const note = language === "en" ? person.note_en : person.note;
  return h("button", { type: "button", class: `sb-person ${mine ? "on" : ""}`, role: "radio", "aria-checked": String(mine), "data-key": `person-${person.id}`, onclick: () => takePhone(person.id) },
    h("span", { class: "sb-face", "aria-hidden": "true" }, first(localName(person))),
    h("span", { class: "sb-persontext" }, h("span", {}, h("b", {}, localName(person)), " ", person.age ? h("span", { class: "num" }, t("age", { n: person.age })) : null), note && h("small", {}, note)),
    mine ? icon("check") : person.unread ? h("span", { class: "sb-badge num" }, String(person.unread)) : null);
}

// Somebody always holds the phone: at the first visit, the first person of the list.
let offered = false;
let taking = "";

export function offerPhone() {
  if (offered || view.me || !view.persons.length) return;
  offered = true;
  takePhone(view.persons[0].id);
}

async function takePhone(id) {
  taking = id;
  await post("/phone/hold", { person: id });
  if (taking !== id) return;
  taking = "";
  closeWeb();
  ui.screen = "chats";
  ui.chat = "";
  forget(at("view"));
  refresh();
}

// Codes

function chosen() {
  return view.codes.find((code) => code.code === ui.code) ?? view.codes[0];
}

function detailOf(code) {
  if (code.kind === "official") return code.detail ? t("code_scene", { scene: code.detail }) : t("follow_plain");
  return code.detail;
}

function drawScan() {
  const code = chosen();
  if (!code) return [h("p", { class: "sb-muted" }, t("no_codes"))];
  const scan = button(t("scan"), () => act(() => asMe("scan", { code: code.code })), { kind: "sb-main", before: "scan", key: "scan", disabled: !view.me, title: view.me ? null : t("nobody") });
  const forLink = code.kind === "link" && [
    button(t("open_address"), () => ask(t("open_address"), code.code, true, (address) => asMe("scan", { code: address })), { before: "link", key: "open-address", disabled: !view.me }),
    button(t("buy_quota"), () => act(() => asMember(code.corp_id, code.userid, "buy-quota", { amount: 20 })), { key: "buy-quota" })];
  const other = view.codes.length > 1 && button(t("another_code"), chooseCode, { key: "another" });
  return [h("div", { class: "sb-code" },
    h("img", { src: code.picture, alt: `${t(`code_${code.kind}`)}：${code.name}`, width: 76, height: 76 }),
    h("div", { class: "sb-codetext" }, h("b", {}, code.name), h("p", { class: "sb-muted" }, [t(`code_${code.kind}`), detailOf(code)].filter(Boolean).join("·")), h("div", { class: "sb-buttons" }, scan, other, forLink)))];
}

function chooseCode() {
  const rows = view.codes.map((code) => h("li", {}, h("button", { type: "button", class: "sb-person", onclick: () => { ui.code = code.code; closeDialog(); redraw(); } },
    h("img", { src: code.picture, alt: "", width: 44, height: 44, loading: "lazy" }),
    h("span", { class: "sb-persontext" }, h("b", {}, code.name), h("small", {}, [t(`code_${code.kind}`), detailOf(code)].filter(Boolean).join("·"))))));
  showDialog(t("choose_code"), [h("ul", { class: "sb-codes" }, rows)], [button(t("close"), closeDialog)]);
}

// Clock

function ahead() {
  const seconds = view.offset;
  if (seconds >= 86400) return t("days", { n: Math.floor(seconds / 86400) }) + (seconds % 86400 >= 3600 ? ` ${t("hours", { n: Math.floor((seconds % 86400) / 3600) })}` : "");
  return seconds >= 3600 ? t("hours", { n: Math.floor(seconds / 3600) }) : t("minutes", { n: Math.round(seconds / 60) });
}

const move = (body) => act(() => post("/control/clock", body));

function drawClock() {
  drawIfChanged(at("clock"), "clock", () => [h("div", { class: "sb-clock" },
    h("div", {}, h("p", { class: "sb-muted num", id: "clock-date" }), h("p", { class: "sb-bigtime num", id: "clock-time" })),
    h("div", { class: "sb-buttons" }, button(t("plus_hour"), () => move({ add_seconds: 3600 })), button(t("plus_day"), () => move({ add_seconds: 86400 })))),
    h("div", { id: "clock-back" })]);
  at("clock-date").textContent = date(now());
  at("clock-time").textContent = clockTime(now(), true);
  drawIfChanged(at("clock-back"), view.offset, () => view.offset > 0 ? [h("p", { class: "sb-ahead" }, h("span", { class: "num" }, t("ahead", { time: ahead() })), h("button", { type: "button", class: "sb-text", onclick: () => move({ offset_seconds: 0 }), "data-key": "to-now" }, t("to_now")))] : []);
}

// Faults

function toggle(kind) {
  const on = view.faults.includes(kind);
  return act(() => on ? remove(`/control/faults/${kind}`) : post("/control/faults", { kind }));
}

function faultRow(kind) {
  const on = view.faults.includes(kind);
  return h("button", { type: "button", class: `sb-fault ${on ? "on" : ""}`, role: "switch", "aria-checked": String(on), onclick: () => toggle(kind), "data-key": kind },
    on && icon("alert-triangle"), h("span", {}, t(kind)), h("span", { class: "sb-switch", "aria-hidden": "true" }));
}

let moreOpen = false;

function drawFaults() {
  const count = at("faults-count");
  count.hidden = !view.faults.length;
  count.textContent = t("faults_on", { n: view.faults.length });
  const hidden = MORE_FAULTS.some((kind) => view.faults.includes(kind));
  const more = h("details", { class: "sb-more", open: moreOpen || hidden, ontoggle: (event) => { moreOpen = event.target.open; } }, h("summary", { "data-key": "more-faults" }, t("faults_more"), icon("chevron-down")), MORE_FAULTS.map(faultRow));
  return [...MAIN_FAULTS.map(faultRow), more];
}

// Staff side

function chosenStaff() {
  const waiting = view.staff.find((member) => member.tasks.length || member.moments.length);
  return view.staff.find((member) => `${member.corp_id}|${member.userid}` === ui.staff) ?? waiting ?? view.staff[0];
}

function drawStaff() {
  const member = chosenStaff();
  const title = member ? t("staff_side", { name: member.name }) : t("staff_none");
  const count = member?.confirmed_today ? h("span", { class: "sb-tag sb-end num" }, t("confirmed_today", { n: member.confirmed_today })) : null;
  const parts = [h("h2", {}, icon("id-badge-2"), title, count)];
  parts.push(...view.calls.map(callCard));
  if (view.staff.length > 1) parts.push(staffTabs(member));
  if (!member?.tasks.length && !member?.moments.length) parts.push(h("p", { class: "sb-muted" }, t("no_staff_work")));
  if (member) parts.push(button(t("leave"), () => askLeave(member), { key: `leave-${member.userid}` }));
  parts.push(...(member?.tasks ?? []).map((task) => taskCard(member, task)));
  parts.push(...(member?.moments ?? []).map((one) => momentCard(member, one)));
  parts.push(...view.sessions.map(sessionRow), ...groupRows(member));
  if (member?.messages.length) parts.push(h("h3", {}, t("app_messages")), h("ul", { class: "sb-notices" }, member.messages.map((message) => noticeRow(member, message))));
  return parts;
}

function askLeave(member) {
  const yes = button(t("leave"), () => { closeDialog(); act(() => asMember(member.corp_id, member.userid, "leave")); }, { kind: "sb-main" });
  showDialog(t("confirm_leave", { name: member.name }), [h("p", { class: "sb-muted" }, t("leave_explains"))], [button(t("cancel"), closeDialog), yes]);
}

function callCard(call) {
  const at = (verb, body) => () => act(() => post(`/control/calls/${call.call_id}/${verb}`, body));
  const rings = call.state === "ringing";
  const buttons = rings
    ? [button(t("ring_answer"), at("answer"), { kind: "sb-main", key: `answer-${call.call_id}` }), button(t("ring_no_answer"), at("no-answer"), { key: `ignore-${call.call_id}` }), button(t("ring_busy"), at("busy"), { key: `busy-${call.call_id}` })]
    : [button(t("ring_press", { key: 1 }), at("press", { key: "1" }), { kind: "sb-main", key: `press-${call.call_id}` }), button(t("ring_press", { key: 2 }), at("press", { key: "2" }), { key: `press2-${call.call_id}` }), button(t("ring_hang_up"), at("hang-up"), { key: `hang-${call.call_id}` })];
  return h("div", { class: `sb-task sb-call ${rings ? "rings" : ""}`, role: "group", "aria-label": t("ring_of", { name: call.owner }) },
    h("div", { class: "sb-tasktext" }, h("b", {}, icon("device-mobile"), t(rings ? "ring_rings" : "ring_talks", { name: call.owner })), h("p", { class: "sb-muted" }, call.pressed ? t("ring_pressed", { key: call.pressed }) : "")),
    h("div", { class: "sb-buttons" }, buttons),
    rings ? null : h("p", { class: "sb-preview" }, icon("speakerphone"), h("span", {}, t("ring_says"), h("b", {}, call.text))));
}

function staffTabs(current) {
  return h("div", { class: "sb-filters", role: "group" }, view.staff.map((member) => {
    const key = `${member.corp_id}|${member.userid}`;
    const label = `${member.name}${member.tasks.length ? ` ${member.tasks.length}` : ""}`;
    return h("button", { type: "button", class: "sb-chip num", "aria-pressed": String(member === current), "data-key": key, title: member.corp, onclick: () => { ui.staff = key; redraw(); } }, label);
  }));
}

function clip(text, most) {
  const signs = Array.from(text);
  return signs.length > most ? `${signs.slice(0, most).join("")}…` : text;
}

function taskCard(member, task) {
  const names = task.names.join("、") + (task.count > task.names.length ? t("and_more") : "");
  const confirm = () => act(() => asMember(member.corp_id, member.userid, "confirm-mass", { msgid: task.msgid }));
  const reminded = task.reminders ? `·${t("reminded", { n: task.reminders })}` : "";
  return h("div", { class: "sb-task" },
    h("div", { class: "sb-tasktext" }, h("b", {}, t("task_title", { text: clip(task.link || task.text, 18), n: task.count })), h("p", { class: "sb-muted" }, t("only_member", { names }) + reminded)),
    button(t("confirm_send"), confirm, { kind: "sb-main sb-tall", key: `confirm-${task.msgid}` }),
    h("p", { class: "sb-preview" }, icon("device-mobile"), h("span", {}, t("patient_sees"), h("b", {}, [task.text, task.link].filter(Boolean).join(" · ")))));
}

function sessionRow(session) {
  const person = { person: view.me.id, open_kfid: session.open_kfid };
  const verb = session.state === 3 ? "kf-end" : "kf-take";
  const label = session.state === 3 ? t("end_session") : t("take_session");
  const state = session.state === 3 ? `${session.servicer}·${t("read_only")}` : t(`session_${session.state}`);
  const press = () => act(() => asMember(session.corp_id, session.servicer_id, verb, person));
  return h("div", { class: "sb-session" }, icon("headset"), h("span", { class: "sb-persontext" }, h("b", {}, t("session_of", { name: localName(view.me) })), h("small", {}, `${session.name}·${state}`)), button(label, press, { key: `kf-${session.open_kfid}` }));
}

function cardButtons(member, message) {
  if (message.answer) return [h("span", { class: "sb-tag" }, message.answer)];
  const press = (key) => act(() => asMember(member.corp_id, member.userid, "press-card", { message: message.id, key }));
  return message.buttons.map((one) => button(one.text, () => press(one.key), { key: `card-${message.id}-${one.key}` }));
}

function noticeRow(member, message) {
  const words = [message.title && h("b", {}, message.title), h("span", {}, message.text)];
  const text = message.url ? h("a", { href: message.url, target: "_blank", rel: "noopener" }, words) : h("span", {}, words);
  return h("li", {}, h("time", { class: "num sb-muted" }, longTime(message.at, now())), text, ...cardButtons(member, message));
}

// Start over

function askReset() {
  const yes = button(t("do_reset"), () => { closeDialog(); act(async () => { await post("/control/reset"); openHome(); }); }, { kind: "sb-main" });
  showDialog(t("confirm_reset"), [h("p", { class: "sb-muted" }, t("reset_explains"))], [button(t("cancel"), closeDialog), yes]);
}

function openHome() {
  ui.screen = "chats";
  ui.chat = "";
  forget(at("view"));
}

export { openChat };
