"""Customer groups as they change: told by events, seen by looks, once each.

Every change holds the group's row, so that an event and a look never meet halfway.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from lianxin.channels import facts, group_kit, queries, sealing
from lianxin.channels.actions import leases
from lianxin.channels.adapters.base import AccountFacts, Inbound
from lianxin.channels.adapters.provider_http import ProviderError
from lianxin.channels.adapters.wecom.groups import SeenGroup, SeenMember
from lianxin.channels.models import Address, Group, GroupCheck, GroupMember, JoinCode
from lianxin.channels.rules import groups as rules
from lianxin.channels.tag_words import illness_in
from lianxin.core import events, time
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.core.events import Entry

# How somebody left, where no callback said it: missing in a look, or the group itself ended.
UNSEEN, DISMISSED = "unseen", "dismissed"
TOLD_WENT = {0: "by_patient", 1: "by_staff"}


def make_entry(group: Group, name: str, subject: str, subject_id: int, **data: Any) -> Entry:
    return Entry(
        name=name,
        hospital_id=group.hospital_id,
        subject=subject,
        subject_id=subject_id,
        by_kind="system",
        data={"account_id": group.account_id, "group_id": group.pk} | data,
    )


# ---- told by an event ---------------------------------------------------------------------


def note_change(account: AccountFacts, inbound: Inbound) -> list[Entry]:
    """Take in what a callback says of a group; mostly that the group must be looked at."""
    chat_id = str(inbound.raw["chat_id"])[:64]
    group, is_new = hold_group(account, chat_id, inbound.occurred_at)
    if inbound.kind == "create":
        read_rolling_codes(account)
    if inbound.kind == "dismiss":
        return dismiss(group, inbound.occurred_at)
    if group.dismissed_at is not None:
        # It came later than the end of the group, or the end was wrong: the group itself tells.
        ask_for(group)
        return []
    change = rules.MemberChange(
        kind=inbound.kind,
        ids=tuple(inbound.raw["ids"]),
        count=inbound.raw["count"],
        last=str(inbound.raw["last"]),
        current=str(inbound.raw["current"])[:64],
    )
    meaning = rules.LOOK if is_new else rules.read_change(group.member_version, change)
    if meaning == rules.APPLY:
        return apply_change(group, change, inbound)
    if meaning == rules.LOOK:
        ask_for(group)
    return []


def read_rolling_codes(account: AccountFacts) -> None:
    """Have the codes read that make groups when theirs are full: the new one may be of one."""
    codes = JoinCode.objects.filter(account_id=account.id, is_active=True, rolls_over=True)
    codes.update(read_at=None)


def hold_group(account: AccountFacts, chat_id: str, at: datetime) -> tuple[Group, bool]:
    """Return the group, locked, made if it is new."""
    group, is_new = Group.objects.get_or_create(
        account_id=account.id,
        chat_id=chat_id,
        defaults={"hospital_id": account.hospital_id, "created_at": at},
    )
    return Group.objects.select_for_update(no_key=True).get(pk=group.pk), is_new


def ask_for(group: Group) -> None:
    """Have the group looked at, once its details have settled at the provider."""
    due = time.now() + facts.seconds("group_settle_seconds")
    Group.objects.filter(pk=group.pk).update(read_due_at=due)


def apply_change(group: Group, change: rules.MemberChange, inbound: Inbound) -> list[Entry]:
    """Count who came or went. Whom the id alone does not tell is left to a look."""
    userids = queries.known_userids(group.hospital_id, group)
    kinds = {one: rules.kind_of(one, userids) for one in change.ids}
    if not all(kinds.values()):
        ask_for(group)
        return []
    if change.kind == rules.CAME:
        scene = inbound.raw["join_scene"]
        came = [Joining(one, kinds[one], inbound.occurred_at, told=scene) for one in change.ids]
        entries = let_in(group, came)
        # Which code brought somebody is not in the callback.
        ask_for(group)
    else:
        scene = inbound.raw["quit_scene"]
        how = TOLD_WENT.get(scene, "told")
        entries = let_go(group, change.ids, inbound.occurred_at, how=how, told=scene)
    Group.objects.filter(pk=group.pk).update(member_version=change.current)
    return entries


@dataclass(frozen=True)
class Joining:
    """Somebody who is in a group now, and how we know."""

    member_id: str
    kind: str
    at: datetime
    scene: int | None = None
    told: int | None = None
    state: str = ""


# What a member's row says beside whose it is.
SAID_OF_MEMBER = (
    "kind",
    "staff_id",
    "address_id",
    "join_code_id",
    "join_scene",
    "told_join_scene",
    "told_quit_scene",
    "joined_at",
    "left_at",
)


def let_in(group: Group, joinings: Sequence[Joining]) -> list[Entry]:
    """Add who is not in it yet; who was in it before comes back. Five queries, however many.

    Rows of which nothing new is said are not written.
    """
    by_id = {one.member_id: one for one in joinings}
    rows = GroupMember.objects.filter(group=group, member_id__in=by_id)
    known = {row.member_id: row for row in rows}
    staff = queries.staff_by_userid(group.hospital_id, by_id)
    addresses = queries.addresses_by_id(group.account_id, by_id)
    codes = queries.codes_by_state(group.account_id, {one.state for one in joinings} - {""})
    changed, entries = [], []
    for one in by_id.values():
        row = known.get(one.member_id) or GroupMember(group=group, member_id=one.member_id)
        is_news = one.member_id not in known or row.left_at is not None
        before = [getattr(row, name) for name in SAID_OF_MEMBER]
        is_outside = one.kind == rules.OUTSIDE
        row.hospital_id, row.kind = group.hospital_id, one.kind
        row.staff = None if is_outside else staff.get(one.member_id)
        row.address = addresses.get(one.member_id) if is_outside else None
        if is_news:
            row.joined_at, row.left_at, row.told_quit_scene = one.at, None, None
            row.join_code = row.join_scene = row.told_join_scene = None
        row.join_code = codes.get(one.state) or row.join_code
        row.join_scene = row.join_scene if one.scene is None else one.scene
        row.told_join_scene = row.told_join_scene if one.told is None else one.told
        if is_news:
            entries += tell_joined(group, row)
        if before != [getattr(row, name) for name in SAID_OF_MEMBER]:
            changed.append(row)
    GroupMember.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["group", "member_id"],
        update_fields=[name.removesuffix("_id") for name in SAID_OF_MEMBER],
    )
    return entries


def tell_joined(group: Group, row: GroupMember) -> list[Entry]:
    if row.address is None:
        return []
    scenes = {"scene": row.join_scene, "told_scene": row.told_join_scene}
    more = {"join_code_id": row.join_code_id, **scenes}
    return [make_entry(group, "group.joined", "address", row.address.pk, **more)]


def let_go(
    group: Group, ids: Iterable[str], at: datetime, *, how: str, told: int | None = None
) -> list[Entry]:
    """End who is in it; who left before stays as it was."""
    rows = GroupMember.objects.filter(group=group, member_id__in=list(ids), left_at=None)
    gone = list(rows.select_related("address"))
    rows.update(left_at=at, told_quit_scene=told)
    return [
        make_entry(group, "group.left", "address", row.address.pk, how=how)
        for row in gone
        if row.address is not None
    ]


def dismiss(group: Group, at: datetime) -> list[Entry]:
    """End a group and everybody's being in it. A second time changes nothing."""
    ended = Group.objects.filter(pk=group.pk, dismissed_at=None)
    if not ended.update(dismissed_at=at, read_due_at=None):
        return []
    ids = list(queries.list_present(group).values_list("member_id", flat=True))
    entries = let_go(group, ids, at, how=DISMISSED)
    return [*entries, make_entry(group, "group.dismissed", "group", group.pk)]


