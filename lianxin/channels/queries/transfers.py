"""Reads of transfers, of members who have left, and of whose contacts somebody is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from lianxin.channels import facts
from lianxin.channels.models import Account, MemberLeave, Relation, Transfer
from lianxin.channels.rules.transfers import Times
from lianxin.staff.models import Staff


def transfer_times() -> Times:
    return Times(
        decides=facts.seconds("transfer_decides_seconds") + facts.seconds("transfer_spare_seconds"),
        again=facts.seconds("transfer_again_seconds"),
        gives_up=facts.days("transfer_gives_up_days"),
    )


def list_relations_of_member(hospital_id: int, staff: Staff) -> QuerySet[Relation]:
    """Return the standing relations of a member at WeCom, in a stable order."""
    rows = Relation.objects.filter(
        hospital_id=hospital_id,
        staff_userid=staff.wecom_userid,
        address__account__kind=Account.Kind.WECOM,
    )
    standing = rows.exclude(state=Relation.State.REMOVED).exclude(staff_userid="")
    return standing.select_related("address", "address__account").order_by("id")


def count_contacts(hospital_id: int, userids: Iterable[str]) -> dict[str, int]:
    """Return how many standing contacts each member has, and takes over just now."""
    wanted = [userid for userid in userids if userid]
    rows = Relation.objects.filter(hospital_id=hospital_id, staff_userid__in=wanted)
    standing = rows.exclude(state=Relation.State.REMOVED)
    counts = dict(standing.values_list("staff_userid").annotate(Count("id")))
    coming = Transfer.objects.filter(hospital_id=hospital_id, to_userid__in=wanted)
    for userid, count in (
        coming.filter(state__in=Transfer.OPEN).values_list("to_userid").annotate(Count("id"))
    ):
        counts[userid] = counts.get(userid, 0) + count
    return counts


def list_transfers(hospital_id: int, ids: Iterable[int]) -> dict[int, Transfer]:
    rows = Transfer.objects.filter(hospital_id=hospital_id, pk__in=list(ids))
    return {row.pk: row for row in rows}


def list_open_leaves(hospital_id: int) -> list[MemberLeave]:
    rows = MemberLeave.objects.filter(hospital_id=hospital_id, ended_at=None)
    return list(rows.select_related("staff", "account").order_by("-seen_at", "-id"))


def find_leave(hospital_id: int, leave_id: int) -> MemberLeave | None:
    rows = MemberLeave.objects.filter(hospital_id=hospital_id, pk=leave_id)
    return rows.select_related("staff").first()


def find_open_leave(hospital_id: int, userid: str) -> MemberLeave | None:
    rows = MemberLeave.objects.filter(hospital_id=hospital_id, staff_userid=userid, ended_at=None)
    return rows.first() if userid else None


def gone_userids(hospital_id: int) -> set[str]:
    """Return the members of whom we know that they have gone."""
    rows = MemberLeave.objects.filter(hospital_id=hospital_id, ended_at=None)
    return set(rows.values_list("staff_userid", flat=True))


def list_accounts_with_transfers(hospital_id: int, now: datetime) -> list[int]:
    """Return the accounts at which something is to be asked for, or asked about."""
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    rows = Transfer.objects.filter(
        free,
        hospital_id=hospital_id,
        state__in=Transfer.OPEN,
        due_at__lte=now,
        account__is_active=True,
    )
    return sorted(set(rows.values_list("account_id", flat=True)))


def list_due_transfers(
    hospital_id: int, account_id: int, state: str, now: datetime
) -> QuerySet[Transfer]:
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    rows = Transfer.objects.filter(
        free, hospital_id=hospital_id, account_id=account_id, state=state, due_at__lte=now
    )
    return rows.select_related("address").order_by("due_at", "id")


def busy_members(account_id: int, now: datetime) -> Sequence[str]:
    """Return the members whose contacts a worker asks to move at this moment: one at a time."""
    rows = Transfer.objects.filter(account_id=account_id, leased_until__gt=now)
    return list(rows.values_list("from_userid", flat=True).distinct())
