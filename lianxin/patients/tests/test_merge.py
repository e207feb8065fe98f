from __future__ import annotations

import pytest

from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.patients import actions, queries
from lianxin.patients.models import Patient
from lianxin.staff.models import Staff
from lianxin.testing.patients import make_holder, make_holding, make_patient


def test_merging_moves_what_the_kept_patient_has_not(in_riverside: Hospital, lin: Staff) -> None:
    keep, duplicate = make_patient(in_riverside), make_patient(in_riverside)
    both, only = make_holder(in_riverside), make_holder(in_riverside)
    make_holding(keep, both)
    make_holding(duplicate, both)
    make_holding(duplicate, only, relation="family")
    actions.tag_patient(duplicate, "老病友", by=lin, reason="manual")

    merge = actions.merge_patients(keep, duplicate, by=lin)

    assert (duplicate.state, duplicate.merged_into) == ("merged", keep)
    assert queries.find_current_patient(only) == keep
    assert queries.tags_of(in_riverside.pk, [keep.pk]) == {keep.pk: ["老病友"]}
    assert list(queries.list_patients(lin)) == [keep]
    entry = Event.objects.get(name="patient.merged")
    assert entry.data == {"folded_id": duplicate.pk, "merge_id": merge.pk}


def test_a_merge_can_be_taken_back(in_riverside: Hospital, lin: Staff) -> None:
    keep, duplicate = make_patient(in_riverside), make_patient(in_riverside)
    holder = make_holder(in_riverside)
    make_holding(duplicate, holder)
    merge = actions.merge_patients(keep, duplicate, by=lin)

    revived = actions.undo_merge(queries.access_merge(lin, merge.key), by=lin)

    assert (revived.pk, revived.state) == (duplicate.pk, Patient.State.ACTIVE)
    holder.refresh_from_db()
    assert queries.find_current_patient(holder) == duplicate
    with pytest.raises(RefusedError, match="已经撤销"):
        actions.undo_merge(merge, by=lin)


def test_merging_twice_or_with_oneself_is_refused(in_riverside: Hospital, lin: Staff) -> None:
    keep, duplicate = make_patient(in_riverside), make_patient(in_riverside)
    actions.merge_patients(keep, duplicate, by=lin)

    with pytest.raises(RefusedError, match="已经合并"):
        actions.merge_patients(keep, duplicate, by=lin)
    with pytest.raises(RefusedError, match="同一位"):
        actions.merge_patients(keep, keep, by=lin)


def test_two_hospitals_do_not_merge(riverside: Hospital, elsewhere: Hospital, lin: Staff) -> None:
    ours, theirs = make_patient(riverside), make_patient(elsewhere)

    with scope(riverside), pytest.raises(RefusedError, match="两家医院"):
        actions.merge_patients(ours, theirs, by=lin)


def test_managers_may_not_merge(in_riverside: Hospital, lin: Staff) -> None:
    lin.role = Staff.Role.MANAGER

    with pytest.raises(ForbiddenError):
        actions.merge_patients(make_patient(in_riverside), make_patient(in_riverside), by=lin)


def test_chains_come_apart_in_their_order(in_riverside: Hospital, lin: Staff) -> None:
    first, second, third = (make_patient(in_riverside) for _ in range(3))
    holding = make_holding(first)
    inner = actions.merge_patients(second, first, by=lin)
    outer = actions.merge_patients(third, second, by=lin)

    first.refresh_from_db()
    assert first.merged_into == third
    with pytest.raises(RefusedError, match="先撤销那一次"):
        actions.undo_merge(queries.access_merge(lin, inner.key), by=lin)

    actions.undo_merge(queries.access_merge(lin, outer.key), by=lin)
    actions.undo_merge(queries.access_merge(lin, inner.key), by=lin)

    holding.refresh_from_db()
    assert holding.patient == first
    assert set(queries.list_patients(lin)) == {first, second, third}


def test_a_merged_number_finds_who_was_kept_and_is_given_to_nobody_else(
    in_riverside: Hospital, lin: Staff
) -> None:
    keep = make_patient(in_riverside)
    duplicate = make_patient(in_riverside, name="陈重复", inpatient="ZY777")
    merge = actions.merge_patients(keep, duplicate, by=lin)

    assert queries.find_by_inpatient(in_riverside.pk, "ZY777") == keep
    for text in ("ZY777", "陈重复"):
        assert list(queries.list_patients(lin, queries.PatientFilter(search=text))) == [keep]
    with pytest.raises(RefusedError, match="已经登记过"):
        make_patient(in_riverside, inpatient="ZY777")

    facts = actions.PatientFacts(name="陈重复", inpatient="ZY777")
    actions.correct_patient(keep, facts, by=lin)
    with pytest.raises(RefusedError, match="住院号后来又登记"):
        actions.undo_merge(merge, by=lin)


def test_a_code_asked_with_a_merged_number_opens_who_was_kept(
    in_riverside: Hospital, lin: Staff
) -> None:
    keep = make_patient(in_riverside)
    duplicate = make_patient(in_riverside, name="陈重复", inpatient="ZY778")
    actions.merge_patients(keep, duplicate, by=lin)

    code = actions.send_phone_code(
        make_holder(in_riverside), inpatient="ZY778", name="陈重复", relation="self"
    )

    assert code.patient == keep