# ---- seen by a look -----------------------------------------------------------------------


@dataclass(frozen=True)
class LookClaim:
    """The right to look at one group, until the lease ends."""

    group: Group
    lease: datetime


@transaction.atomic
def claim_look(group: Group) -> LookClaim | None:
    """Take the look at a group for this worker; None when another has it, or nobody wants it."""
    lease = leases.take(group, "group_lease_seconds")
    fresh = queries.find_group(group.hospital_id, group.pk)
    if lease is None or fresh is None:
        return None
    if fresh.read_due_at is None:
        leases.give_back(fresh, lease)
        return None
    return LookClaim(fresh, lease)


@transaction.atomic
def settle_look(claim: LookClaim, seen: SeenGroup | None) -> None:
    """Make ours what the look showed. None: there is no such group any more.

    A look that an event has overtaken is taken again.
    """
    group = Group.objects.select_for_update(no_key=True).get(pk=claim.group.pk)
    if group.leased_until != claim.lease:
        return
    if seen is None:
        events.record_many(dismiss(group, time.now()))
        leases.settle(group, claim.lease, read_at=time.now())
        return
    version = seen.member_version[:64]
    if rules.is_look_outdated(claim.group.member_version, group.member_version, version):
        leases.give_back(group, claim.lease)
        return
    entries = store_details(group, seen, claim.lease)
    entries += store_members(group, seen.members)
    # Asked for again meanwhile: it stays due.
    asked = Group.objects.filter(pk=group.pk, read_due_at=claim.group.read_due_at)
    asked.update(read_due_at=None)
    events.record_many(entries)


