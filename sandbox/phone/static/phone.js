// The phone: chats, contacts, one chat, and a page opened inside.

import { button, clockTime, drawIfChanged, fill, first, forget, h, icon, localName, longTime, roundMs, shortTime, t } from "./dom.js";
import { closeDialog, showDialog } from "./dialog.js";
import { momentsRow, momentsScreen } from "./moments.js";
import { asMe, now, redraw, refresh, ui, view } from "./store.js";

const region = document.getElementById("view");
const web = document.getElementById("web");
const frame = document.getElementById("web-frame");
const TIME_GAP = 300;
let parts = null;

export async function act(work) {
  try {
    const made = await work();
    if (made?.chat) openChat(made.chat);
    if (made?.open_url) openLink(made.open_url);
    refresh();
  } catch (error) {
    showDialog(error.message, [], [button(t("close"), closeDialog)]);
  }
}

export function openChat(key) {
  ui.screen = "chat";
  ui.chat = key;
  closeWeb();
  forget(region);
  refresh();
}

function goTo(screen) {
  ui.screen = screen;
  ui.chat = "";
  forget(region);
  redraw();
  refresh();
}

// Pages inside the phone

export function openLink(url) {
  if (!URL.canParse(url)) return showDialog(url, [], [button(t("close"), closeDialog)]);
  const target = new URL(url);
  if (target.origin === location.origin && target.pathname.startsWith("/kf/")) {
    act(() => asMe("scan", { code: target.pathname + target.search }));
    return;
  }
  frame.src = target.href;
  document.getElementById("web-title").textContent = target.host;
  web.hidden = false;
  document.getElementById("web-close").focus();
}

export function closeWeb() {
  if (web.hidden) return;
  web.hidden = true;
  frame.src = "about:blank";
}

export function setUpWeb() {
  document.getElementById("web-close").append(icon("x"));
  document.getElementById("web-close").addEventListener("click", closeWeb);
  const reload = document.getElementById("web-reload");
  reload.append(icon("refresh"));
  reload.addEventListener("click", () => { frame.src = frame.src; });
  window.addEventListener("message", (event) => {
    if (event.origin === location.origin && typeof event.data?.open === "string") openChat(event.data.open);
    if (event.source === frame.contentWindow && event.data?.wechat) answerPage(event);
  });
}

// What a page inside the phone asks WeChat: whether it may, and the dialog that asks for notices.
async function answerPage(event) {
  const { wechat: question, id } = event.data;
  const reply = (answers) => event.source.postMessage({ id, answers }, event.origin);
  if (question.name === "config") {
    const answer = await fetch("/phone/config", { method: "POST", body: JSON.stringify(question) });
    return reply((await answer.json()).is_right === true);
  }
  const answer = await fetch("/phone/offer", { method: "POST", body: JSON.stringify(question) });
  const { name, templates } = await answer.json();
  if (!templates?.length) return reply(null);
  const choose = (word) => {
    const answers = Object.fromEntries(templates.map((one) => [one.template_id, word]));
    closeDialog();
    act(() => asMe("oa-tick", { app_id: question.app_id, answers }));
    reply(answers);
  };
  const titles = h("p", {}, templates.map((one) => `「${one.title}」`).join(""));
  return showDialog(t("subscribe_ask", { name }), [titles], [
    button(t("subscribe_yes"), () => choose("accept")),
    button(t("subscribe_no"), () => choose("reject")),
  ]);
}

// Drawing

export function drawPhone() {
  document.getElementById("phone-time").textContent = clockTime(now());
  if (ui.screen === "chat" && view.chat) drawChat();
  else {
    parts = null;
    drawIfChanged(region, [ui.screen, view.me, view.chats, view.friends, view.minis, view.moments, ui.code], drawScreen);
  }
}

function drawScreen() {
  const screens = { chats: chatsScreen, contacts: contactsScreen, discover: discoverScreen, moments: momentsScreen, me: meScreen };
  return (screens[ui.screen] ?? chatsScreen)();
}

