"""Reads of customer groups: what they are, who is in them, what must be asked or said."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Model, Q, QuerySet

from lianxin.channels import sealing
from lianxin.channels.adapters.reactions import load_facts
from lianxin.channels.models import (
    Account,
    Address,
    Group,
    GroupCheck,
    GroupDay,
    GroupMember,
    GroupSync,
    GroupTransfer,
    JoinCode,
)
from lianxin.channels.queries.transfers import find_open_leave, gone_userids
from lianxin.channels.rules.groups import OWNER_LEFT
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, NotFoundError
from lianxin.staff.models import Staff

WEEK = timedelta(days=7)


def free_rows(model: type[Model], now: datetime) -> QuerySet[Any]:
    """Return the rows of a model kept at a provider that nobody holds and that may be tried."""
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    due = Q(next_try_at=None) | Q(next_try_at__lte=now)
    return model._default_manager.filter(free, due)


@dataclass(frozen=True)
class GroupDetails:
    """What people wrote about a group."""

    name: str = ""
    notice: str = ""


def details_of(group: Group) -> GroupDetails:
    sealed = bytes(group.details_sealed)
    return GroupDetails(**sealing.open_json(group.hospital_id, sealed, field=sealing.GROUP_FIELD))


def list_groups(actor: Actor) -> QuerySet[Group]:
    """Return the groups, those that need somebody first, then the newest."""
    if not actor.may("channel.read"):
        raise ForbiddenError
    rows = Group.objects.filter(hospital_id=actor.hospital_id)
    return rows.select_related("account", "owner", "hospital").order_by("dismissed_at", "-id")


def access_group(actor: Actor, key: str) -> Group:
    group = list_groups(actor).filter(key=key).first()
    if group is None:
        raise NotFoundError
    return group


def find_group(hospital_id: int, group_id: int) -> Group | None:
    rows = Group.objects.filter(hospital_id=hospital_id, pk=group_id)
    return rows.select_related("account", "owner", "hospital").first()


def list_groups_to_read(hospital_id: int, now: datetime) -> list[Group]:
    rows = free_rows(Group, now).filter(
        hospital_id=hospital_id, account__is_active=True, read_due_at__lte=now
    )
    return list(rows.order_by("read_due_at")[: load_facts()["group_reads_per_run"]])


def list_present(group: Group) -> QuerySet[GroupMember]:
    return GroupMember.objects.filter(group=group, left_at=None)


def present_groups(hospital_id: int, address_ids: Iterable[int]) -> frozenset[str]:
    """Return the keys of the groups that these addresses are in now.

    By the id, not by the row's address: who became a contact after joining counts at once.
    """
    addresses = Address.objects.filter(hospital_id=hospital_id, pk__in=list(address_ids))
    is_there = Q()
    for account_id, external_id in addresses.values_list("account_id", "external_id"):
        is_there |= Q(group__account_id=account_id, member_id=external_id)
    if not is_there:
        return frozenset()
    rows = GroupMember.objects.filter(is_there, hospital_id=hospital_id, left_at=None)
    return frozenset(rows.values_list("group__key", flat=True))


def groups_by_key(hospital_id: int, keys: Collection[str]) -> dict[str, Group]:
    rows = Group.objects.filter(hospital_id=hospital_id, key__in=keys, dismissed_at=None)
    return {row.key: row for row in rows.select_related("hospital")}


def list_people(group: Group) -> QuerySet[GroupMember]:
    """Return who is in a group: staff first, then the newest."""
    rows = list_present(group).select_related("staff", "address", "join_code")
    return rows.order_by("-kind", "-joined_at", "-id")


@dataclass(frozen=True)
class GroupCount:
    """How many are in a group, how many of them from outside, and what the last week changed."""

    size: int = 0
    outside: int = 0
    came: int = 0
    went: int = 0


def count_members(ids: Sequence[int], now: datetime) -> dict[int, GroupCount]:
    """Count who is in each group: one query, however many groups."""
    present, outside = Q(left_at=None), Q(kind=GroupMember.Kind.OUTSIDE)
    since = now - WEEK
    rows = (
        GroupMember.objects.filter(group_id__in=ids)
        .values_list("group_id")
        .annotate(
            size=Count("id", filter=present),
            outside=Count("id", filter=present & outside),
            came=Count("id", filter=outside & Q(joined_at__gte=since)),
            went=Count("id", filter=outside & Q(left_at__gte=since)),
        )
    )
    found = {group_id: GroupCount(*counts) for group_id, *counts in rows}
    return {group_id: found.get(group_id, GroupCount()) for group_id in ids}


def outside_addresses(group: Group) -> list[Any]:
    rows = list_present(group).filter(kind=GroupMember.Kind.OUTSIDE)
    return list(rows.exclude(address=None).values_list("address_id", flat=True))


def known_userids(hospital_id: int, group: Group) -> set[str]:
    """Return the ids in a group that are surely staff's."""
    rows = Staff.objects.filter(hospital_id=hospital_id).exclude(wecom_userid="")
    members = GroupMember.objects.filter(group=group, kind=GroupMember.Kind.STAFF)
    known = {*rows.values_list("wecom_userid", flat=True)}
    return known | {*members.values_list("member_id", flat=True), *group.admin_userids}


def staff_by_userid(hospital_id: int, userids: Collection[str]) -> dict[str, Staff]:
    rows = Staff.objects.filter(hospital_id=hospital_id, wecom_userid__in=list(userids))
    return {one.wecom_userid: one for one in rows.exclude(wecom_userid="")}