def store_details(group: Group, seen: SeenGroup, lease: datetime) -> list[Entry]:
    before = queries.details_of(group)
    owner = queries.staff_by_userid(group.hospital_id, [seen.owner_userid])
    details = {"name": seen.name, "notice": seen.notice}
    fields = [
        name
        for name, old, new in (
            ("name", before.name, seen.name),
            ("notice", before.notice, seen.notice),
            ("owner", group.owner_userid, seen.owner_userid),
        )
        if old != new
    ]
    is_first = group.read_at is None
    leases.settle(
        group,
        lease,
        details_sealed=sealing.seal_json(group.hospital_id, details, field=sealing.GROUP_FIELD),
        has_illness_name=bool(illness_in(seen.name)),
        has_safety_notice=not group_kit.missing_in(seen.notice),
        owner_userid=seen.owner_userid[:64],
        owner=owner.get(seen.owner_userid),
        admin_userids=list(seen.admin_userids),
        member_version=seen.member_version[:64],
        created_at=seen.created_at,
        dismissed_at=None,
        read_at=time.now(),
    )
    if is_first:
        return [make_entry(group, "group.found", "group", group.pk)]
    # Their words stay out of the journal: people write them.
    return [make_entry(group, "group.changed", "group", group.pk, fields=fields)] if fields else []


def store_members(group: Group, seen: Sequence[SeenMember]) -> list[Entry]:
    present = set(queries.list_present(group).values_list("member_id", flat=True))
    compared = rules.compare_members(present, [one.member_id for one in seen])
    gone = let_go(group, compared.went, time.now(), how=UNSEEN)
    return gone + let_in(group, [as_joining(one) for one in seen])


def as_joining(seen: SeenMember) -> Joining:
    kind = rules.OUTSIDE if seen.is_outside else rules.STAFF
    member_id = seen.member_id[:64]
    return Joining(member_id, kind, seen.joined_at, scene=seen.join_scene, state=seen.state)


@transaction.atomic
def settle_look_failed(claim: LookClaim, error: ProviderError) -> None:
    leases.settle_failed(claim.group, claim.lease, error)


# ---- the checklist, and people who are erased ----------------------------------------------


@transaction.atomic
def tick_point(group: Group, code: str, *, is_done: bool, by: Actor) -> None:
    """Note that a point of the checklist is seen to, or that it is not."""
    if not by.may("channel.manage") or by.id is None:
        raise ForbiddenError
    points = {one.code: one for one in group_kit.load_kit().checklist}
    if code not in points:
        raise RefusedError(_("清单里没有这一项。"))
    if is_done:
        _row, is_news = GroupCheck.objects.get_or_create(
            group=group,
            code=code,
            defaults={
                "hospital_id": group.hospital_id,
                "done_by_id": by.id,
                "done_at": time.now(),
            },
        )
    else:
        is_news = bool(GroupCheck.objects.filter(group=group, code=code).delete()[0])
    if is_news:
        name = "group.point_done" if is_done else "group.point_undone"
        record(group, name, by, code=code)


@transaction.atomic
def look_again(group: Group, *, by: Actor) -> None:
    """Have one group looked at now."""
    if not by.may("channel.manage"):
        raise ForbiddenError
    if group.dismissed_at is not None:
        raise RefusedError(_("这个群已经解散。"))
    Group.objects.filter(pk=group.pk).update(read_due_at=time.now(), next_try_at=None)
    record(group, "group.look_requested", by)


def forget_member(address: Address) -> None:
    """Take away who somebody is in the groups; that there was somebody stays counted."""
    for row in GroupMember.objects.filter(address=address):
        GroupMember.objects.filter(pk=row.pk).update(
            member_id=f"erased:{row.pk}", left_at=row.left_at or time.now()
        )


def record(group: Group, name: str, by: Actor, **data: Any) -> None:
    events.record(
        name,
        hospital_id=group.hospital_id,
        subject="group",
        subject_id=group.pk,
        by=by,
        data={"account_id": group.account_id, **data},
    )