export function titleBar(title, right = null) {
  return h("div", { class: "sb-nav" }, h("span"), h("h2", { class: "sb-navtitle" }, title), h("span", { class: "sb-navright" }, right));
}

export function tabs() {
  const items = [["chats", "message-2", "wechat"], ["contacts", "address-book", "contacts"], ["discover", "compass", "discover"], ["me", "user", "me"]];
  return h("nav", { class: "sb-tabs", "aria-label": t("phone") }, items.map(([screen, name, label]) =>
    h("button", { type: "button", class: ui.screen === screen ? "on" : "", "aria-current": ui.screen === screen && "page", onclick: () => goTo(screen), "data-key": `tab-${screen}` }, icon(name), h("span", {}, t(label)))));
}

export function empty(title, hint = "") {
  return h("div", { class: "sb-empty" }, h("p", {}, title), hint && h("p", { class: "sb-muted" }, hint));
}

function chatsScreen() {
  const unread = view.chats.reduce((sum, chat) => sum + chat.unread, 0);
  const title = unread ? t("wechat_n", { n: unread }) : t("wechat");
  const plus = h("button", { type: "button", class: "sb-plain", "aria-label": t("scan_it"), onclick: scanChosen, "data-key": "plus" }, icon("circle-plus"));
  let body = empty(t("no_chats"), t("no_chats_hint"));
  if (!view.me) body = empty(t("nobody"));
  else if (view.chats.length) body = h("ul", { class: "sb-list" }, view.chats.map(chatRow));
  return [titleBar(title, plus), h("div", { class: "sb-searchbar", "aria-hidden": "true" }, h("div", {}, icon("search"), t("search"))), h("div", { class: "sb-scroll" }, body), tabs()];
}

export function avatar(chat) {
  const kinds = { official: "official", kf: "official", mini: "official", sms: "sms" };
  const kind = kinds[chat.kind] ?? "";
  return h("span", { class: `sb-avatar ${kind}`, "aria-hidden": "true" }, chat.kind === "sms" ? icon("device-mobile") : chat.kind === "kf" ? icon("headset") : chat.kind === "mini" ? icon("app-window") : first(chat.title));
}

function summary(message) {
  const { kind, body } = message;
  if (kind === "text") return body.text;
  if (kind === "note") return t(body.note, { name: body.name });
  const title = body.title || body.head_content || "";
  if (["link", "miniprogram", "template"].includes(kind)) return t(`kind_${kind}`, { title });
  return FILES[kind] ? t(`kind_${kind}`) : title || t("kind_other");
}

function chatRow(chat) {
  const face = avatar(chat);
  if (chat.unread) face.append(h("em", {}, String(chat.unread)));
  return h("li", {}, h("button", { type: "button", class: "sb-row", onclick: () => openChat(chat.key), "data-key": chat.key },
    face,
    h("span", { class: "sb-rowtext" },
      h("span", { class: "sb-rowhead" }, h("b", {}, chat.title), chat.detail && h("small", { class: "sb-at" }, `@${chat.detail}`), h("time", { class: "num" }, shortTime(chat.last.at, now()))),
      h("span", { class: "sb-last" }, summary(chat.last)))));
}

function contactsScreen() {
  const rows = view.friends.map((chat) => h("li", {}, h("button", { type: "button", class: "sb-row", onclick: () => openChat(chat.key), "data-key": chat.key },
    avatar(chat), h("span", { class: "sb-rowtext" }, h("span", { class: "sb-rowhead" }, h("b", {}, chat.title), chat.detail && h("small", { class: "sb-at" }, `@${chat.detail}`))))));
  return [titleBar(t("contacts")), h("div", { class: "sb-scroll" }, rows.length ? h("ul", { class: "sb-list" }, rows) : empty(t("no_friends"), t("no_chats_hint"))), tabs()];
}

