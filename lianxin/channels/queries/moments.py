"""Moments at the provider: what is due, and how far each is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, Q

from lianxin.channels.models import Moment, MomentMember


def list_due_moments(hospital_id: int, now: datetime) -> list[Moment]:
    rows = Moment.objects.filter(
        hospital_id=hospital_id, state__in=Moment.UNFINISHED, next_step_at__lte=now
    )
    return list(rows.order_by("next_step_at")[:50])


def moments_by_key(hospital_id: int, keys: Iterable[str]) -> dict[str, Moment]:
    rows = Moment.objects.filter(hospital_id=hospital_id, unique_key__any_of=list(keys))
    return {row.unique_key: row for row in rows}


def count_moments_since(account_id: int, since: datetime) -> int:
    return Moment.objects.filter(account_id=account_id, made_at__gte=since).count()


def list_moment_members(moment: Moment) -> list[MomentMember]:
    """Return who may publish, those who have not first."""
    return list(moment.members.order_by("published_at", "staff_userid"))


def count_published(moment_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Return by moment how many have published, of how many."""
    rows = MomentMember.objects.filter(moment_id__any_of=list(moment_ids))
    counted = rows.values_list("moment_id").annotate(
        published=Count("pk", filter=Q(published_at__isnull=False)), members=Count("pk")
    )
    return {pk: (published, members) for pk, published, members in counted}
