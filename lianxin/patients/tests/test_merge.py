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