function chosenCode() {
  return view.codes.find((code) => code.code === ui.code) ?? view.codes[0];
}

function scanChosen() {
  const code = chosenCode();
  if (code && view.me) act(() => asMe("scan", { code: code.code }));
}

function miniRow(mini) {
  const ticks = mini.templates.reduce((sum, template) => sum + template.ticks, 0);
  return h("li", {}, h("button", { type: "button", class: "sb-row sb-slim", onclick: () => act(() => asMe("mini-open", { app_id: mini.id })), "data-key": `mini-${mini.id}` },
    icon("app-window"), h("span", { class: "sb-rowtext" }, h("b", {}, mini.name), h("span", { class: "sb-last" }, t("mini_ticks", { n: ticks })))));
}

function discoverScreen() {
  const code = chosenCode();
  const hint = code ? t("scan_this", { name: code.name }) : t("no_codes");
  return [titleBar(t("discover")), h("div", { class: "sb-scroll sb-grey" }, h("ul", { class: "sb-list" }, momentsRow(() => goTo("moments")), h("li", {},
    h("button", { type: "button", class: "sb-row sb-slim", onclick: scanChosen, disabled: !code || !view.me, "data-key": "discover-scan" }, icon("scan"), h("span", { class: "sb-rowtext" }, h("b", {}, t("scan_it")), h("span", { class: "sb-last" }, hint)))), view.minis.map(miniRow))), tabs()];
}

function meScreen() {
  const me = view.me;
  const card = me ? h("div", { class: "sb-mecard" }, h("span", { class: "sb-avatar me" }, first(localName(me))), h("div", {}, h("b", {}, localName(me)), me.phone && h("p", { class: "sb-muted num" }, `${t("phone_number")} ${me.phone}`))) : empty(t("nobody"));
  return [titleBar(t("me")), h("div", { class: "sb-scroll sb-grey" }, card), tabs()];
}

// One chat

function drawChat() {
  if (!parts || parts.key !== view.chat.key || !region.contains(parts.list)) buildChat();
  const others = view.chats.filter((chat) => chat.key !== ui.chat).reduce((sum, chat) => sum + chat.unread, 0);
  drawIfChanged(parts.nav, [view.chat, others], () => chatNav(others));
  const changed = drawIfChanged(parts.list, [view.messages, view.me?.id], () => messageLines());
  drawIfChanged(parts.foot, [view.chat.can_write, view.chat.key, view.chat.menu, view.chat.articles], composer);
  if (changed) {
    parts.list.scrollTop = parts.list.scrollHeight;
    if (view.chats.find((chat) => chat.key === ui.chat)?.unread) asMe("read", { chat: ui.chat });
  }
}

function buildChat() {
  parts = {
    key: view.chat.key,
    nav: h("div", { class: "sb-nav" }),
    list: h("div", { class: "sb-lines", role: "log", tabindex: "0", "aria-label": view.chat.title }),
    foot: h("div", { class: "sb-foot" }),
  };
  forget(region);
  fill(region, [parts.nav, parts.list, parts.foot]);
}

function chatNav(others) {
  const back = h("button", { type: "button", class: "sb-plain sb-back", "aria-label": t("back"), onclick: () => goTo("chats"), "data-key": "back" }, icon("chevron-left"), others ? h("span", { class: "num" }, String(others)) : null);
  const count = view.chat.count ? ` (${view.chat.count})` : "";
  const title = h("h2", { class: "sb-navtitle" }, view.chat.title + count, view.chat.detail && h("small", {}, `@${view.chat.detail}`));
  const more = (["wecom", "official", "mini"].includes(view.chat.kind) || (view.chat.kind === "group" && view.chat.can_write)) && h("button", { type: "button", class: "sb-plain", "aria-label": t("more"), onclick: chatMenu, "data-key": "more" }, icon("dots"));
  return [back, title, h("span", { class: "sb-navright" }, more)];
}

