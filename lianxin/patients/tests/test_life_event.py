from __future__ import annotations

import pytest

from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.core.models import Event, Hospital
from lianxin.patients import actions, queries, sealing
from lianxin.patients.models import LifeEvent
from lianxin.staff.models import Staff
from lianxin.testing.patients import make_patient


@pytest.mark.parametrize("kind", LifeEvent.Kind.values)
def test_one_tap_stops_everything_in_its_own_transaction(
    in_riverside: Hospital, lin: Staff, kind: str
) -> None:
    patient = make_patient(in_riverside)
    assert not queries.is_stopped(in_riverside.pk, patient.pk)

    event = actions.record_life_event(patient, kind, by=lin, note="夜里急诊收住院")

    # No job has run yet, and the gate already refuses.
    assert queries.is_stopped(in_riverside.pk, patient.pk)
    assert (patient.is_stopped, patient.stop_reason) == (True, kind)
    entry = Event.objects.get(name="patient.life_event")
    assert entry.data == {"kind": kind, "life_event_id": event.pk}
    ring = sealing.ring_of(in_riverside.pk, [patient.pk])
    assert sealing.open_note(ring, event) == "夜里急诊收住院"


def test_tapping_twice_is_refused_and_something_worse_is_not(
    in_riverside: Hospital, lin: Staff
) -> None:
    patient = make_patient(in_riverside)
    actions.record_life_event(patient, "readmission", by=lin)

    with pytest.raises(RefusedError, match="已经记录"):
        actions.record_life_event(patient, "readmission", by=lin)
    actions.record_life_event(patient, "death", by=lin)
    assert patient.stop_reason == "death"
    assert len(queries.list_life_events(lin, patient)) == 2


def test_care_resumes_but_not_after_a_death(in_riverside: Hospital, lin: Staff) -> None:
    patient = make_patient(in_riverside)
    with pytest.raises(RefusedError, match="没有停止"):
        actions.resume_patient(patient, by=lin)
    actions.record_life_event(patient, "readmission", by=lin)

    actions.resume_patient(patient, by=lin)

    assert not queries.is_stopped(in_riverside.pk, patient.pk)
    assert Event.objects.filter(name="patient.resumed").count() == 1
    actions.record_life_event(patient, "death", by=lin)
    with pytest.raises(RefusedError, match="去世"):
        actions.resume_patient(patient, by=lin)


def test_an_unknown_kind_or_role_changes_nothing(in_riverside: Hospital, lin: Staff) -> None:
    patient = make_patient(in_riverside)

    with pytest.raises(RefusedError):
        actions.record_life_event(patient, "holiday", by=lin)
    lin.role = Staff.Role.MANAGER
    with pytest.raises(ForbiddenError):
        actions.record_life_event(patient, "death", by=lin)
    assert not LifeEvent.objects.exists()
