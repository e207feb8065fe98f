"""Which key seals which text about a patient, and how it is found again without opening it.

`engagement` keys end with the relationship; `record` keys last as long as the law demands.
"""

from __future__ import annotations

from collections.abc import Iterable

from lianxin.core import keys
from lianxin.core.keys import Keyring
from lianxin.core.phone import normalise_phone
from lianxin.patients import rules
from lianxin.patients.models import Holder, LifeEvent, Patient

ENGAGEMENT, RECORD = "engagement", "record"
NAME = ("patients.name", ENGAGEMENT)
PHONE = ("patients.phone", ENGAGEMENT)
INPATIENT = ("patients.inpatient", RECORD)
DIAGNOSIS = ("patients.diagnosis", RECORD)
NICKNAME = ("patients.nickname", ENGAGEMENT)
NOTE = ("patients.life_event_note", RECORD)
BEDSIDE = "patients.bedside_number"
CODE = "patients.phone_code"


def ring_of(hospital_id: int, patient_ids: Iterable[int]) -> Keyring:
    return Keyring.load(hospital_id, [("patient", patient_id) for patient_id in patient_ids])


def new_ring(hospital_id: int, kind: str, subject_id: int) -> Keyring:
    """Load the keys of one subject and make those that are missing."""
    return Keyring.load(hospital_id, [(kind, subject_id)], create=True)


def seal(ring: Keyring, patient: Patient, what: tuple[str, str], text: str) -> bytes:
    return ring.seal(("patient", patient.pk), what[1], text, field=what[0])


def open_name(ring: Keyring, patient: Patient) -> str:
    return open_text(ring, patient.pk, NAME, patient.name_sealed)


def open_phone(ring: Keyring, patient: Patient) -> str:
    return open_text(ring, patient.pk, PHONE, patient.phone_sealed)


def open_inpatient(ring: Keyring, patient: Patient) -> str:
    return open_text(ring, patient.pk, INPATIENT, patient.inpatient_sealed)


def open_diagnosis(ring: Keyring, patient: Patient) -> str:
    return open_text(ring, patient.pk, DIAGNOSIS, patient.diagnosis_sealed)


def open_note(ring: Keyring, event: LifeEvent) -> str:
    return open_text(ring, event.patient_id, NOTE, event.note_sealed)


def open_text(
    ring: Keyring, patient_id: int, what: tuple[str, str], sealed: bytes | memoryview
) -> str:
    """Open one text; a destroyed key leaves nothing."""
    return ring.open(("patient", patient_id), what[1], sealed, field=what[0]) or ""


def open_nickname(ring: Keyring, holder: Holder) -> str:
    field, retention = NICKNAME
    return ring.open(("holder", holder.pk), retention, holder.nickname_sealed, field=field) or ""


def blind_name(hospital_id: int, name: str) -> bytes | None:
    normal = rules.normalise_name(name)
    return keys.blind(hospital_id, normal, field=NAME[0]) if normal else None


def blind_phone(hospital_id: int, phone: str) -> bytes | None:
    normal = normalise_phone(phone)
    return keys.blind(hospital_id, normal, field=PHONE[0]) if normal else None


def blind_inpatient(hospital_id: int, number: str) -> bytes | None:
    normal = rules.normalise_inpatient(number)
    return keys.blind(hospital_id, normal, field=INPATIENT[0]) if normal else None


def blind_bedside(hospital_id: int, number: str) -> bytes:
    return keys.blind(hospital_id, number, field=BEDSIDE)


def hash_code(hospital_id: int, code_id: int, code: str) -> bytes:
    """Hash a code under the hospital's key: a stolen table gives no codes away."""
    return keys.blind(hospital_id, f"{code_id}:{code}", field=CODE)
