from __future__ import annotations

import pytest
from django.http import HttpRequest

from lianxin.channels.actions.addresses import settle_identity
from lianxin.channels.models import Account, LiveCode
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import Event, Hospital
from lianxin.patients import actions, jobs, queries
from lianxin.patients.models import Holder, HolderSession, HolderTag
from lianxin.patients.sessions import COOKIE, holder_of_request
from lianxin.staff.models import Staff
from lianxin.testing.patients import make_address, make_holder, make_holding, make_patient
from lianxin.testing.staff import make_team


@pytest.fixture
def code(in_riverside: Hospital, zhou: Staff) -> LiveCode:
    team = make_team(in_riverside, zhou)
    account = Account.objects.create(
        hospital=in_riverside, kind=Account.Kind.WECOM, name="企业微信"
    )
    return LiveCode.objects.create(
        hospital=in_riverside,
        state_key="ward-7",
        account=account,
        staff=zhou,
        team=team,
        department=team.department,
        name="心内科 7 病区",
        tag_names=["心内科", "7 病区"],
        created_at=time.now(),
    )


def test_an_added_contact_becomes_a_holder_with_neutral_facts(
    in_riverside: Hospital, code: LiveCode, zhou: Staff
) -> None:
    address = make_address(in_riverside, kind=Account.Kind.WECOM)
    event = {"subject_id": address.pk, "data": {"live_code_id": code.pk}}

    jobs.receive_contacts.func(hospital_id=in_riverside.pk, events=[event])

    holder = Holder.objects.get()
    assert (holder.team_id, holder.department_id) == (code.team_id, code.department_id)
    assert (holder.staff_id, holder.live_code_id) == (zhou.pk, code.pk)
    tags = HolderTag.objects.values_list("tag__name", "tag__is_neutral", "reason")
    assert set(tags) == {("心内科", True, "live_code"), ("7 病区", True, "live_code")}
    arrived = Event.objects.get(name="holder.arrived")
    assert arrived.data == {"address_id": address.pk, "live_code_id": code.pk}
    assert arrived.patient_id is None


def test_the_same_contact_twice_is_one_holder(in_riverside: Hospital, code: LiveCode) -> None:
    address = make_address(in_riverside)
    event = {"subject_id": address.pk, "data": {"live_code_id": code.pk}}

    jobs.receive_contacts.func(hospital_id=in_riverside.pk, events=[event, event])

    assert Holder.objects.count() == 1
    assert HolderTag.objects.count() == 2
    assert Event.objects.filter(name="holder.arrived").count() == 1


def test_one_wechat_at_two_accounts_is_one_holder(in_riverside: Hospital) -> None:
    first = make_holder(in_riverside, address=make_address(in_riverside, union_id="u-1"))
    second = make_holder(in_riverside, address=make_address(in_riverside, union_id="u-1"))
    other = make_holder(in_riverside, address=make_address(in_riverside, union_id="u-2"))

    assert first == second
    assert other != first
    assert len(queries.addresses_of_holder(in_riverside.pk, first.pk)) == 2
    assert Event.objects.filter(name="holder.address_linked").count() == 1


def test_a_name_from_the_provider_is_kept_sealed(in_riverside: Hospital) -> None:
    holder = make_holder(in_riverside)

    actions.name_holder(holder, "桂兰花开", by=SystemActor(in_riverside.pk))

    holder.refresh_from_db()
    assert "桂兰".encode() not in bytes(holder.nickname_sealed)
    assert queries.nicknames_of(in_riverside.pk, [holder]) == {holder.pk: "桂兰花开"}


def request_with(token: str) -> HttpRequest:
    request = HttpRequest()
    request.COOKIES[COOKIE] = token
    return request


def test_a_phone_is_known_by_its_cookie_until_it_signs_out(in_riverside: Hospital) -> None:
    holder = make_holder(in_riverside)
    token = actions.open_session(holder)

    assert holder_of_request(request_with(token)) == holder
    assert token.encode() not in bytes(HolderSession.objects.get().token_hash)
    assert holder_of_request(request_with(f"{token}x")) is None

    actions.close_session(token)
    assert holder_of_request(request_with(token)) is None


def test_a_session_ends_after_thirty_days(in_riverside: Hospital) -> None:
    token = actions.open_session(make_holder(in_riverside))
    HolderSession.objects.update(expires_at=time.now())

    assert holder_of_request(request_with(token)) is None
    assert actions.drop_expired_sessions(in_riverside.pk) == 1


def test_outreach_learns_where_a_patient_can_be_met(in_riverside: Hospital) -> None:
    patient = make_patient(in_riverside)
    own, daughter = make_holder(in_riverside), make_holder(in_riverside)
    make_holding(patient, daughter, relation="family")
    make_holding(patient, own)
    make_holding(patient, make_holder(in_riverside), verified=False)

    found = queries.addresses_of(patient)
    assert [(way.holder_id, way.relation) for way in found] == [
        (own.pk, "self"),
        (daughter.pk, "family"),
    ]


def test_a_union_id_that_comes_late_joins_two_holders(in_riverside: Hospital) -> None:
    """WeCom knew her first; the Official Account says a moment after the follow who she is."""
    wecom = make_address(in_riverside, union_id="u-1")
    follower = make_address(in_riverside)
    first = make_holder(in_riverside, address=wecom)
    second = make_holder(in_riverside, address=follower)
    mother, child = make_patient(in_riverside), make_patient(in_riverside)
    make_holding(mother, first)
    make_holding(child, second, relation="family")
    token = actions.open_session(second)
    assert first != second

    settle_identity(follower, "u-1")
    event = {"subject_id": follower.pk, "data": {}}
    jobs.join_identified.func(hospital_id=in_riverside.pk, events=[event, event])

    assert len(queries.addresses_of_holder(in_riverside.pk, first.pk)) == 2
    assert {held.patient for held in queries.patients_of(first)} == {mother, child}
    assert holder_of_request(request_with(token)) == first
    second.refresh_from_db()
    assert not second.is_active
    assert Event.objects.filter(name="holder.joined").count() == 1


def test_an_identified_address_that_nobody_knows_becomes_a_holder(in_riverside: Hospital) -> None:
    address = make_address(in_riverside, union_id="u-9")

    holder = actions.join_holders(in_riverside.pk, address.pk, by=SystemActor(in_riverside.pk))

    assert queries.find_holder_of_address(in_riverside.pk, address.pk) == holder
