"""Reads. The hospital or the actor comes first; nothing outside it is returned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, F, Q, QuerySet

from lianxin.channels import facts, rules, sealing
from lianxin.channels.adapters.base import AccountFacts, Inbound
from lianxin.channels.adapters.wecom.contact_ways import WayContent
from lianxin.channels.models import (
    AccessToken,
    Account,
    AccountQuerySet,
    Address,
    Arrival,
    Callback,
    CodeMember,
    LiveCode,
    LiveCodeVersion,
    MemberTask,
    Relation,
    StaffNotice,
)
from lianxin.channels.rules import Answerer, Answering
from lianxin.core import time
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, NotFoundError
from lianxin.core.keys import Keyring

# The fields of an arrival that are sealed; the rest are columns.
PAYLOAD_FIELDS = (
    "staff_userid",
    "state",
    "welcome_code",
    "text",
    "media_id",
    "provider_message_id",
    "status",
    "reason",
    "union_id",
)


# ---- accounts -----------------------------------------------------------------------------


def list_accounts(hospital_id: int) -> AccountQuerySet:
    return Account.objects.of(hospital_id).order_by("kind", "name", "id")


def access_account(actor: Actor, key: str) -> Account:
    account = list_accounts(actor.hospital_id).filter(key=key).first()
    if account is None:
        raise NotFoundError
    if not actor.may("channel.read"):
        raise ForbiddenError
    return account


def find_account(hospital_id: int, account_id: int) -> Account | None:
    return Account.objects.of(hospital_id).filter(pk=account_id).first()


def find_account_of_kind(hospital_id: int, kind: str) -> Account | None:
    """Return the hospital's active account of a kind, the oldest when there are several."""
    return Account.objects.of(hospital_id).active().filter(kind=kind).order_by("id").first()


def find_kf_account(hospital_id: int, open_kfid: str) -> Account | None:
    rows = Account.objects.of(hospital_id).active().filter(kind=Account.Kind.WECOM_KF)
    return next((row for row in rows if row.config.get("open_kfid") == open_kfid), None)


def list_accounts_to_check(hospital_id: int) -> QuerySet[Account]:
    return Account.objects.of(hospital_id).active().exclude(check_requested_at=None)


def list_accounts_to_reconcile(hospital_id: int, now: datetime) -> list[Account]:
    """Return the accounts with a list to compare, whose last comparison is too old."""
    before = now - timedelta(seconds=settings.RECONCILE_SECONDS)
    due = Q(reconciled_at=None) | Q(reconciled_at__lte=before)
    kinds = [Account.Kind.WECOM, Account.Kind.WECOM_KF]
    return list(Account.objects.of(hospital_id).active().filter(due, kind__in=kinds))


def facts_of(account: Account) -> AccountFacts:
    """Return what the adapters need, secrets opened. Never log it, never keep it."""
    return AccountFacts(
        id=account.pk,
        hospital_id=account.hospital_id,
        key=account.key,
        kind=account.kind,
        base_url=account.base_url,
        config=account.config,
        secrets=sealing.open_json(
            account.hospital_id, bytes(account.secrets_sealed), field=sealing.SECRETS_FIELD
        ),
    )


def account_facts(hospital_id: int, account_id: int) -> AccountFacts | None:
    account = find_account(hospital_id, account_id)
    return facts_of(account) if account and account.is_active else None


def find_token(hospital_id: int, account_id: int) -> AccessToken | None:
    return AccessToken.objects.filter(hospital_id=hospital_id, account_id=account_id).first()


# ---- what came in -------------------------------------------------------------------------


def list_received(hospital_id: int, ids: Sequence[int]) -> list[Callback]:
    """Return, locked, the callbacks among `ids` that nobody translates yet, oldest first."""
    rows = Callback.objects.filter(
        hospital_id=hospital_id, pk__in=ids, state=Callback.State.RECEIVED
    )
    locked = rows.select_for_update(skip_locked=True, of=("self",))
    return list(locked.select_related("account").order_by("id"))


def list_left_behind(hospital_id: int, before: datetime) -> list[int]:
    """Return callbacks that have waited since before `before`: their job was lost."""
    rows = Callback.objects.filter(
        hospital_id=hospital_id, state=Callback.State.RECEIVED, received_at__lt=before
    )
    return list(rows.order_by("received_at").values_list("pk", flat=True)[:500])


