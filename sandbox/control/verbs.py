"""What people and staff do, by verb."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, quote, urlsplit

from sandbox.control.configure import (
    access_corp,
    access_mini_program,
    access_official_account,
    access_person,
)
from sandbox.control.group_verbs import GROUP_MEMBER_VERBS, GROUP_PERSON_VERBS
from sandbox.control.kf_verbs import KF_MEMBER_VERBS, KF_PERSON_VERBS
from sandbox.control.kf_verbs import enter as enter_kf
from sandbox.errors import ControlError, Json
from sandbox.group_state import JoinWay
from sandbox.mini_program import acts as mini
from sandbox.mini_program.links import open_link
from sandbox.mini_program.users import MiniScene
from sandbox.official_account import acts as official
from sandbox.official_account import articles, notices
from sandbox.official_account.followers import find_code
from sandbox.runtime import Sandbox
from sandbox.state import ContactWay, Corp, Member, MiniProgram, Person
from sandbox.wecom import (
    acquisition_acts,
    archive,
    behavior,
    group_acts,
    moments,
    tag_acts,
    transfer_acts,
)
from sandbox.wecom import acts as wecom
from sandbox.wecom.cards import press_card
from sandbox.wecom.contact_ways import CONTACT_LINK, is_over
from sandbox.wecom.join_ways import JOIN_LINK

PersonVerb = Callable[[Sandbox, Person, Json], Json]
MemberVerb = Callable[[Sandbox, Corp, Member, Json], Json]


def _text(data: Json, name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise ControlError(422, f"{name} is missing")
    return value


def _scan(box: Sandbox, person: Person, data: Json) -> Json:
    code = _text(data, "code")
    for scan in (_scan_wecom, _scan_other):
        if (made := scan(box, person, code, data)) is not None:
            return made
    raise ControlError(404, "no such code, or it has expired")


def _scan_wecom(box: Sandbox, person: Person, code: str, data: Json) -> Json | None:
    if found := find_contact_way(box, code):
        return wecom.scan(box, *found, person, is_half=bool(data.get("half")))
    if found_join := find_join_way(box, code):
        return group_acts.join_by_scan(box, *found_join, person)
    if found_link := acquisition_acts.find_link(box, code):
        corp, link, channel = found_link
        adds = not data.get("only_looks")
        return acquisition_acts.open_link(box, corp, link, person, channel, adds=adds)
    if found_kf := find_kf_link(box, code):
        return enter_kf(box, person, found_kf)
    return None


def _scan_other(box: Sandbox, person: Person, code: str, _data: Json) -> Json | None:
    if found_scene := find_scene(box, code):
        program, scene_code = found_scene
        query = f"scene={quote(scene_code.scene)}"
        return mini.enter(box, program, person, scene_code.page, query)
    for account in box.world.official_accounts.values():
        if scene := find_code(account, code, box.clock.now()):
            return official.subscribe(box, account, person, scene.scene, scene.ticket)
    if code.startswith("official:"):
        return _oa_subscribe(box, person, {"app_id": code.removeprefix("official:")})
    return None


def find_contact_way(box: Sandbox, code: str) -> tuple[Corp, ContactWay] | None:
    """Find a way by config id, picture, its address, or state; one that ran out is not there."""
    for corp in box.world.corps.values():
        for way in corp.contact_ways.values():
            names = (
                way.config_id,
                way.qr_code,
                CONTACT_LINK + way.config_id,
                way.body.get("state"),
            )
            if code in names and not is_over(way, box.clock.now()):
                return corp, way
    return None


def find_join_way(box: Sandbox, code: str) -> tuple[Corp, JoinWay] | None:
    """Find the way into a group by config id, picture, what the picture says, or state."""
    for corp in box.world.corps.values():
        for way in corp.groups.join_ways.values():
            if code in (
                way.config_id,
                way.qr_code,
                JOIN_LINK + way.config_id,
                way.body.get("state"),
            ):
                return corp, way
    return None


def find_kf_link(box: Sandbox, code: str) -> Json | None:
    """Read a customer-service link: which account, which scene, and what the product added."""
    parts = urlsplit(code)
    if not parts.path.startswith("/kf/"):
        return None
    open_kfid = parts.path.removeprefix("/kf/")
    found = box.world.find_kf(open_kfid)
    if found is None:
        return None
    query = parse_qs(parts.query)
    scene = found[1].links.get(query.get("enc_scene", [""])[0], "")
    return {
        "open_kfid": open_kfid,
        "scene": scene,
        "scene_param": query.get("scene_param", [""])[0],
    }


def find_scene(box: Sandbox, code: str) -> tuple[MiniProgram, MiniScene] | None:
    """Find a mini-program's code by the id at the end of what its picture says."""
    for program in box.world.mini_programs.values():
        if scene := program.scenes.get(code.rpartition("/")[2]):
            return program, scene
    return None


