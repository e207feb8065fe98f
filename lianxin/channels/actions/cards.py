"""Cards whose button a member pressed: kept once, answered by the room that knows, then shown."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from django.db import transaction

from lianxin.channels.adapters.base import Inbound
from lianxin.channels.models import Arrival, CardPress, StaffNotice
from lianxin.channels.sealing import CARD_FIELD
from lianxin.core import keys, time
from lianxin.staff.queries import find_by_wecom

TASK_PREFIX = "notice-"
ANSWER_CHARACTERS = 30
# Messages can be taken back for a day.
RECALL_WITHIN = timedelta(hours=24)


def task_id_of(notice: StaffNotice) -> str:
    """Name the card at the provider; a press names it again."""
    return f"{TASK_PREFIX}{notice.pk}"


def press_key(response_code: str) -> str:
    return hashlib.sha256(response_code.encode()).hexdigest()


def find_pressed(hospital_id: int, task_id: str) -> StaffNotice | None:
    number = task_id.removeprefix(TASK_PREFIX)
    if not task_id.startswith(TASK_PREFIX) or not number.isascii() or not number.isdigit():
        return None
    rows = StaffNotice.objects.filter(hospital_id=hospital_id, look=StaffNotice.Look.BUTTON)
    return rows.filter(pk=int(number[:18])).first()


def keep_press(
    hospital_id: int, inbound: Inbound, arrival: Arrival, notice: StaffNotice
) -> CardPress:
    """Write the press down with the code that changes the card."""
    code = str(inbound.raw.get("response_code", ""))
    return CardPress.objects.create(
        hospital_id=hospital_id,
        arrival=arrival,
        notice=notice,
        staff_userid=inbound.staff_userid,
        response_sealed=keys.hospital_seal(hospital_id, code, field=CARD_FIELD),
        pressed_at=time.now(),
    )


def tell_of(press: CardPress, key: str) -> dict[str, Any]:
    """Say who pressed which button of what."""
    member = find_by_wecom(press.hospital_id, press.staff_userid)
    return {
        "staff_id": member.pk if member else None,
        "key": key,
        "subject": press.notice.subject,
        "subject_key": press.notice.subject_key,
    }


@transaction.atomic
def answer_press(hospital_id: int, press_id: int, words: str) -> None:
    """Say what became of a press, once; a job shows it in the button's place."""
    rows = CardPress.objects.filter(
        hospital_id=hospital_id, pk=press_id, state=CardPress.State.PRESSED
    )
    rows.update(state=CardPress.State.ANSWERED, answer=words[:ANSWER_CHARACTERS])


def claim_press(hospital_id: int, press_id: int) -> CardPress | None:
    """Take a press to be shown. The code works once, so nobody tries twice."""
    rows = CardPress.objects.filter(
        hospital_id=hospital_id, pk=press_id, state=CardPress.State.ANSWERED
    )
    if not rows.update(state=CardPress.State.TOLD):
        return None
    return CardPress.objects.select_related("notice").get(pk=press_id)


def settle_press(press: CardPress, *, is_told: bool) -> None:
    """Note that the card could not be changed; the thing itself was done all the same."""
    if not is_told:
        CardPress.objects.filter(pk=press.pk).update(state=CardPress.State.FAILED)


@transaction.atomic
def withdraw_notices(hospital_id: int, subject: str, subject_key: str, *, kept_for: int) -> None:
    """Take back what others were told about something that somebody has taken on.

    What has not left yet does not leave; what has is recalled while the platform allows it.
    """
    now = time.now()
    rows = StaffNotice.objects.filter(
        hospital_id=hospital_id, subject=subject, subject_key=subject_key
    ).exclude(staff_id=kept_for)
    rows.filter(state=StaffNotice.State.WAITING).update(
        state=StaffNotice.State.FAILED, reason_code="withdrawn"
    )
    sent = rows.filter(state=StaffNotice.State.SENT, sent_at__gt=now - RECALL_WITHIN)
    sent.exclude(provider_message_id="").update(recall_due_at=now)


def claim_recall(hospital_id: int, notice_id: int) -> StaffNotice | None:
    """Take one message to be recalled, once: it only tidies somebody's list."""
    rows = StaffNotice.objects.filter(hospital_id=hospital_id, pk=notice_id)
    if not rows.exclude(recall_due_at=None).update(recall_due_at=None):
        return None
    return rows.get()
