from __future__ import annotations

from lianxin.compliance import actions
from lianxin.compliance.models import Consent
from lianxin.core.actor import SystemActor
from lianxin.core.scope import scope
from lianxin.patients.models import Patient


def grant(patient: Patient, *purposes: str) -> None:
    """Write a yes to each purpose, as if a signed sheet had been typed in."""
    with scope(patient.hospital_id):
        for purpose in purposes:
            actions.give_consent(
                patient,
                purpose,
                by=SystemActor(patient.hospital_id),
                source=Consent.Source.PAPER,
            )
