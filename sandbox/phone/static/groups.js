// Customer groups as their owners see them in the client: make one, rename, put up a notice, remove.

import { button, h, icon, t } from "./dom.js";
import { closeDialog, showDialog } from "./dialog.js";
import { act } from "./phone.js";
import { asMember, view } from "./store.js";

// Ask for one line or more, then do it.
export function ask(title, value, long, work) {
  const field = h(long ? "textarea" : "input", { class: "sb-input", "aria-label": title, maxlength: long ? 600 : 40, rows: long && 5 });
  field.value = value;
  const done = () => {
    const text = field.value.trim();
    if (!text) return;
    closeDialog();
    act(() => work(text));
  };
  showDialog(title, [field], [button(t("cancel"), closeDialog), button(t("confirm"), done, { kind: "sb-main" })]);
  field.focus();
}

function groupRow(group) {
  const does = (verb, body) => asMember(group.corp_id, group.owner, verb, { chat_id: group.chat_id, ...body });
  const key = (name) => ({ key: `${name}-${group.chat_id}` });
  const buttons = [
    button(t("group_rename"), () => ask(t("group_rename"), group.name, false, (name) => does("group-rename", { name })), key("rename")),
    button(t("group_notice"), () => ask(t("group_notice"), group.notice, true, (text) => does("group-notice", { text })), key("notice")),
  ];
  if (view.me) {
    const verb = group.has_me ? "group-remove" : "group-invite";
    buttons.push(button(t(group.has_me ? "group_remove_me" : "group_invite_me"), () => act(() => does(verb, { person: view.me.id })), key("me")));
  }
  return h("div", { class: "sb-group" }, h("span", { class: "sb-persontext" }, h("b", {}, group.name), h("small", {}, t("group_owned", { name: group.owner_name, n: group.count }))), h("div", { class: "sb-buttons" }, buttons));
}

// What stands on the staff side, for the member shown there or anybody.
export function groupRows(member) {
  const owner = member ?? view.makers[0];
  if (!owner) return [];
  const people = view.me ? [view.me.id] : [];
  const make = () => ask(t("group_make"), t("group_default"), false, (name) => asMember(owner.corp_id, owner.userid, "group-create", { name, persons: people }));
  return [h("h3", {}, icon("message-circle"), t("groups")), ...view.groups.map(groupRow), h("div", { class: "sb-buttons" }, button(t("group_make"), make, { before: "plus", key: "group-make" }))];
}