def _delete_member(box: Sandbox, person: Person, data: Json) -> Json:
    corp = access_corp(box, _text(data, "corp_id"))
    return wecom.end_by_customer(box, corp, _text(data, "userid"), person)


def _refuse_transfer(box: Sandbox, person: Person, data: Json) -> Json:
    corp = access_corp(box, _text(data, "corp_id"))
    return transfer_acts.refuse_transfer(box, corp, person, _text(data, "userid"))


def _answer_archive(box: Sandbox, person: Person, data: Json) -> Json:
    corp = access_corp(box, _text(data, "corp_id"))
    word = _text(data, "answer")
    if data.get("chat_id"):
        return archive.answer_in_group(box, corp, _text(data, "chat_id"), person, word)
    return archive.answer(box, corp, _text(data, "userid"), person, word)


def _recall(box: Sandbox, person: Person, data: Json) -> Json:
    corp = access_corp(box, _text(data, "corp_id"))
    return wecom.recall(box, corp, _text(data, "userid"), person, by_member=False)


def _write(box: Sandbox, person: Person, data: Json) -> Json:
    corp = access_corp(box, _text(data, "corp_id"))
    userid, text = _text(data, "userid"), _text(data, "text")
    said = wecom.chat(box, corp, userid, person, text, by_member=False)
    # Only of those who came by an acquisition link is the first word told; what it is, never.
    return said | {"callbacks": acquisition_acts.start_chat(box, corp, userid, person)}


def _oa_subscribe(box: Sandbox, person: Person, data: Json) -> Json:
    account = access_official_account(box, _text(data, "app_id"))
    return official.subscribe(box, account, person, str(data.get("scene") or ""))


def _oa_scan(box: Sandbox, person: Person, data: Json) -> Json:
    account = access_official_account(box, _text(data, "app_id"))
    return official.subscribe(box, account, person, _text(data, "scene"), "gQ")


def _oa_unsubscribe(box: Sandbox, person: Person, data: Json) -> Json:
    return official.unsubscribe(box, access_official_account(box, _text(data, "app_id")), person)


def _oa_write(box: Sandbox, person: Person, data: Json) -> Json:
    account = access_official_account(box, _text(data, "app_id"))
    return official.write(box, account, person, _text(data, "text"))


def _oa_click(box: Sandbox, person: Person, data: Json) -> Json:
    account = access_official_account(box, _text(data, "app_id"))
    return official.click(box, account, person, _text(data, "key"))


def _oa_press(box: Sandbox, person: Person, data: Json) -> Json:
    account = access_official_account(box, _text(data, "app_id"))
    menu_id, text = str(data.get("menu_id") or ""), str(data.get("text") or "")
    return official.press(box, account, person, menu_id, text)


def _oa_block(box: Sandbox, person: Person, data: Json) -> Json:
    account = access_official_account(box, _text(data, "app_id"))
    return official.block_templates(account, person, blocked=bool(data.get("blocked", True)))


def _oa_examine(box: Sandbox, _person: Person, data: Json) -> Json:
    account = access_official_account(box, _text(data, "app_id"))
    return articles.examine(box, account, refuse=bool(data.get("refuse", False)))


def _answers_of(data: Json) -> dict[str, str]:
    answers = data.get("answers")
    if not isinstance(answers, dict):
        raise ControlError(422, "answers is missing")
    return answers


def _oa_tick(box: Sandbox, person: Person, data: Json) -> Json:
    account = access_official_account(box, _text(data, "app_id"))
    in_article = bool(data.get("in_article"))
    return notices.answer_popup(box, account, person, _answers_of(data), in_article=in_article)


def _oa_switch_off(box: Sandbox, person: Person, data: Json) -> Json:
    account = access_official_account(box, _text(data, "app_id"))
    return notices.switch_off(box, account, person, _text(data, "template_id"))


