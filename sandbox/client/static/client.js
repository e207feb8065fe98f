// Plays a member's WeCom: chooses whose client it is, opens the page beside the chat, and answers it.

import { fill, h, loadTexts, localName, t } from "/phone/static/dom.js";

const at = (id) => document.getElementById(id);
const asked = new URLSearchParams(location.search);
let corps = [];
let opened = "";

async function send(path, body) {
  const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const data = await answer.json();
  if (!answer.ok) throw new Error(data.error ?? `${answer.status}`);
  return data;
}

const members = () => corps.flatMap((corp) => corp.members.filter((member) => member.customers.length).map((member) => ({ ...member, corp })));
const keyOf = (member) => `${member.corp.corp_id}|${member.userid}`;
const chosen = () => members().find((member) => keyOf(member) === at("member").value);

function chat() {
  const member = chosen();
  return member ? { corp_id: member.corp.corp_id, userid: member.userid, person: at("customer").value } : null;
}

function choose(select, rows, wanted) {
  const kept = wanted ?? select.value;
  fill(select, rows.map(([value, label]) => h("option", { value, selected: value === kept }, label)));
}

async function refresh() {
  const now = chat();
  const query = new URLSearchParams(now ? { corp: now.corp_id, userid: now.userid, person: now.person } : {});
  const data = await (await fetch(`/client/data?${query}`)).json();
  corps = data.corps;
  fill(at("messages"), data.messages.map(bubble));
}

function bubble(message) {
  if (message.side === "system") return h("li", { class: "is-note" }, t("client_friends"));
  const words = message.body.text ?? message.body.title ?? `[${message.kind}]`;
  return h("li", { class: message.side === "them" ? "is-mine" : "" }, words);
}

function showMembers(wanted) {
  choose(at("member"), members().map((member) => [keyOf(member), `${member.name} · ${member.corp.name}`]), wanted);
  showCustomers(asked.get("person"));
}

function showCustomers(wanted) {
  const member = chosen();
  choose(at("customer"), (member?.customers ?? []).map((one) => [one.id, localName(one)]), wanted);
  at("open").disabled = !member;
  at("note").textContent = member ? "" : t("client_nobody");
}

async function close() {
  at("page").removeAttribute("src");
  opened = "";
  await refresh();
}

async function open() {
  try {
    const { url } = await send("/client/open", chat());
    opened = new URL(url).origin;
    at("page").src = url;
  } catch (error) {
    at("note").textContent = error.message;
  }
}

// The page's own address is what was signed; where it says it is, it must be.
addEventListener("message", async (event) => {
  const { bridge, id, name, params, page } = event.data ?? {};
  if (bridge !== "call" || event.source !== at("page").contentWindow || event.origin !== opened) return;
  if (new URL(page).origin !== event.origin) return;
  const result = await send("/client/call", { ...chat(), name, params, page }).catch((error) => ({ err_msg: `${name}:fail_${error.message}` }));
  event.source.postMessage({ bridge: "answer", id, result }, event.origin);
  await refresh();
});

at("member").addEventListener("change", () => { showCustomers(); close(); });
at("customer").addEventListener("change", close);
at("open").addEventListener("click", open);
await loadTexts();
await refresh();
showMembers(asked.get("corp") && `${asked.get("corp")}|${asked.get("userid")}`);
await refresh();