def open_arrivals(hospital_id: int, ids: Iterable[int]) -> list[Inbound]:
    """Return arrivals as they came, opened, in the order they happened."""
    rows = list(
        Arrival.objects.filter(hospital_id=hospital_id, pk__in=list(ids))
        .select_related("account", "address")
        .order_by("occurred_at", "id")
    )
    subjects = [(sealing.ADDRESS, row.address_id) for row in rows if row.address_id is not None]
    ring = Keyring.load(hospital_id, subjects)
    return [as_inbound(ring, row) for row in rows]


def as_inbound(ring: Keyring, row: Arrival) -> Inbound:
    payload = sealing.open_payload(ring, row.hospital_id, row.address_id, bytes(row.payload_sealed))
    sealed: dict[str, Any] = {name: str(payload.get(name, "")) for name in PAYLOAD_FIELDS}
    return Inbound(
        event=row.event,
        arrival_key=row.arrival_key,
        occurred_at=row.occurred_at,
        kind=row.kind,
        external_id=row.address.external_id if row.address else "",
        raw=payload.get("raw", {}),
        arrival_id=row.pk,
        account_id=row.account_id,
        account_kind=row.account.kind,
        address_id=row.address_id or 0,
        **sealed,
    )


# ---- addresses ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Reach:
    """What an address still allows, as far as we know it. The gate above decides."""

    address_id: int
    account_id: int
    account_kind: str
    external_id: str
    is_active: bool
    last_inbound_at: datetime | None
    sent_since_inbound_count: int
    session_state: int
    # WeCom members this person is a full contact of; half contacts cannot be reached.
    staff_userids: tuple[str, ...] = ()


def find_address(hospital_id: int, address_id: int) -> Address | None:
    rows = Address.objects.filter(hospital_id=hospital_id, pk=address_id)
    return rows.select_related("account", "live_code").first()


def find_address_by_external(hospital_id: int, account_id: int, external_id: str) -> Address | None:
    rows = Address.objects.filter(hospital_id=hospital_id, account_id=account_id)
    return rows.filter(external_id=external_id).first()


def list_addresses(hospital_id: int, ids: Iterable[int]) -> QuerySet[Address]:
    rows = Address.objects.filter(hospital_id=hospital_id, pk__in=list(ids))
    return rows.select_related("account").order_by("id")


def list_by_union_id(hospital_id: int, union_id: str) -> QuerySet[Address]:
    """Return the addresses of one WeChat person; none without a union id."""
    rows = Address.objects.filter(hospital_id=hospital_id, union_id=union_id)
    return rows.order_by("id") if union_id else rows.none()


def list_same_person(hospital_id: int, address: Address) -> QuerySet[Address]:
    """Return the other addresses that surely belong to the same person.

    The same union id, or the same external id at another account of the same corp.
    """
    same = Q(external_id=address.external_id)
    if address.union_id:
        same |= Q(union_id=address.union_id)
    rows = Address.objects.filter(same, hospital_id=hospital_id).exclude(pk=address.pk)
    return rows.order_by("id")


def reach_of(hospital_id: int, address_ids: Iterable[int]) -> dict[int, Reach]:
    """Return what each address allows: two queries, however many addresses."""
    rows = list(list_addresses(hospital_id, address_ids))
    members: dict[int, list[str]] = {}
    relations = Relation.objects.filter(
        hospital_id=hospital_id,
        address_id__in=[row.pk for row in rows],
        state=Relation.State.ACTIVE,
    )
    for address_id, userid in relations.order_by("added_at").values_list(
        "address_id", "staff_userid"
    ):
        members.setdefault(address_id, []).append(userid)
    return {row.pk: as_reach(row, tuple(members.get(row.pk, ()))) for row in rows}


def as_reach(row: Address, userids: tuple[str, ...]) -> Reach:
    return Reach(
        address_id=row.pk,
        account_id=row.account_id,
        account_kind=row.account.kind,
        external_id=row.external_id,
        is_active=row.state == Address.State.ACTIVE and row.account.is_active,
        last_inbound_at=row.last_inbound_at,
        sent_since_inbound_count=row.sent_since_inbound_count,
        session_state=row.session_state,
        staff_userids=userids,
    )


def list_relation_pairs(hospital_id: int, account_id: int) -> set[rules.Pair]:
    """Return (member, person) of every relation that still stands."""
    rows = Relation.objects.filter(hospital_id=hospital_id, address__account_id=account_id)
    standing = rows.exclude(state=Relation.State.REMOVED)
    return set(standing.values_list("staff_userid", "address__external_id"))