def _oa_read(box: Sandbox, person: Person, data: Json) -> Json:
    account = access_official_account(box, _text(data, "app_id"))
    return articles.read(box, account, person, data)


def _oa_mass_send(box: Sandbox, _person: Person, data: Json) -> Json:
    return official.send_to_all(box, access_official_account(box, _text(data, "app_id")), data)


def _mini(box: Sandbox, data: Json) -> MiniProgram:
    return access_mini_program(box, _text(data, "app_id"))


def _mini_open(box: Sandbox, person: Person, data: Json) -> Json:
    """Open by a link for one person, or by choosing the mini-program in the list."""
    token = str(data.get("link") or "").rpartition("/")[2]
    if not token:
        path, query = str(data.get("path") or ""), str(data.get("query") or "")
        return mini.enter(box, _mini(box, data), person, path, query)
    for program in box.world.mini_programs.values():
        if link := program.links.get(token):
            if refusal := open_link(link, person.id, box.clock.now()):
                raise ControlError(409, refusal)
            return mini.enter(box, program, person, link.path, link.query)
    raise ControlError(404, "no such link")


def _mini_phone(box: Sandbox, person: Person, data: Json) -> Json:
    return mini.share_phone(box, _mini(box, data), person)


def _mini_tick(box: Sandbox, person: Person, data: Json) -> Json:
    return mini.answer_popup(box, _mini(box, data), person, _answers_of(data))


def _mini_switch_off(box: Sandbox, person: Person, data: Json) -> Json:
    return mini.switch_off(box, _mini(box, data), person, _text(data, "template_id"))


def _mini_service(box: Sandbox, person: Person, data: Json) -> Json:
    words = str(data.get("session_from") or "")
    return mini.enter_service(box, _mini(box, data), person, words)


def _mini_write(box: Sandbox, person: Person, data: Json) -> Json:
    return mini.write(box, _mini(box, data), person, _text(data, "text"))


def _mini_risk(box: Sandbox, person: Person, data: Json) -> Json:
    return mini.mark_risky(_mini(box, data), person, risky=bool(data.get("risky", True)))


def _echo_moment(box: Sandbox, person: Person, data: Json) -> Json:
    kind = str(data.get("kind") or "like")
    if kind not in ("like", "comment"):
        raise ControlError(422, "kind is like or comment")
    corp = access_corp(box, _text(data, "corp_id"))
    moment_id, userid = _text(data, "moment_id"), _text(data, "userid")
    return moments.echo(box, corp, person, kind, moment_id, userid)


def _read(box: Sandbox, person: Person, data: Json) -> Json:
    chat = _text(data, "chat")
    person.seen[chat] = max((m.id for m in person.inbox if m.chat == chat), default=0)
    box.log.touch()
    return {}


PERSON_VERBS: dict[str, PersonVerb] = {
    "scan": _scan,
    "delete-member": _delete_member,
    "refuse-transfer": _refuse_transfer,
    "answer-archive": _answer_archive,
    "write": _write,
    "recall": _recall,
    "oa-subscribe": _oa_subscribe,
    "oa-unsubscribe": _oa_unsubscribe,
    "oa-scan": _oa_scan,
    "oa-write": _oa_write,
    "oa-click": _oa_click,
    "oa-press": _oa_press,
    "oa-block-templates": _oa_block,
    "oa-examine": _oa_examine,
    "oa-mass-send": _oa_mass_send,
    "oa-read": _oa_read,
    "oa-tick": _oa_tick,
    "oa-switch-off": _oa_switch_off,
    "mini-open": _mini_open,
    "mini-phone": _mini_phone,
    "mini-tick": _mini_tick,
    "mini-switch-off": _mini_switch_off,
    "mini-service": _mini_service,
    "mini-write": _mini_write,
    "mini-risk": _mini_risk,
    "moment-echo": _echo_moment,
    "read": _read,
    **GROUP_PERSON_VERBS,
    **KF_PERSON_VERBS,
}


def _publish_moment(box: Sandbox, corp: Corp, member: Member, data: Json) -> Json:
    return moments.publish(box, corp, member.userid, _text(data, "moment_id"))


def _confirm_mass(box: Sandbox, corp: Corp, member: Member, data: Json) -> Json:
    chosen = data.get("external_userids")
    return wecom.confirm_mass(box, corp, member.userid, _text(data, "msgid"), chosen)


