"""Who may read what a patient and members of staff wrote in archived chats of WeCom."""

from __future__ import annotations

from dataclasses import dataclass

from lianxin.channels.queries.archive import Talk, list_talks
from lianxin.core.errors import ForbiddenError, NotFoundError
from lianxin.patients.models import Patient
from lianxin.patients.queries.holders import addresses_of
from lianxin.staff.models import Staff
from lianxin.staff.queries import list_team_ids_of


class NotOursError(ForbiddenError):
    """The patient is somebody else's; the line in the access log names whose."""

    def __init__(self, patient_id: int) -> None:
        super().__init__()
        self.patient_id = patient_id


@dataclass(frozen=True)
class ArchivedTalk:
    """One talk of somebody who holds the phone for a patient, and whether one may read it."""

    talk: Talk
    # 本人, 家属 or 代办人: who of the patient's side talks here.
    holding: str
    may_read: bool


def list_archived_talks(staff: Staff, patient: Patient) -> list[ArchivedTalk]:
    """Return the talks, without a word of what was said.

    The patient's own doctors may read them: those of the care team, and the member who talked;
    besides them those who watch over privacy.
    """
    if not staff.may("archive.read"):
        raise ForbiddenError
    holding_by_address = {one.address.pk: one.relation for one in addresses_of(patient)}
    if patient.state != Patient.State.ACTIVE or not holding_by_address:
        return []
    is_of_team = patient.team_id is not None and patient.team_id in list_team_ids_of(staff)
    may_read_all = staff.may("archive.read_all") or is_of_team
    return [
        ArchivedTalk(
            talk=talk,
            holding=holding_by_address[talk.relation.address_id],
            may_read=may_read_all or talk.relation.staff_id == staff.pk,
        )
        for talk in list_talks(patient.hospital_id, holding_by_address)
    ]


def access_archived_talk(staff: Staff, patient: Patient, relation_id: int) -> ArchivedTalk:
    """Return one talk to read. Whose patient it is not, is refused, and the refusal is written."""
    found = list_archived_talks(staff, patient)
    talk = next((one for one in found if one.talk.relation.pk == relation_id), None)
    if talk is None:
        raise NotFoundError
    if not talk.may_read:
        raise NotOursError(patient.pk)
    return talk