function chatMenu() {
  const chat = view.chat;
  const choose = (label, work) => button(label, () => { closeDialog(); act(work); }, { kind: "sb-wide-button" });
  const choices = [];
  let text = "";
  if (chat.kind === "wecom") {
    text = t("confirm_delete");
    for (const taker of chat.takers) choices.push(choose(t("refuse_transfer", { name: taker.name }), () => asMe("refuse-transfer", { corp_id: chat.corp_id, userid: taker.userid })));
    choices.push(choose(t("delete_friend"), () => asMe("delete-member", { corp_id: chat.corp_id, userid: chat.userid })));
  } else if (chat.kind === "group") {
    text = chat.notice;
    choices.push(choose(t("group_leave"), () => asMe("group-leave", { corp_id: chat.corp_id, chat_id: chat.chat_id })));
  } else if (chat.kind === "mini") {
    choices.push(choose(t("mini_open"), () => asMe("mini-open", { app_id: chat.id })));
    choices.push(...tickChoices(chat, "mini", choose));
  } else {
    choices.push(...tickChoices(chat, "oa", choose));
    const label = chat.is_blocked ? "allow_templates" : "block_templates";
    choices.push(choose(t(label), () => asMe("oa-block-templates", { app_id: chat.id, blocked: !chat.is_blocked })));
    if (chat.can_write) choices.push(choose(t("unfollow"), () => asMe("oa-unsubscribe", { app_id: chat.id })));
  }
  showDialog(chat.title, [text && h("p", { class: "sb-muted" }, text)], [...choices, button(t("cancel"), closeDialog, { kind: "sb-wide-button" })], "sb-stack");
}

// What may be said yes to, and switched off again, in a mini-program or an Official Account.
function tickChoices(chat, prefix, choose) {
  return chat.templates.flatMap(({ template_id, title, ticks, is_long_term, is_off }) => {
    const label = is_long_term ? t(ticks && !is_off ? "tick_lasting_on" : "tick_lasting", { title }) : t("mini_tick", { title, n: ticks });
    return [
      choose(label, () => asMe(`${prefix}-tick`, { app_id: chat.id, answers: { [template_id]: "accept" } })),
      choose(t("mini_switch_off", { title }), () => asMe(`${prefix}-switch-off`, { app_id: chat.id, template_id })),
    ];
  });
}

function messageLines() {
  const lines = [];
  let last = 0;
  for (const message of view.messages) {
    if (message.at - last > TIME_GAP) lines.push(h("p", { class: "sb-time num" }, longTime(message.at, now())));
    last = message.at;
    lines.push(messageLine(message));
  }
  return lines;
}

function messageLine(message) {
  if (message.side === "system") return h("p", { class: "sb-time" }, summary(message));
  const mine = message.side === "me";
  const face = mine ? h("span", { class: "sb-avatar me", "aria-hidden": "true" }, first(localName(view.me))) : avatar({ ...view.chat, title: message.sender || view.chat.title });
  const proof = mine && message.proof && h("small", { class: `sb-proof ${message.proof.state.includes("fail") || message.proof.state.includes("drop") ? "bad" : ""}` }, t(`proof_${message.proof.state}`, { n: roundMs(message.proof.ms ?? 0) }));
  return h("div", { class: `sb-line ${mine ? "mine" : ""}` }, face, h("div", { class: "sb-said" }, bubble(message), proof));
}

// A picture is shown, a video or file has its name; a file whose bytes are not kept is named only.
const FILES = { image: "photo", video: "photo", file: "file-text" };

function fileBubble({ kind, media }) {
  if (media?.picture) return h("img", { class: "sb-picture", src: `data:image/png;base64,${media.picture}`, alt: t("picture") });
  return h("div", { class: "sb-linkcard" }, h("span", { class: "sb-cardtitle" }, media?.name ?? t(`kind_${kind}`)), h("span", { class: "sb-cardfoot" }, icon(FILES[kind]), t(`kind_${kind}`)));
}

