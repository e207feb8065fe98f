"""What people and servicers do in customer service, by verb."""

from __future__ import annotations

from sandbox.control.configure import access_kf, access_person
from sandbox.control.group_verbs import MemberVerb, PersonVerb, read_text
from sandbox.errors import ControlError, Json
from sandbox.kf import acts as kf
from sandbox.runtime import Sandbox
from sandbox.state import Corp, Member, Person


def enter(box: Sandbox, person: Person, data: Json) -> Json:
    corp, account = access_kf(box, read_text(data, "open_kfid"))
    scene, param = str(data.get("scene") or ""), str(data.get("scene_param") or "")
    return kf.enter(box, corp, account, person, scene, param)


def _write(box: Sandbox, person: Person, data: Json) -> Json:
    corp, account = access_kf(box, read_text(data, "open_kfid"))
    return kf.write(box, corp, account, person, data)


def _press(box: Sandbox, person: Person, data: Json) -> Json:
    corp, account = access_kf(box, read_text(data, "open_kfid"))
    menu_id, text = str(data.get("menu_id") or ""), str(data.get("text") or "")
    return kf.press(box, corp, account, person, menu_id, text)


def _recall(box: Sandbox, person: Person, data: Json) -> Json:
    corp, account = access_kf(box, read_text(data, "open_kfid"))
    return kf.recall(box, corp, account, person, str(data.get("msgid") or ""))


def _refuse(box: Sandbox, person: Person, data: Json) -> Json:
    corp, account = access_kf(box, read_text(data, "open_kfid"))
    return kf.refuse(corp, account, person, data.get("fail_type", 10))


def _take(box: Sandbox, corp: Corp, member: Member, data: Json) -> Json:
    _, account = access_kf(box, read_text(data, "open_kfid"))
    person = access_person(box, read_text(data, "person"))
    return kf.take(box, corp, account, person, member.userid)


def _end(box: Sandbox, corp: Corp, member: Member, data: Json) -> Json:
    _, account = access_kf(box, read_text(data, "open_kfid"))
    person = access_person(box, read_text(data, "person"))
    return kf.end(box, corp, account, person, member.userid)


def _servicer_writes(box: Sandbox, corp: Corp, member: Member, data: Json) -> Json:
    _, account = access_kf(box, read_text(data, "open_kfid"))
    person = access_person(box, read_text(data, "person"))
    text = read_text(data, "text")
    return kf.servicer_writes(box, corp, account, person, member.userid, text)


def _pause(box: Sandbox, corp: Corp, member: Member, data: Json) -> Json:
    _, account = access_kf(box, read_text(data, "open_kfid"))
    return kf.pause(box, corp, account, member.userid, paused=bool(data.get("paused", True)))


def _authorise(box: Sandbox, corp: Corp, _member: Member, data: Json) -> Json:
    found = data.get("open_kfids")
    if not isinstance(found, list) or not found:
        raise ControlError(422, "open_kfids is missing")
    return kf.authorise(
        box, corp, [str(one) for one in found], allowed=bool(data.get("allowed", True))
    )


def _servicer_recalls(box: Sandbox, corp: Corp, member: Member, data: Json) -> Json:
    _, account = access_kf(box, read_text(data, "open_kfid"))
    person = access_person(box, read_text(data, "person"))
    return kf.servicer_recalls(box, corp, account, person, member.userid)


KF_PERSON_VERBS: dict[str, PersonVerb] = {
    "kf-enter": enter,
    "kf-write": _write,
    "kf-press": _press,
    "kf-recall": _recall,
    "kf-refuse": _refuse,
}
KF_MEMBER_VERBS: dict[str, MemberVerb] = {
    "kf-take": _take,
    "kf-end": _end,
    "kf-write": _servicer_writes,
    "kf-recall": _servicer_recalls,
    "kf-pause": _pause,
    "kf-authorise": _authorise,
}