def list_unidentified(hospital_id: int, account_id: int, limit: int = 50) -> list[Address]:
    """Return the newest addresses whose union id nobody asked for yet."""
    rows = Address.objects.filter(
        hospital_id=hospital_id,
        account_id=account_id,
        union_id="",
        union_asked_at=None,
        state=Address.State.ACTIVE,
    )
    return list(rows.order_by("-added_at")[:limit])


# ---- live codes ---------------------------------------------------------------------------


def list_live_codes(actor: Actor) -> QuerySet[LiveCode]:
    """Return the live codes with their adds and losses, newest first."""
    if not actor.may("channel.read"):
        raise ForbiddenError
    rows = LiveCode.objects.filter(hospital_id=actor.hospital_id)
    found = rows.select_related("account", "staff", "team", "department", "hospital")
    return found.order_by("-id")


@dataclass(frozen=True)
class CodeCount:
    """How many people added someone by a code, and how many of these left again."""

    added: int = 0
    removed: int = 0

    @property
    def staying(self) -> int:
        return self.added - self.removed


def count_by_live_code(hospital_id: int, ids: Iterable[int]) -> dict[int, CodeCount]:
    rows = (
        Address.objects.filter(hospital_id=hospital_id, live_code_id__in=list(ids))
        .values("live_code_id")
        .annotate(added=Count("id"), removed=Count("id", filter=Q(state="removed")))
    )
    return {row["live_code_id"]: CodeCount(row["added"], row["removed"]) for row in rows}


def access_live_code(actor: Actor, key: str) -> LiveCode:
    code = list_live_codes(actor).filter(key=key).first()
    if code is None:
        raise NotFoundError
    return code


def find_live_code(hospital_id: int, live_code_id: int) -> LiveCode | None:
    rows = LiveCode.objects.filter(hospital_id=hospital_id, pk=live_code_id)
    return rows.select_related("staff", "team", "department", "account", "hospital").first()


def find_by_state(hospital_id: int, state_key: str) -> LiveCode | None:
    if not state_key:
        return None
    rows = LiveCode.objects.filter(hospital_id=hospital_id, state_key=state_key)
    return rows.select_related("staff").first()


def list_unmade_codes(hospital_id: int) -> list[LiveCode]:
    """Return the codes that wait to be made and are not held back by an earlier failure."""
    rows = list_free_codes(hospital_id, time.now()).filter(state=LiveCode.State.MAKING)
    return list(rows.order_by("id")[:50])


def list_free_codes(hospital_id: int, now: datetime) -> QuerySet[LiveCode]:
    """Return the codes that no worker holds and that may be tried now."""
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    due = Q(next_try_at=None) | Q(next_try_at__lte=now)
    rows = LiveCode.objects.filter(free, due, hospital_id=hospital_id, account__is_active=True)
    return rows.select_related("account", "staff", "hospital")


def list_codes_to_keep(hospital_id: int, now: datetime) -> list[LiveCode]:
    """Return the codes whose provider knows something else than we want: four queries."""
    codes = list(list_free_codes(hospital_id, now).filter(account__kind=Account.Kind.WECOM))
    answering = answering_of(hospital_id, codes, now)
    return [code for code in codes if code_step(code, answering[code.pk]) != rules.NOTHING]


def list_codes_to_read(hospital_id: int, now: datetime) -> list[LiveCode]:
    """Return the codes whose truth at the provider is to be read again, the oldest first."""
    rows = list_free_codes(hospital_id, now).filter(
        account__kind=Account.Kind.WECOM, state=LiveCode.State.READY, is_active=True
    )
    every = facts.seconds("contact_way_read_seconds")
    hour = facts.load_facts()["contact_way_read_hour"]
    return [
        code
        for code in rows.order_by(F("read_at").asc(nulls_first=True), "id")
        if rules.is_reading_due(
            code.read_at, now, time.local(code.hospital, now).hour, every=every, hour=hour
        )
    ]


# ---- who answers behind a live code -------------------------------------------------------


def rosters_of(hospital_id: int, codes: Sequence[LiveCode]) -> dict[int, list[Answerer]]:
    """Return who stands behind each code, in their order: one query."""
    rosters: dict[int, list[Answerer]] = {code.pk: [] for code in codes}
    rows = CodeMember.objects.filter(hospital_id=hospital_id, live_code_id__in=list(rosters))
    for row in rows.select_related("staff").order_by("rank", "id"):
        rosters[row.live_code_id].append(as_answerer(row))
    for code in codes:
        if not rosters[code.pk] and code.staff is not None:
            # A code without a roster has one person behind it, always.
            rosters[code.pk] = [as_answerer(CodeMember(live_code=code, staff=code.staff))]
    return rosters