def addresses_by_id(account_id: int, ids: Collection[str]) -> dict[str, Address]:
    rows = Address.objects.filter(account_id=account_id, external_id__in=list(ids))
    return {one.external_id: one for one in rows}


def codes_by_state(account_id: int, states: Collection[str]) -> dict[str, JoinCode]:
    rows = JoinCode.objects.filter(account_id=account_id, state_key__in=list(states))
    return {one.state_key: one for one in rows}


# ---- comparisons with the list ------------------------------------------------------------


def find_group_sync(hospital_id: int, sync_id: int) -> GroupSync | None:
    rows = GroupSync.objects.filter(hospital_id=hospital_id, pk=sync_id)
    return rows.select_related("account").first()


def find_open_group_sync(hospital_id: int, account_id: int) -> GroupSync | None:
    rows = GroupSync.objects.filter(hospital_id=hospital_id, account_id=account_id)
    return rows.filter(state=GroupSync.State.OPEN).first()


def find_last_group_sync(hospital_id: int) -> GroupSync | None:
    rows = GroupSync.objects.filter(hospital_id=hospital_id)
    return rows.order_by("-created_at", "-id").first()


def list_group_syncs_to_run(hospital_id: int, now: datetime) -> list[int]:
    rows = free_rows(GroupSync, now).filter(
        hospital_id=hospital_id, state=GroupSync.State.OPEN, account__is_active=True
    )
    return list(rows.order_by("id").values_list("pk", flat=True)[:20])


def list_unlisted(sync: GroupSync) -> QuerySet[Group]:
    """Return the groups that the complete list did not have."""
    unlisted = Q(listed_at=None) | Q(listed_at__lt=sync.created_at)
    rows = Group.objects.filter(unlisted, account_id=sync.account_id, dismissed_at=None)
    return rows.filter(created_at__lt=sync.created_at)


# ---- owners -------------------------------------------------------------------------------


def list_group_transfers(group: Group) -> QuerySet[GroupTransfer]:
    rows = GroupTransfer.objects.filter(group=group).select_related("to", "requested_by")
    return rows.order_by("-requested_at", "-id")


def list_group_transfers_to_make(hospital_id: int, now: datetime) -> list[GroupTransfer]:
    rows = free_rows(GroupTransfer, now).filter(
        hospital_id=hospital_id, state=GroupTransfer.State.OPEN, account__is_active=True
    )
    found = rows.select_related("group", "to", "account").order_by("requested_at", "id")
    return list(found[: load_facts()["group_transfer_groups"]])


def count_asked_today(hospital_id: int, from_userid: str, since: datetime) -> int:
    """Count the groups of one leaver that were asked to change hands since then."""
    rows = GroupTransfer.objects.filter(
        hospital_id=hospital_id, from_userid=from_userid, kind=GroupTransfer.Kind.LEFT
    )
    return rows.filter(asked_at__gte=since).count()


def has_owner_left(group: Group) -> bool:
    """Tell whether the owner has left, as far as the provider, our list or a leave tells."""
    is_known = group.status == OWNER_LEFT or (group.owner and not group.owner.is_active)
    return bool(is_known or find_open_leave(group.hospital_id, group.owner_userid))


def list_group_takers(actor: Actor) -> QuerySet[Staff]:
    """Return who may own a group: staff who are there and known to WeCom."""
    rows = Staff.objects.filter(hospital_id=actor.hospital_id, is_active=True)
    gone = gone_userids(actor.hospital_id)
    return rows.exclude(wecom_userid="").exclude(wecom_userid__in=gone).order_by("name")


# ---- the kit and the numbers --------------------------------------------------------------


def checks_done(group: Group) -> dict[str, GroupCheck]:
    rows = GroupCheck.objects.filter(group=group).select_related("done_by")
    return {one.code: one for one in rows}


def count_checks(ids: Sequence[int]) -> dict[int, int]:
    rows = GroupCheck.objects.filter(group_id__in=ids).values_list("group_id")
    return dict(rows.annotate(done=Count("id")))


def list_days(group: Group, since: datetime) -> list[GroupDay]:
    """Return the counted days of the group's owner, the oldest first."""
    rows = GroupDay.objects.filter(
        account_id=group.account_id, owner_userid=group.owner_userid, day__gte=since.date()
    )
    return list(rows.order_by("day"))


def count_groups_of(account_id: int, owner_userid: str) -> int:
    rows = Group.objects.filter(account_id=account_id, owner_userid=owner_userid)
    return rows.filter(dismissed_at=None).count()


def list_owners(account: Account) -> list[str]:
    """Return whose groups are counted: owners of groups that are there."""
    rows = Group.objects.filter(account=account, dismissed_at=None).exclude(owner_userid="")
    return sorted(set(rows.values_list("owner_userid", flat=True)))


def latest_days(account: Account) -> dict[str, date]:
    """Return the latest counted day by owner."""
    rows = GroupDay.objects.filter(account=account).order_by("owner_userid", "-day")
    return dict(rows.distinct("owner_userid").values_list("owner_userid", "day"))


def list_groups_of(staff: Staff) -> QuerySet[Group]:
    """Return the groups that stand and that this member owns."""
    rows = Group.objects.filter(hospital_id=staff.hospital_id, dismissed_at=None)
    owned = rows.filter(owner_userid=staff.wecom_userid).exclude(owner_userid="")
    return owned.select_related("account", "owner").order_by("id")