function bubble(message) {
  const makers = { text: textBubble, link: linkCard, miniprogram: linkCard, template: templateCard, msgmenu: menuBubble };
  const make = makers[message.kind];
  if (FILES[message.kind]) return fileBubble(message);
  return make ? make(message.body, message.kind, message.media) : h("div", { class: "sb-bubble sb-muted" }, summary(message));
}

function link(url, text) {
  return h("a", { href: url, onclick: (event) => { event.preventDefault(); openLink(url); } }, text);
}

// Words, with the two kinds of links the platforms show: bare addresses and <a href>.
function withLinks(text) {
  const pattern = /<a\s+href=["']([^"']+)["'][^>]*>([^<]*)<\/a>|(https?:\/\/[^\s<>"，。！？、；：）】」]+)/g;
  const found = [];
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    found.push(text.slice(from, match.index), link(match[1] ?? match[3], match[2] ?? match[3]));
    from = match.index + match[0].length;
  }
  return [...found, text.slice(from)].filter(Boolean);
}

function textBubble(body) {
  if (body.is_notice) return h("div", { class: "sb-bubble" }, h("b", {}, t("group_notice")), h("br"), withLinks(body.text ?? ""));
  return h("div", { class: "sb-bubble" }, withLinks(body.text ?? ""));
}

function menuBubble(body) {
  const items = (body.list ?? []).map((item) => h("li", {}, item.view ? link(item.view.url, item.view.content) : menuItem(item)));
  return h("div", { class: "sb-bubble" }, body.head_content, h("ul", { class: "sb-menu" }, items), body.tail_content);
}

// Customer service nests what may be pressed; an Official Account does not.
function menuItem(item) {
  const { id, content } = item.click ?? item;
  if (!id) return item.text?.content ?? "";
  const [verb, name] = view.chat.kind === "kf" ? ["kf-press", "open_kfid"] : ["oa-press", "app_id"];
  return h("button", { type: "button", class: "sb-pressable", onclick: () => act(() => asMe(verb, { [name]: view.chat.id, menu_id: id })), "data-key": `press-${id}` }, content);
}

function cardPicture() {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 212 92");
  svg.setAttribute("aria-hidden", "true");
  const shapes = [
    ["rect", { width: 212, height: 92, fill: "#e6f4f2" }], ["rect", { x: 16, y: 16, width: 84, height: 60, rx: 8, fill: "#fff" }],
    ["circle", { cx: 36, cy: 36, r: 9, fill: "#cfe6e3" }], ["rect", { x: 52, y: 30, width: 38, height: 6, rx: 3, fill: "#b9d5d1" }],
    ["rect", { x: 52, y: 41, width: 26, height: 5, rx: 2.5, fill: "#dbe9e7" }], ["rect", { x: 26, y: 58, width: 64, height: 9, rx: 4.5, fill: "#0f766e" }],
    ["path", { d: "M124 50h14l6-16 11 32 8-24 5 8h20", fill: "none", stroke: "#0f766e", "stroke-width": 4, "stroke-linecap": "round", "stroke-linejoin": "round" }],
  ];
  for (const [name, attributes] of shapes) {
    const shape = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) shape.setAttribute(key, value);
    svg.append(shape);
  }
  return svg;
}

function linkCard(body, kind, media) {
  const cover = media?.picture ? h("img", { class: "sb-cardcover", src: `data:image/png;base64,${media.picture}`, alt: "" }) : cardPicture();
  const url = body.url || body.page || body.link_url || "";
  const press = url && !url.startsWith("pages/") ? () => openLink(url) : null;
  return h("button", { type: "button", class: "sb-linkcard", onclick: press ?? (() => {}), "data-key": `card-${url}` },
    h("span", { class: "sb-cardtitle" }, body.title ?? ""), body.desc && h("span", { class: "sb-carddesc" }, body.desc), cover,
    h("span", { class: "sb-cardfoot" }, icon(kind === "link" ? "link" : "app-window"), kind === "link" ? hostOf(url) : t("mini")));
}

