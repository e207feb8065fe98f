"""Being in a customer group starts a journey, and leaving may end it: only for known patients."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from lianxin.channels.models import Account, Address, Group
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.journeys.models import Enrolment, Journey
from lianxin.journeys.rules.definition import Definition, Trigger
from lianxin.journeys.rules.entry import ends_by_leaving, is_in_group
from lianxin.journeys.rules.parsing import DefinitionError, parse_definition
from lianxin.patients.models import Holder, Patient
from lianxin.testing.channels import look_at_group, make_account, make_address, make_group
from lianxin.testing.compliance import grant
from lianxin.testing.jobs import run_jobs
from lianxin.testing.journeys import CARDS, make_journey, make_ready_patient
from lianxin.testing.patients import make_holder, make_holding, make_patient


def hanging_on(group: Group | None, *, ends: bool = False) -> dict[str, Any]:
    trigger: dict[str, Any] = {"kind": "group", "ends_on_leaving": ends}
    if group is not None:
        trigger["group"] = group.key
    return CARDS | {"anchor": "enrolled_on", "triggers": [trigger]}


@pytest.fixture
def account(riverside: Hospital) -> Account:
    return make_account(riverside)


@pytest.fixture
def group(account: Account) -> Group:
    return make_group(account, "院外 1 群")


@pytest.fixture
def address(account: Account) -> Address:
    return make_address(account, staff_userid="DrLi")


@pytest.fixture
def holder(riverside: Hospital, address: Address) -> Holder:
    return make_holder(riverside, address=address)


@pytest.fixture
def patient(riverside: Hospital, holder: Holder) -> Patient:
    """Make a verified and consenting patient whose WeChat is at that address."""
    made = make_patient(riverside)
    make_holding(made, holder)
    grant(made, "health_records", "reminders")
    return made


def join(group: Group, *addresses: Address) -> None:
    """Let a look find exactly these people, and everybody hear of it."""
    look_at_group(group, external_ids=tuple(one.external_id for one in addresses))
    run_jobs()


def states(journey: Journey) -> list[tuple[str, str]]:
    with scope(journey.hospital_id):
        return list(Enrolment.objects.order_by("pk").values_list("state", "end_reason"))


@pytest.mark.parametrize("is_named", [True, False])
def test_who_joins_starts_and_who_leaves_ends(
    group: Group, address: Address, patient: Patient, *, is_named: bool
) -> None:
    journey = make_journey(patient.hospital, hanging_on(group if is_named else None, ends=True))

    join(group, address)
    assert states(journey) == [("active", "")]
    join(group)
    assert states(journey) == [("stopped", "left_group")]


def test_another_group_starts_nothing_and_leaving_it_ends_nothing(
    account: Account, group: Group, address: Address, patient: Patient
) -> None:
    journey = make_journey(patient.hospital, hanging_on(group, ends=True))
    other = make_group(account, "院外 2 群")

    join(other, address)
    assert states(journey) == []
    join(group, address)
    join(other)
    assert states(journey) == [("active", "")]


def test_leaving_ends_nothing_where_the_journey_does_not_say_so(
    group: Group, address: Address, patient: Patient
) -> None:
    journey = make_journey(patient.hospital, hanging_on(group))

    join(group, address)
    join(group)

    assert states(journey) == [("active", "")]


def test_a_member_whom_nobody_knows_starts_nothing_until_verified(
    riverside: Hospital, group: Group, address: Address, holder: Holder
) -> None:
    journey = make_journey(riverside, hanging_on(group))
    join(group, address)
    assert states(journey) == []

    patient = make_patient(riverside)
    make_holding(patient, holder)
    grant(patient, "health_records", "reminders")
    run_jobs()

    assert states(journey) == [("active", "")]


def test_a_member_who_stands_for_two_patients_starts_nothing(
    group: Group, address: Address, holder: Holder, patient: Patient
) -> None:
    make_holding(make_patient(patient.hospital), holder, relation="family")
    journey = make_journey(patient.hospital, hanging_on(group))

    join(group, address)

    assert states(journey) == []


def test_the_page_says_which_group_and_for_whom(
    as_lin: Client, as_admin: Client, riverside: Hospital, group: Group
) -> None:
    journey = make_journey(riverside, hanging_on(group, ends=True))
    make_ready_patient(riverside)

    page = as_lin.get(f"/journeys/{journey.key}/").content.decode()
    form = as_admin.get(f"/journeys/{journey.key}/definition/").content.decode()

    assert "进入客户群（院外 1 群），离开就结束" in page
    assert "只替一位患者使用手机的人" in page
    assert group.key in form
    look_at_group(group)
    with scope(riverside):
        Group.objects.update(dismissed_at=group.created_at)
    gone = as_lin.get(f"/journeys/{journey.key}/").content.decode()
    assert "的群不在了" in gone


@pytest.mark.parametrize(
    ("trigger", "field"),
    [
        ({"kind": "group", "group": "院外"}, "group"),
        ({"kind": "group", "name": "joined"}, "name"),
        ({"kind": "group", "ends_on_leaving": "yes"}, "ends_on_leaving"),
        ({"kind": "manual", "group": "abcdefghijkl"}, "group"),
    ],
)
def test_a_trigger_that_cannot_be_is_named(trigger: dict[str, Any], field: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_definition(CARDS | {"triggers": [trigger]})

    assert [problem.field for problem in caught.value.problems] == [field]


KEYS = st.sampled_from(["", "aaaaaaaaaaaa", "bbbbbbbbbbbb"])
GROUP_TRIGGERS = st.builds(
    Trigger, kind=st.just("group"), group=KEYS, ends_on_leaving=st.booleans()
)


@given(triggers=st.lists(GROUP_TRIGGERS), groups=st.frozensets(KEYS.filter(bool)))
def test_nobody_is_ended_by_a_group_that_keeps_them(
    triggers: list[Trigger], groups: frozenset[str]
) -> None:
    definition = Definition(
        "k", (), "enrolled_on", (), tuple(triggers), reentry_after_days=None, slots=(), steps=()
    )

    if ends_by_leaving(definition, groups):
        assert not is_in_group([t for t in triggers if t.ends_on_leaving], groups)
        assert any(t.ends_on_leaving for t in triggers)
    if not groups:
        assert not is_in_group(triggers, groups)
