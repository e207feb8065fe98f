"""What a live code brought, counted of stays: against a plain model, over random histories."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lianxin.channels import actions, queries
from lianxin.channels.adapters.base import Inbound
from lianxin.channels.models import Account, LiveCode, Stay
from lianxin.channels.queries import CodeCount
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import Hospital
from lianxin.staff.models import Staff
from lianxin.testing.channels import make_account
from lianxin.testing.core import number

MIGRATION = importlib.import_module("lianxin.channels.migrations.0029_count_stays")
COMING = ("half", "full", "follow", "scan")


@dataclass(frozen=True)
class Step:
    """One thing that happens to one person and one member (0: the account itself)."""

    person: int
    member: int
    kind: str
    # Which of the two codes; 0: none was said.
    code: int
    days: int
    is_told_twice: bool


@dataclass
class Spell:
    """What the model remembers of one time that somebody was there."""

    code: int
    began_at: datetime
    ended_at: datetime | None = None
    ended_by: str = ""


def steps_of(kinds: tuple[str, ...], members: tuple[int, ...]) -> st.SearchStrategy[list[Step]]:
    one = st.builds(
        Step,
        person=st.integers(1, 2),
        member=st.sampled_from(members),
        kind=st.sampled_from(kinds),
        code=st.integers(0, 2),
        days=st.integers(1, 6),
        is_told_twice=st.booleans(),
    )
    return st.lists(one, min_size=4, max_size=14)


WECOM_KINDS = ("half", "full", "full", "by_patient", "by_staff", "transferred", "unlisted")
HISTORIES = st.one_of(
    st.tuples(st.just("wecom"), steps_of(WECOM_KINDS, (1, 2))),
    st.tuples(
        st.just("official_account"),
        steps_of(("follow", "follow", "scan", "by_patient", "unlisted"), (0,)),
    ),
)


class Model:
    """What is true, in plain lists: who came by what, and how it ended."""

    def __init__(self) -> None:
        self.spells: dict[tuple[int, int], list[Spell]] = {}

    def take(self, step: Step, at: datetime) -> Step | None:
        """Let it happen; returns it as the provider would tell it, or nothing if it cannot be."""
        spells = self.spells.setdefault((step.person, step.member), [])
        now = spells[-1] if spells and spells[-1].ended_at is None else None
        if step.kind in COMING:
            self.come(spells, now, step, at)
        elif step.kind == "unlisted" and now is None:
            return self.be_listed_again(spells, step)
        elif now is not None:
            now.ended_at, now.ended_by = at, step.kind
        elif not spells:
            return None
        return step

    def come(self, spells: list[Spell], now: Spell | None, step: Step, at: datetime) -> None:
        if now is not None and step.kind == "follow":
            now.ended_at, now.ended_by = at, "by_patient"
            now = None
        if now is None:
            spells.append(Spell(step.code, at))
        elif step.kind != "scan":
            now.code = now.code or step.code

    def be_listed_again(self, spells: list[Spell], step: Step) -> Step | None:
        """Only whom a list had missed comes back by a list, and then had never left."""
        if not spells or spells[-1].ended_by != "unlisted":
            return None
        spells[-1].ended_at, spells[-1].ended_by = None, ""
        return replace(step, kind="listed" if not step.member else "back", code=0)

    def count(self, code: int, now: datetime) -> CodeCount:
        mine = [one for all_ in self.spells.values() for one in all_ if one.code == code]
        numbers = {"added": len(mine)}
        for end in ("by_patient", "by_staff", "transferred", "unlisted"):
            numbers[end] = sum(one.ended_by == end for one in mine)
        for days in (7, 30):
            length = timedelta(days=days)
            old = [one for one in mine if one.began_at <= now - length]
            stayed = [
                one for one in old if one.ended_at is None or one.ended_at - one.began_at >= length
            ]
            moved = [one for one in old if one.ended_by == "transferred" and one not in stayed]
            numbers |= {f"due_{days}": len(old) - len(moved), f"staying_{days}": len(stayed)}
        return CodeCount(**numbers)


def as_inbound(step: Step, at: datetime, run: int, codes: list[LiveCode]) -> Inbound:
    member = f"Dr{step.member}" if step.member else ""
    person = f"p{run}-{step.person}"
    prefix = {"back": "back", "listed": "back", "unlisted": "gone"}.get(step.kind, step.kind)
    parts = [prefix, member, person, str(int(at.timestamp()))]
    comes = step.kind in (*COMING, "back", "listed")
    return Inbound(
        event="contact.added" if comes else "contact.removed",
        arrival_key=":".join(part for part in parts if part),
        occurred_at=at,
        kind=step.kind,
        external_id=person,
        staff_userid=member,
        state=codes[step.code - 1].state_key if step.code else "",
    )


def make_codes(account: Account, zhou: Staff) -> list[LiveCode]:
    by = SystemActor(account.hospital_id)
    return [actions.create_live_code(account, name, staff=zhou, by=by) for name in ("甲", "乙")]


def counted(account: Account, codes: list[LiveCode], now: datetime) -> list[CodeCount]:
    ids = [code.pk for code in codes]
    found = queries.count_by_live_code(account.hospital_id, ids, now)
    return [replace(found[one], scanned=0) for one in ids]


@pytest.fixture
def accounts(in_riverside: Hospital) -> dict[str, Account]:
    return {kind: make_account(in_riverside, kind) for kind in ("wecom", "official_account")}


@given(history=HISTORIES)
@settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)
def test_codes_count_what_became_of_whom(
    accounts: dict[str, Account], zhou: Staff, history: tuple[str, list[Step]]
) -> None:
    kind, steps = history
    account, run, now = accounts[kind], next(number), time.now()
    codes, model = make_codes(account, zhou), Model()
    at = now.replace(microsecond=0) - timedelta(days=sum(one.days for one in steps) + 5)
    for step in steps:
        at += timedelta(days=step.days)
        told = model.take(step, at)
        if told is not None:
            inbound = as_inbound(told, at, run, codes)
            actions.take_in(queries.facts_of(account), [inbound] * (1 + step.is_told_twice))
    expected = [model.count(code, now) for code in (1, 2)]

    assert counted(account, codes, now) == expected

    # What existed before stays did is counted out of the arrivals, to the same numbers.
    Stay.objects.filter(live_code__in=codes).delete()
    with connection.cursor() as cursor:
        for sql in (MIGRATION.FROM_ARRIVALS, MIGRATION.FROM_RELATIONS, MIGRATION.FROM_ADDRESSES):
            cursor.execute(sql)
    assert counted(account, codes, now) == expected
    Stay.objects.all().delete()


def test_a_scan_that_overtook_the_follow_is_no_coming(
    accounts: dict[str, Account], zhou: Staff
) -> None:
    account, now = accounts["official_account"], time.now()
    codes = make_codes(account, zhou)
    follow = Step(1, 0, "follow", code=1, days=0, is_told_twice=False)
    scan = as_inbound(replace(follow, kind="scan", code=2), now, 0, codes)
    first = as_inbound(follow, now - timedelta(minutes=1), 0, codes)

    actions.take_in(queries.facts_of(account), [scan, first])

    assert [one.added for one in counted(account, codes, now)] == [1, 0]


def test_who_is_erased_is_not_counted_as_staying(accounts: dict[str, Account], zhou: Staff) -> None:
    account, now = accounts["wecom"], time.now()
    codes = make_codes(account, zhou)
    come = Step(1, 1, "full", code=1, days=0, is_told_twice=False)
    actions.take_in(queries.facts_of(account), [as_inbound(come, now, 0, codes)])

    by = SystemActor(account.hospital_id)
    ids = list(Stay.objects.values_list("address_id", flat=True))
    actions.forget_addresses(account.hospital_id, ids, by=by)

    [found, _other] = counted(account, codes, now)
    assert (found.added, found.otherwise, found.staying) == (1, 1, 0)