function hostOf(url) {
  return URL.canParse(url) ? new URL(url).host : "";
}

function templateCard(body) {
  const rows = [h("span", { class: "sb-cardtitle" }, body.title), h("span", { class: "sb-carddesc" }, body.text)];
  if (!body.url) return h("div", { class: "sb-linkcard" }, rows, h("span", { class: "sb-cardfoot" }, icon("bell"), t("service_notice")));
  return h("button", { type: "button", class: "sb-linkcard", onclick: () => openLink(body.url), "data-key": `tpl-${body.url}` }, rows, h("span", { class: "sb-cardfoot" }, icon("bell"), t("service_notice"), h("span", { class: "sb-end" }, t("details"))));
}

// The menu under an Official Account's chat: a press, a page, or more of them.
function menuButton(item) {
  const sub = item.sub_button ?? [];
  const press = () => act(() => asMe("oa-click", { app_id: view.chat.id, key: item.url ?? item.key }));
  const more = () => showDialog(item.name, [], [...sub.map((one) => button(one.name, () => { closeDialog(); act(() => asMe("oa-click", { app_id: view.chat.id, key: one.url ?? one.key })); }, { kind: "sb-wide-button" })), button(t("cancel"), closeDialog, { kind: "sb-wide-button" })], "sb-stack");
  return h("button", { type: "button", class: "sb-chatmenu-item", onclick: sub.length ? more : press, "data-key": `menu-${item.name}` }, item.name);
}

// Published articles are on the account's page; nobody is sent them.
function articleButton(article) {
  const words = new DOMParser().parseFromString(article.content, "text/html").body.textContent;
  const read = (share) => act(() => asMe("oa-read", { app_id: view.chat.id, article_id: article.article_id, share }));
  const share = () => { closeDialog(); read(true); };
  const show = () => { read(false); showDialog(article.title, [h("p", {}, words)], [button(t("share_article"), share, { kind: "sb-wide-button" }), button(t("cancel"), closeDialog, { kind: "sb-wide-button" })], "sb-stack"); };
  return h("button", { type: "button", class: "sb-chatmenu-item", onclick: show, "data-key": `article-${article.title}` }, article.title);
}

const WRITERS = {
  wecom: (chat, text) => asMe("write", { corp_id: chat.corp_id, userid: chat.userid, text }),
  kf: (chat, text) => asMe("kf-write", { open_kfid: chat.id, text }),
  official: (chat, text) => asMe("oa-write", { app_id: chat.id, text }),
  mini: (chat, text) => asMe("mini-write", { app_id: chat.id, text }),
  group: (chat, text) => asMe("group-write", { corp_id: chat.corp_id, chat_id: chat.chat_id, text }),
};

function composer() {
  const chat = view.chat;
  if (!chat.can_write) return [h("p", { class: "sb-nowrite" }, t(`cannot_write_${chat.kind}`))];
  const input = h("input", { class: "sb-input", "aria-label": t("input"), placeholder: t("input"), autocomplete: "off", maxlength: 600, "data-key": "input" });
  const submit = (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (!text) return;
    input.value = "";
    act(() => WRITERS[chat.kind](chat, text));
  };
  const menu = chat.menu?.length ? h("div", { class: "sb-chatmenu" }, chat.menu.map((item) => menuButton(item))) : null;
  const articles = chat.articles?.length ? h("div", { class: "sb-chatmenu" }, chat.articles.map((one) => articleButton(one))) : null;
  return [articles, menu, h("form", { class: "sb-composer", onsubmit: submit }, input, h("button", { class: "sb-send", "data-key": "send" }, t("send")))];
}
