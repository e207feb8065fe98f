"""Who unfollows an Official Account is forgotten there, as the platform asks; a record stays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.db import connection

from lianxin.channels import actions as channels
from lianxin.channels.adapters.base import Inbound
from lianxin.channels.models import Account, Address, Arrival
from lianxin.channels.queries import facts_of
from lianxin.compliance import actions, jobs
from lianxin.compliance.rules.platform import ADDRESS, EVERYTHING, NAME, what_goes
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import DataKey, Event, Hospital
from lianxin.patients import actions as patients
from lianxin.patients import queries as patient_queries
from lianxin.patients.models import Holder, Patient
from lianxin.staff.models import Staff
from lianxin.testing.channels import make_account
from lianxin.testing.jobs import run_periodic
from lianxin.testing.patients import make_holding, make_patient

OPEN_ID, UNION_ID, NICKNAME = "oWangFang", "u-wangfang", "芳草"


@pytest.fixture
def official(in_riverside: Hospital) -> Account:
    return make_account(in_riverside, Account.Kind.OFFICIAL_ACCOUNT)


def tell(account: Account, event: str, kind: str) -> None:
    now = time.now()
    inbound = Inbound(
        event=event,
        arrival_key=f"{kind}:{OPEN_ID}:{now.timestamp()}",
        occurred_at=now,
        kind=kind,
        external_id=OPEN_ID,
        union_id=UNION_ID,
        text="您好" if kind == "text" else "",
    )
    channels.take_in(facts_of(account), [inbound])


def follow(account: Account) -> Holder:
    """Let somebody follow, be known by name, and write."""
    tell(account, "contact.added", "follow")
    tell(account, "message.arrived", "text")
    address = Address.objects.get(account=account, external_id=OPEN_ID)
    by = SystemActor(account.hospital_id)
    holder = patients.receive_contact(account.hospital_id, address.pk, by=by)
    patients.name_holder(holder, NICKNAME, by=by)
    patients.open_session(holder)
    return holder


def unfollow(account: Account) -> None:
    tell(account, "contact.removed", "by_patient")


def sweep(account: Account) -> None:
    run_periodic(jobs.__name__, "forget_unfollowed", account.hospital_id)


@pytest.fixture
def later() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(time.now(), tick=False) as clock:
        yield clock


def nickname(holder: Holder) -> str:
    holder.refresh_from_db()
    return patient_queries.nicknames_of(holder.hospital_id, [holder])[holder.pk]


def everything_kept() -> str:
    """Dump every row of every table."""
    with connection.cursor() as cursor:
        dumps = []
        for table in connection.introspection.table_names():
            cursor.execute(f'select to_jsonb(t)::text from "{table}" t')
            dumps += [row[0] for row in cursor.fetchall()]
    return json.dumps(dumps, ensure_ascii=False)


def test_a_stranger_leaves_nothing_behind(official: Account, later: time_machine.Traveller) -> None:
    holder = follow(official)
    later.shift(60)
    unfollow(official)
    later.shift(timedelta(hours=23))
    sweep(official)
    assert OPEN_ID in everything_kept()

    later.shift(timedelta(hours=2))
    sweep(official)
    sweep(official)

    kept = everything_kept()
    assert OPEN_ID not in kept
    assert UNION_ID not in kept
    assert set(Arrival.objects.values_list("payload_sealed", flat=True)) == {b""}
    holder.refresh_from_db()
    assert (holder.is_active, bytes(holder.nickname_sealed)) == (False, b"")
    assert not DataKey.objects.filter(subject="holder", destroyed_at=None).exists()
    told = Event.objects.filter(name__in=("address.forgotten", "holder.forgotten"))
    assert [(one.name, one.data) for one in told.order_by("id")] == [
        ("address.forgotten", {"reason": "unfollowed"}),
        ("holder.forgotten", {}),
    ]


def test_who_came_back_in_time_is_kept(official: Account, later: time_machine.Traveller) -> None:
    holder = follow(official)
    later.shift(60)
    unfollow(official)
    later.shift(60)
    tell(official, "contact.added", "follow")
    later.shift(timedelta(days=3))

    sweep(official)

    assert Address.objects.get().external_id == OPEN_ID
    assert nickname(holder) == NICKNAME


def test_who_comes_back_later_is_somebody_new(
    official: Account, later: time_machine.Traveller
) -> None:
    before = follow(official)
    later.shift(60)
    unfollow(official)
    later.shift(timedelta(days=2))
    sweep(official)

    after = follow(official)
    later.shift(60)
    unfollow(official)
    later.shift(timedelta(days=2))
    sweep(official)

    assert after.pk != before.pk
    assert Address.objects.filter(external_id__startswith="erased:").count() == 2


def test_a_patients_record_stays_without_the_platforms_name(
    official: Account, in_riverside: Hospital, later: time_machine.Traveller
) -> None:
    holder = follow(official)
    patient = make_patient(in_riverside, name="王芳")
    make_holding(patient, holder)
    later.shift(60)
    unfollow(official)
    later.shift(timedelta(days=2))

    sweep(official)

    assert OPEN_ID not in everything_kept()
    assert patient_queries.face_of(patient).name == "王芳"
    holder.refresh_from_db()
    assert (holder.is_active, bytes(holder.nickname_sealed)) == (True, b"")
    assert [held.patient for held in patient_queries.patients_of(holder)] == [patient]
    record = DataKey.objects.filter(subject="patient", subject_id=patient.pk)
    assert not record.exclude(destroyed_at=None).exists()


def test_who_is_met_at_another_account_is_forgotten_at_this_one(
    official: Account, in_riverside: Hospital, later: time_machine.Traveller
) -> None:
    holder = follow(official)
    wecom = make_account(in_riverside)
    by = SystemActor(in_riverside.pk)
    channels.take_in(
        facts_of(wecom),
        [
            Inbound(
                event="contact.added",
                arrival_key="full:DrLi:wmWang:1",
                occurred_at=time.now(),
                kind="full",
                external_id="wmWang",
                staff_userid="DrLi",
                union_id=UNION_ID,
            )
        ],
    )
    same = Address.objects.get(account=wecom)
    assert patients.receive_contact(in_riverside.pk, same.pk, by=by) == holder
    later.shift(60)
    unfollow(official)
    later.shift(timedelta(days=2))

    sweep(official)

    assert OPEN_ID not in everything_kept()
    same.refresh_from_db()
    assert (same.external_id, same.union_id) == ("wmWang", UNION_ID)
    assert nickname(holder) == NICKNAME


def test_erasing_a_patient_forgets_where_she_had_left_already(
    official: Account, in_riverside: Hospital, admin: Staff
) -> None:
    patient: Patient = make_patient(in_riverside)
    make_holding(patient, follow(official))
    unfollow(official)

    actions.erase_patient(patient, by=admin, reason="patient_asked")

    address = Address.objects.get()
    assert (address.external_id[:7], address.union_id) == ("erased:", "")


@pytest.mark.parametrize(
    ("was_verified", "is_met_elsewhere", "goes"),
    [
        (False, False, EVERYTHING),
        (True, False, NAME),
        (False, True, ADDRESS),
        (True, True, ADDRESS),
    ],
)
def test_what_goes_with_the_platforms_ids(
    was_verified: bool,
    is_met_elsewhere: bool,
    goes: str,
) -> None:
    assert what_goes(was_verified=was_verified, is_met_elsewhere=is_met_elsewhere) == goes
