"""How patients found their talks: of one thread, and counted per member of staff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Avg, Count, Q

from lianxin.conversations.models import Rating, Thread
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError
from lianxin.staff.queries import names_of_staff

LOW, HIGH = 2, 4


def find_asked(hospital_id: int, question_key: str, address_id: int) -> Rating | None:
    """Return what a question asked, if it went to the person who has this address."""
    rows = Rating.objects.filter(
        hospital_id=hospital_id,
        question__key=question_key,
        thread__holder__addresses__address_id=address_id,
    )
    return rows.select_related("thread__holder", "thread__hospital").first()


def find_newest_rating(thread: Thread) -> Rating | None:
    rows = Rating.objects.filter(hospital_id=thread.hospital_id, thread=thread)
    return rows.select_related("staff", "words").order_by("-asked_at").first()


@dataclass(frozen=True)
class StaffRatings:
    """How one member of staff's talks were found."""

    name: str
    asked: int
    answered: int
    average: float | None
    good: int
    low: int


def count_by_staff(actor: Actor, since: datetime) -> list[StaffRatings]:
    """Count the questions asked since then, the most answered first."""
    if not actor.may("insight.read"):
        raise ForbiddenError
    rows = (
        Rating.objects.filter(hospital_id=actor.hospital_id, asked_at__gte=since)
        .values("staff_id")
        .annotate(
            asked=Count("pk"),
            answered=Count("pk", filter=Q(score__isnull=False)),
            average=Avg("score"),
            good=Count("pk", filter=Q(score__gte=HIGH)),
            low=Count("pk", filter=Q(score__lte=LOW)),
        )
        .order_by("-answered", "-asked", "staff_id")
    )
    names = names_of_staff(actor.hospital_id, {row["staff_id"] for row in rows if row["staff_id"]})
    return [
        StaffRatings(
            name=names.get(row["staff_id"], ""),
            asked=row["asked"],
            answered=row["answered"],
            average=row["average"],
            good=row["good"],
            low=row["low"],
        )
        for row in rows
    ]


def list_low(actor: Actor, since: datetime, limit: int = 20) -> list[Rating]:
    """List the newest bad answers, for who may read the talks behind them."""
    if not actor.may("message.read"):
        return []
    rows = Rating.objects.filter(
        hospital_id=actor.hospital_id, score__lte=LOW, scored_at__gte=since
    ).exclude(thread__state=Thread.State.RESTRICTED)
    return list(rows.select_related("thread", "staff").order_by("-scored_at")[:limit])
