// Moments: what members have published, as this person sees it, and the cards of what they may publish.

import { button, first, h, icon, longTime, t } from "./dom.js";
import { act, empty, openLink, tabs, titleBar } from "./phone.js";
import { asMe, asMember, now, view } from "./store.js";

export function momentsRow(open) {
  const count = view.moments.length;
  return h("li", {}, h("button", { type: "button", class: "sb-row sb-slim", onclick: open, "data-key": "moments" }, icon("photo"), h("span", { class: "sb-rowtext" }, h("b", {}, t("moments")), h("span", { class: "sb-last" }, count ? t("moments_n", { n: count }) : t("no_moments")))));
}

export function momentsScreen() {
  const body = view.moments.length ? h("ul", { class: "sb-moments" }, view.moments.map(moment)) : empty(t("no_moments"), t("no_moments_hint"));
  return [titleBar(t("moments")), h("div", { class: "sb-scroll" }, body), tabs()];
}

function moment(one) {
  const where = { corp_id: one.corp_id, moment_id: one.moment_id, userid: one.userid };
  const key = `${one.moment_id}-${one.userid}`;
  const images = one.images.filter(Boolean).map((bytes) => h("img", { src: `data:image/png;base64,${bytes}`, alt: t("picture") }));
  const link = one.link && h("button", { type: "button", class: "sb-momentlink", onclick: () => openLink(one.link.url), "data-key": `open-${key}` }, icon("link"), h("span", {}, one.link.title));
  const like = button(one.is_liked ? t("liked") : t("like"), () => act(() => asMe("moment-echo", { kind: "like", ...where })), { key: `like-${key}`, "aria-pressed": String(one.is_liked) });
  const comment = button(`${t("comment")}${one.comments ? ` ${one.comments}` : ""}`, () => act(() => asMe("moment-echo", { kind: "comment", ...where })), { key: `comment-${key}` });
  return h("li", {}, h("span", { class: "sb-avatar" }, first(one.name)), h("div", { class: "sb-moment" }, h("b", {}, one.name), one.text && h("p", {}, one.text), images.length > 0 && h("div", { class: "sb-momentimages" }, images), link, h("div", { class: "sb-buttons" }, h("time", { class: "sb-muted num" }, longTime(one.at, now())), like, comment)));
}

export function momentCard(member, one) {
  const publish = () => act(() => asMember(member.corp_id, member.userid, "publish-moment", { moment_id: one.moment_id }));
  return h("div", { class: "sb-task" },
    h("div", { class: "sb-tasktext" }, h("b", {}, t("moment_title")), h("p", { class: "sb-muted" }, t("moment_viewers", { n: one.count }))),
    button(t("publish"), publish, { kind: "sb-main sb-tall", key: `publish-${one.moment_id}` }),
    h("p", { class: "sb-preview" }, icon("device-mobile"), h("span", {}, t("patient_sees"), h("b", {}, one.text))));
}
