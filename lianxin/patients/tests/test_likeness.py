"""The list of those who may be one person: found by jobs, decided by people, remembered."""

from __future__ import annotations

from datetime import date, timedelta

import time_machine
from django.test import Client
from django.urls import reverse

from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import AccessEntry, Event, Hospital
from lianxin.core.scope import scope
from lianxin.patients import actions, jobs, queries
from lianxin.patients.actions import PatientFacts
from lianxin.patients.models import Holding, Likeness, Patient, PatientMerge
from lianxin.staff.models import Staff
from lianxin.testing.guarded import assert_guarded
from lianxin.testing.patients import make_holder, make_holding, make_patient

PHONE = "13812349999"
BORN = date(1958, 3, 1)


def body(response: object) -> str:
    return str(response.content.decode())  # type: ignore[attr-defined]


def look(hospital: Hospital, *patients: Patient) -> None:
    """Run the job that hears of these patients, twice: the second run changes nothing."""
    events = [{"patient_id": patient.pk} for patient in patients]
    for _run in range(2):
        jobs.look_for_likenesses.func(hospital.pk, events)


def make_alike(hospital: Hospital) -> tuple[Patient, Patient]:
    """Make two rows with one name and phone."""
    one, other = (
        make_patient(hospital, name="陈一人", phone=PHONE, birth_on=birth_on)
        for birth_on in (BORN, None)
    )
    look(hospital, one, other)
    return one, other


def find_only(hospital: Hospital) -> Likeness:
    with scope(hospital):
        return Likeness.objects.get()


def test_who_shares_name_and_phone_is_put_on_the_list(
    as_lin: Client, riverside: Hospital, lin: Staff
) -> None:
    one, other = make_alike(riverside)
    pair = find_only(riverside)

    listed = body(as_lin.get(reverse("patients:likenesses")))
    page = body(as_lin.get(reverse("patients:likeness", args=[pair.key])))

    assert (pair.confidence, pair.reason_code) == ("likely", "phone_and_name")
    for text in (listed, page):
        assert "手机号相同" in text
        assert "住院号不同" in text
        assert "陈一人" not in text
    assert PHONE not in page
    assert "likenesses/" in body(as_lin.get(reverse("patients:list")))
    with scope(riverside):
        seen = AccessEntry.objects.filter(by_id=lin.pk, page="patients:likeness")
        assert set(seen.values_list("patient_id", flat=True)) == {one.pk, other.pk}
        assert Event.objects.filter(name="likeness.found").count() == 1


def test_both_sides_are_shown_in_full_once_and_it_is_written_down(
    as_lin: Client, riverside: Hospital, lin: Staff
) -> None:
    one, other = make_alike(riverside)
    url = reverse("patients:likeness_reveal", args=[find_only(riverside).key])

    page = body(as_lin.post(url))

    assert PHONE in page
    assert "陈一人" in page
    with scope(riverside):
        seen = AccessEntry.objects.filter(by_id=lin.pk, page="patients:reveal")
        assert set(seen.values_list("patient_id", flat=True)) == {one.pk, other.pk}


def test_two_people_stay_two_until_there_is_new_evidence(
    as_lin: Client, riverside: Hospital, lin: Staff
) -> None:
    one, other = make_alike(riverside)
    pair = find_only(riverside)

    as_lin.post(reverse("patients:likeness_dismiss", args=[pair.key]))
    look(riverside, one, other)
    assert find_only(riverside).state == "dismissed"
    again = as_lin.post(reverse("patients:likeness_dismiss", args=[pair.key]))
    assert again.status_code == 409

    facts = PatientFacts(name="陈一人", phone=PHONE, birth_on=BORN, sex="female", inpatient="ZY42")
    with scope(riverside):
        actions.correct_patient(other, facts, by=lin)
    look(riverside, other)
    reopened = find_only(riverside)
    assert reopened.state == "open"
    assert "same_birthday" in reopened.agrees


def test_later_comes_back_after_some_days(as_lin: Client, riverside: Hospital, lin: Staff) -> None:
    make_alike(riverside)
    as_lin.post(reverse("patients:likeness_later", args=[find_only(riverside).key]))

    with scope(riverside):
        assert queries.count_likenesses(lin) == 0
        assert queries.list_likenesses(lin, "later").count() == 1
        with time_machine.travel(time.now() + timedelta(days=8)):
            assert queries.count_likenesses(lin) == 1


