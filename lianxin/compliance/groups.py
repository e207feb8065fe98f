"""What the room below needs of this one for a patient group: who agreed to it (GROUP_CONSENT)."""

from __future__ import annotations

from collections.abc import Iterable

from lianxin.compliance.queries import consents_of
from lianxin.patients.queries import find_patients_of_addresses

PURPOSE = "group_chat"


def find_agreed(hospital_id: int, address_ids: Iterable[int]) -> set[int]:
    """Return the addresses of people who agreed; who is not verified has not. Three queries."""
    patients = find_patients_of_addresses(hospital_id, address_ids)
    everybody = {patient_id for ids in patients.values() for patient_id in ids}
    consents = consents_of(hospital_id, everybody) if everybody else {}
    return {
        address_id
        for address_id, ids in patients.items()
        if any(PURPOSE in consents[patient_id] for patient_id in ids)
    }
