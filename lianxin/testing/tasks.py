from __future__ import annotations

from typing import Any

from lianxin.core.actor import SystemActor
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.patients.models import Patient
from lianxin.tasks import actions
from lianxin.tasks.models import StaffTask
from lianxin.testing.core import number
from lianxin.testing.patients import make_patient


def make_task(
    hospital: Hospital,
    *,
    patient: Patient | None = None,
    reason: str = "unreachable",
    **values: Any,
) -> StaffTask:
    """Make an open task about a patient, a call unless said otherwise."""
    patient = patient or make_patient(hospital)
    given: dict[str, Any] = {"unique_key": f"test:{next(number)}", "patient_id": patient.pk}
    with scope(hospital):
        draft = actions.TaskDraft(reason_code=reason, **(given | values))
        return actions.create_task(hospital.pk, draft, by=SystemActor(hospital.pk))