def test_the_chosen_row_is_kept_and_taken_apart_is_remembered(
    as_lin: Client, riverside: Hospital, lin: Staff
) -> None:
    one, other = make_alike(riverside)
    pair = find_only(riverside)

    as_lin.post(reverse("patients:likeness_merge", args=[pair.key]), {"keep": other.key})

    with scope(riverside):
        merge = PatientMerge.objects.get()
        assert merge.kept == other
        assert find_only(riverside).state == "merged"
        actions.undo_merge(queries.access_merge(lin, merge.key), by=lin)
    look(riverside, one, other)
    assert find_only(riverside).state == "dismissed"
    page = body(as_lin.get(reverse("patients:likenesses"), {"standing": "decided"}))
    assert "不是同一人" in page


def test_a_correction_takes_the_pair_off_the_list(riverside: Hospital, lin: Staff) -> None:
    _one, other = make_alike(riverside)

    with scope(riverside):
        actions.correct_patient(other, PatientFacts(name="陈一人", phone="13900001111"), by=lin)
    look(riverside, other)

    with scope(riverside):
        assert queries.count_likenesses(lin) == 0


def test_one_wechat_verified_for_one_name_and_birthday_is_joined_at_once(
    riverside: Hospital,
) -> None:
    one, other = (
        make_patient(riverside, name="陈一人", birth_on=BORN, inpatient=number)
        for number in ("ZY1001", "")
    )
    holder = make_holder(riverside)
    for patient in (one, other):
        make_holding(patient, holder)

    look(riverside, one)

    with scope(riverside):
        merge = PatientMerge.objects.get()
        assert (merge.kept, merge.folded, merge.by_kind) == (one, other, "system")
        assert [held.patient for held in queries.patients_of(holder)] == [one]


def test_two_numbers_are_never_joined_without_a_person(riverside: Hospital) -> None:
    one, other = (make_patient(riverside, name="陈一人", birth_on=BORN) for _row in range(2))
    holder = make_holder(riverside)
    for patient in (one, other):
        make_holding(patient, holder)

    look(riverside, one, other)

    assert find_only(riverside).state == "open"
    assert find_only(riverside).confidence == "certain"


def test_a_family_on_one_phone_is_never_joined(riverside: Hospital) -> None:
    mother = make_patient(riverside, name="陈母亲", phone=PHONE, inpatient="")
    twice = [
        make_patient(riverside, name="陈儿子", phone=PHONE, inpatient="", birth_on=BORN)
        for _row in range(2)
    ]
    for patient in twice:
        holding = make_holding(patient)
        with scope(riverside):
            Holding.objects.filter(pk=holding.pk).update(verified_how=Holding.How.CODE)

    look(riverside, mother, *twice)

    pair = find_only(riverside)
    assert [pair.first_id, pair.second_id] == [patient.pk for patient in twice]
    assert (pair.confidence, pair.state) == ("possible", "open")


def test_another_hospitals_patients_are_never_compared(
    riverside: Hospital, elsewhere: Hospital
) -> None:
    ours = make_patient(riverside, name="陈一人", phone=PHONE)
    make_patient(elsewhere, name="陈一人", phone=PHONE)

    look(riverside, ours)

    with scope(riverside):
        assert not Likeness.objects.exists()


def test_the_pages_are_guarded(riverside: Hospital) -> None:
    one, other = make_patient(riverside), make_patient(riverside)
    with scope(riverside):
        pair = actions.compare_by_hand(one, other, by=SystemActor(riverside.pk))
    for name, method, permission, bad in (
        ("likeness", "GET", "patient.edit", None),
        ("likeness_reveal", "POST", "patient.reveal", None),
        ("likeness_merge", "POST", "patient.edit", {"keep": ""}),
        ("likeness_dismiss", "POST", "patient.edit", None),
        ("likeness_later", "POST", "patient.edit", None),
    ):
        url = reverse(f"patients:{name}", args=[pair.key])
        assert_guarded(url, method, hospital=riverside, permission=permission, bad=bad)


def test_the_list_costs_the_same_for_one_pair_and_for_ten(
    as_lin: Client, riverside: Hospital, django_assert_max_num_queries: object
) -> None:
    url = reverse("patients:likenesses")
    make_alike(riverside)
    as_lin.get(url)
    costs = []
    for more in (0, 9):
        for number in range(more):
            pair = [
                make_patient(riverside, name=f"陈{number}", phone=f"1391111{number:04d}")
                for _row in range(2)
            ]
            look(riverside, *pair)
        with django_assert_max_num_queries(40) as counted:  # type: ignore[operator]
            as_lin.get(url)
        costs.append(len(counted))
    assert costs[0] == costs[1]