def _confirm_contact(box: Sandbox, corp: Corp, member: Member, data: Json) -> Json:
    person = access_person(box, _text(data, "person"))
    return wecom.confirm_contact(box, corp, member.userid, person)


def _delete_contact(box: Sandbox, corp: Corp, member: Member, data: Json) -> Json:
    person = access_person(box, _text(data, "person"))
    return wecom.end_by_member(box, corp, member.userid, person)


def _edit_contact(box: Sandbox, corp: Corp, member: Member, data: Json) -> Json:
    person = access_person(box, _text(data, "person"))
    return wecom.edit_contact(box, corp, member.userid, person, str(data.get("remark") or ""))


def _tag_contact(box: Sandbox, corp: Corp, member: Member, data: Json) -> Json:
    person = access_person(box, _text(data, "person"))
    on, off = data.get("on") or [], data.get("off") or []
    return tag_acts.tag_contact(box, corp, member.userid, person, on=on, off=off)


def _create_tag(box: Sandbox, corp: Corp, _member: Member, data: Json) -> Json:
    return tag_acts.create_tag(box, corp, _text(data, "group"), _text(data, "name"))


def _rename_tag(box: Sandbox, corp: Corp, _member: Member, data: Json) -> Json:
    return tag_acts.rename_tag(box, corp, _text(data, "name"), _text(data, "new_name"))


def _delete_tag(box: Sandbox, corp: Corp, _member: Member, data: Json) -> Json:
    return tag_acts.delete_tag(box, corp, _text(data, "name"))


def _shuffle_tags(box: Sandbox, corp: Corp, _member: Member, _data: Json) -> Json:
    return tag_acts.shuffle_tags(box, corp)


def _member_writes(box: Sandbox, corp: Corp, member: Member, data: Json) -> Json:
    person = access_person(box, _text(data, "person"))
    return wecom.chat(box, corp, member.userid, person, _text(data, "text"), by_member=True)


def _member_recalls(box: Sandbox, corp: Corp, member: Member, data: Json) -> Json:
    person = access_person(box, _text(data, "person"))
    return wecom.recall(box, corp, member.userid, person, by_member=True)


def _leave(box: Sandbox, corp: Corp, member: Member, _data: Json) -> Json:
    return wecom.leave(box, corp, member)


def _buy_quota(box: Sandbox, corp: Corp, _member: Member, data: Json) -> Json:
    amount, expire_date = data.get("amount"), data.get("expire_date", 0)
    if not isinstance(amount, int) or amount < 1 or not isinstance(expire_date, int):
        raise ControlError(422, "amount is missing")
    lapses = expire_date or box.clock.second() + 365 * 86400
    return acquisition_acts.buy_quota(box, corp, amount, lapses)


def _warn_expiring(box: Sandbox, corp: Corp, _member: Member, _data: Json) -> Json:
    return acquisition_acts.warn_expiring(box, corp)


def _remove_link(box: Sandbox, corp: Corp, _member: Member, data: Json) -> Json:
    return acquisition_acts.remove_link(box, corp, _text(data, "link_id"))


def _note_day(_box: Sandbox, corp: Corp, member: Member, data: Json) -> Json:
    return behavior.note_day(corp, member, data)


def _press_card(box: Sandbox, corp: Corp, member: Member, data: Json) -> Json:
    message_id = data.get("message")
    if not isinstance(message_id, int):
        raise ControlError(422, "message is missing")
    return press_card(box, corp, member.userid, message_id, _text(data, "key"))


MEMBER_VERBS: dict[str, MemberVerb] = {
    "publish-moment": _publish_moment,
    "press-card": _press_card,
    "confirm-mass": _confirm_mass,
    "confirm-contact": _confirm_contact,
    "delete-contact": _delete_contact,
    "edit-contact": _edit_contact,
    "tag-contact": _tag_contact,
    "create-tag": _create_tag,
    "rename-tag": _rename_tag,
    "delete-tag": _delete_tag,
    "shuffle-tags": _shuffle_tags,
    "write": _member_writes,
    "recall": _member_recalls,
    "leave": _leave,
    **GROUP_MEMBER_VERBS,
    **KF_MEMBER_VERBS,
    "buy-quota": _buy_quota,
    "warn-expiring-quota": _warn_expiring,
    "remove-link": _remove_link,
    "note-day": _note_day,
}
