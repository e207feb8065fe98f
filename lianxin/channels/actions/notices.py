"""App messages to staff: asked for here, sent by a job, tried again when it fails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from lianxin.channels.adapters.reactions import load_notice_spans
from lianxin.channels.models import StaffNotice
from lianxin.channels.rules.notices import calm_moment, opens_at, room_in
from lianxin.core import events, time
from lianxin.core.actor import SystemActor

# A claim that is older belongs to a worker that died; the platform drops repeats of its own.
CLAIM = timedelta(seconds=30)
BACKOFF = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2))
MAX_ATTEMPTS = 6


@dataclass(frozen=True)
class NoticeSubject:
    """What a card is about: a word of the room that owns it, and its key there."""

    kind: str
    key: str


@transaction.atomic
def notify_staff(
    hospital_id: int,
    staff_id: int,
    *,
    text: str,
    path: str,
    dedupe_key: str,
    title: str = "连心",
    about: NoticeSubject | None = None,
    button: str = "",
    is_urgent: bool = True,
    is_first: bool = False,
) -> bool:
    """Ask for one app message; False when this key was asked for before.

    `text` names no patient and no disease: it shows on a lock screen. `path` leads there.
    With `about` it is a card, which whoever is too late finds gone; `button` acts without a page,
    and the room that owns the subject hears of it by `staff_card.pressed`. `is_first`: a danger,
    which goes before everything else and has room where the others already wait.
    """
    now = time.now()
    look = StaffNotice.Look.CARD if about else StaffNotice.Look.TEXT
    _notice, is_new = StaffNotice.objects.get_or_create(
        hospital_id=hospital_id,
        staff_id=staff_id,
        dedupe_key=dedupe_key,
        defaults={
            "title": title,
            "text": text,
            "path": path,
            "look": StaffNotice.Look.BUTTON if about and button else look,
            "button": button,
            "subject": about.kind if about else "",
            "subject_key": about.key if about else "",
            "is_first": is_first,
            "created_at": now,
            "next_attempt_at": now if is_urgent else calm_moment(now),
        },
    )
    return is_new


def claim_notice(notice_id: int) -> StaffNotice | None:
    """Take a due notice for this worker; None when another was faster."""
    now = time.now()
    if hold_back(notice_id, now):
        return None
    taken = StaffNotice.objects.filter(
        pk=notice_id, state__in=["waiting", "claimed"], next_attempt_at__lte=now
    ).update(
        state=StaffNotice.State.CLAIMED,
        next_attempt_at=now + CLAIM,
        attempt_count=F("attempt_count") + 1,
    )
    if not taken:
        return None
    return StaffNotice.objects.select_related("staff").get(pk=notice_id)


def hold_back(notice_id: int, now: datetime) -> bool:
    """Let a message wait that the platform would drop without a word; True when it has to."""
    notice = StaffNotice.objects.filter(pk=notice_id).first()
    if notice is None:
        return False
    sent = StaffNotice.objects.filter(staff_id=notice.staff_id).exclude(sent_at=None)
    newest = []
    for span in load_notice_spans():
        room = room_in(span, is_first=notice.is_first)
        fills = sent.order_by("-sent_at").values_list("sent_at", flat=True)[room - 1 : room]
        newest.append((span, next(iter(fills), None)))
    opens = opens_at(newest, now)
    if opens is None:
        return False
    rows = StaffNotice.objects.filter(pk=notice_id, state=StaffNotice.State.WAITING)
    rows.update(next_attempt_at=opens)
    return True


@transaction.atomic
def settle_notice(
    notice: StaffNotice, *, reason: str = "", is_permanent: bool = False, message_id: str = ""
) -> None:
    """Store the outcome. A temporary failure waits for its next attempt."""
    now = time.now()
    if not reason:
        state, name = StaffNotice.State.SENT, "staff_notice.sent"
    elif is_permanent or notice.attempt_count >= MAX_ATTEMPTS:
        state, name = StaffNotice.State.FAILED, "staff_notice.failed"
    else:
        state, name = StaffNotice.State.WAITING, ""
    pause = BACKOFF[min(notice.attempt_count, len(BACKOFF)) - 1]
    StaffNotice.objects.filter(pk=notice.pk, state=StaffNotice.State.CLAIMED).update(
        state=state,
        reason_code=reason,
        provider_message_id=message_id,
        next_attempt_at=now + pause,
        sent_at=now if state == StaffNotice.State.SENT else None,
    )
    if name:
        events.record(
            name,
            hospital_id=notice.hospital_id,
            subject="staff_notice",
            subject_id=notice.pk,
            by=SystemActor(notice.hospital_id),
            data={"staff_id": notice.staff_id, "reason": reason},
        )