def as_answerer(row: CodeMember) -> Answerer:
    staff = row.staff
    return Answerer(
        staff_id=staff.pk,
        userid=staff.wecom_userid,
        name=staff.name,
        has_left=not staff.is_active or not staff.wecom_userid,
        is_fallback=row.is_fallback,
        daily_cap=row.daily_cap,
        hours=tuple(rules.DutyHours(*stretch) for stretch in row.hours),
    )


def count_today(
    hospital_id: int, codes: Sequence[LiveCode], now: datetime
) -> dict[int, dict[str, int]]:
    """Count the contacts each member got by each code since the hospital's midnight: one query."""
    counts: dict[int, dict[str, int]] = {code.pk: {} for code in codes}
    if not codes:
        return counts
    here = time.local(codes[0].hospital, now)
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
    rows = Relation.objects.filter(
        hospital_id=hospital_id, live_code_id__in=list(counts), added_at__gte=midnight
    )
    for code_id, userid, added in rows.values_list("live_code_id", "staff_userid").annotate(
        added=Count("id")
    ):
        counts[code_id or 0][userid] = added
    return counts


def answering_of(
    hospital_id: int, codes: Sequence[LiveCode], now: datetime
) -> dict[int, Answering]:
    """Return who answers each code now, and why: two queries, however many codes."""
    rosters = rosters_of(hospital_id, codes)
    counts = count_today(hospital_id, codes, now)
    return {
        code.pk: rules.who_answers(
            rosters[code.pk], time.local(code.hospital, now), counts[code.pk]
        )
        for code in codes
    }


def desired_way(code: LiveCode, answering: Answering) -> WayContent:
    """Return what the provider should have behind this code now."""
    most = 1 if code.is_single else facts.load_facts()["contact_way_members"]
    return WayContent(
        userids=tuple(one.userid for one in answering.members[:most]),
        remark=code.name[: facts.load_facts()["contact_way_remark_characters"]],
        state=code.state_key,
        skip_verify=code.adds_at_once,
    )


def code_step(code: LiveCode, answering: Answering) -> str:
    standing = rules.CodeStanding(
        is_active=code.is_active,
        state=code.state,
        config_id=code.config_id,
        was_asked=code.asked_at is not None,
        can_change=code.account.kind == Account.Kind.WECOM,
    )
    return rules.next_code_step(standing, desired_way(code, answering).as_data(), code.confirmed)


def list_versions(code: LiveCode) -> list[LiveCodeVersion]:
    """Return the versions of a code, newest first."""
    rows = LiveCodeVersion.objects.filter(hospital_id=code.hospital_id, live_code=code)
    return list(rows.select_related("changed_by").order_by("-number"))


def list_members(code: LiveCode) -> list[CodeMember]:
    rows = CodeMember.objects.filter(hospital_id=code.hospital_id, live_code=code)
    return list(rows.select_related("staff").order_by("rank", "id"))


def is_code_in_use(code: LiveCode) -> bool:
    """Tell whether anybody ever came by this code."""
    here = {"hospital_id": code.hospital_id, "live_code": code}
    return (
        Address.objects.filter(**here).exists()
        or Relation.objects.filter(**here).exists()
        or Arrival.objects.filter(**here).exists()
    )


# ---- due work -----------------------------------------------------------------------------


def list_due_notices(hospital_id: int, now: datetime) -> list[int]:
    rows = StaffNotice.objects.filter(
        hospital_id=hospital_id, state__in=["waiting", "claimed"], next_attempt_at__lte=now
    )
    return list(rows.order_by("next_attempt_at").values_list("pk", flat=True)[:200])


def list_due_tasks(hospital_id: int, now: datetime) -> list[MemberTask]:
    rows = MemberTask.objects.filter(
        hospital_id=hospital_id, state=MemberTask.State.OPEN, next_poll_at__lte=now
    )
    return list(rows.order_by("next_poll_at")[:100])


def list_overdue_welcomes(hospital_id: int, now: datetime) -> list[int]:
    """Return arrivals whose welcome code has died unused."""
    rows = Arrival.objects.filter(
        hospital_id=hospital_id,
        welcome__in=[Arrival.Welcome.WAITING, Arrival.Welcome.CLAIMED],
        received_at__lt=now - facts.seconds("welcome_seconds"),
    )
    return list(rows.order_by("received_at").values_list("pk", flat=True)[:200])
