"""Keeping ready words, and handing words to a chat that the house does not see."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from lianxin.conversations.actions.wording import refuse_blocked, refuse_long
from lianxin.conversations.models import Script
from lianxin.conversations.rules import scripts
from lianxin.core import events, time
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.patients.models import Patient
from lianxin.staff.models import Department, Staff


@transaction.atomic
def save_script(
    hospital_id: int,
    *,
    title: str,
    text: str,
    department: Department | None,
    by: Actor,
    script: Script | None = None,
    revision: int = 0,
) -> Script:
    """Add a script or change one. Refused: words the guard stops, blanks nobody can fill."""
    if not by.may("script.edit"):
        raise ForbiddenError
    check_script(hospital_id, text)
    changes = {
        "title": title,
        "text": text,
        "department": department,
        "changed_by_id": by.id if by.kind == Staff.kind else None,
        "changed_at": time.now(),
    }
    try:
        with transaction.atomic():
            if script is None:
                script = Script.objects.create(hospital_id=hospital_id, **changes)
                record("script.added", script, by)
                return script
            standing = Script.objects.filter(pk=script.pk, is_active=True, revision=revision)
            moved = standing.update(**changes, revision=F("revision") + 1)
    except IntegrityError:
        raise RefusedError(_("已经有同名的话术，请换一个名称。")) from None
    if not moved:
        raise RefusedError(_("这条话术刚被别人改过，请刷新后再改。"))
    record("script.changed", script, by)
    script.refresh_from_db()
    return script


def check_script(hospital_id: int, text: str) -> None:
    unknown = scripts.unknown_blanks(text)
    if unknown:
        known = "、".join(f"{{{blank}}}" for blank in scripts.BLANKS)
        sentence = _("不认识 {%(blank)s}。可以用的有 %(known)s。")
        raise RefusedError(sentence % {"blank": unknown[0], "known": known})
    refuse_long(text)
    refuse_blocked(hospital_id, text)


@transaction.atomic
def withdraw_script(script: Script, *, by: Actor) -> None:
    if not by.may("script.edit"):
        raise ForbiddenError
    if not Script.objects.filter(pk=script.pk, is_active=True).update(is_active=False):
        raise RefusedError(_("这条话术已经停用。"))
    record("script.withdrawn", script, by)


@transaction.atomic
def offer_words(
    text: str, *, patient: Patient | None, script: Script | None, address_id: int, by: Staff
) -> None:
    """Let words go into a one-to-one chat by hand. What becomes of them there, nobody tells us.

    Refused for somebody for whom everything was stopped, for words the guard stops, and while a
    blank is open. The words themselves are not kept: the chat is not ours.
    """
    if not by.may("message.send"):
        raise ForbiddenError
    if patient is not None and (patient.is_stopped or patient.state != Patient.State.ACTIVE):
        raise RefusedError(_("这位患者的全部触达已停止，请先和家属联系，不要从这里发消息。"))
    if scripts.has_blanks(text):
        raise RefusedError(_("还有没填的空，请把花括号里的内容填好再插入。"))
    refuse_blocked(by.hospital_id, text)
    events.record(
        "words.offered",
        hospital_id=by.hospital_id,
        subject="address",
        subject_id=address_id,
        patient_id=patient.pk if patient else None,
        by=by,
        data={"script_id": script.pk if script else None, "characters": len(text)},
    )


def record(name: str, script: Script, by: Actor) -> None:
    events.record(
        name, hospital_id=script.hospital_id, subject="script", subject_id=script.pk, by=by
    )
