"""The sidebar in WeCom: whose chat is open, and what this member of staff may know of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lianxin.channels.models import Account, Address
from lianxin.channels.queries import find_address_by_external, list_accounts
from lianxin.compliance.queries import granted_of, list_questions
from lianxin.conversations.queries import Said, access_thread, list_messages
from lianxin.core import time
from lianxin.desk.queries.patient import (
    Health,
    find_thread_key,
    list_task_lines,
    load_health,
    may_see_health,
)
from lianxin.desk.words import language
from lianxin.outreach.queries.reach import ReachLine, reach_of_patient
from lianxin.patients.models import Holder, Holding, Patient
from lianxin.patients.queries import (
    PatientFace,
    PatientFilter,
    find_holder_of_address,
    holders_of,
    list_patients,
    names_of,
    open_patient,
    patients_of,
)
from lianxin.staff.models import Staff
from lianxin.tasks.queries import TaskLine

LAST_WORDS = 3
# What still reads well in a column of 300 to 400 pixels.
TREND_DAYS, TREND_WIDTH = 14, 380
FOUND_ROWS = 10


@dataclass(frozen=True)
class Choice:
    """One patient for whom the contact holds the phone."""

    holding: Holding
    face: PatientFace


@dataclass(frozen=True)
class Contact:
    """Who the chat is with, as far as the house knows."""

    external_id: str
    address: Address | None
    holder: Holder | None
    choices: Sequence[Choice]


def find_chat_account(hospital_id: int, key: str) -> Account | None:
    """Return the WeCom account whose client is open: the named one, else the oldest."""
    rows = list_accounts(hospital_id).active().filter(kind=Account.Kind.WECOM)
    return rows.filter(key=key).first() or rows.order_by("id").first()


def find_contact(account: Account, external_id: str) -> Contact:
    address = find_address_by_external(account.hospital_id, account.pk, external_id)
    holder = find_holder_of_address(account.hospital_id, address.pk) if address else None
    holdings = patients_of(holder) if holder else []
    faces = names_of(account.hospital_id, [holding.patient_id for holding in holdings])
    choices = [
        Choice(holding, faces[holding.patient_id])
        for holding in holdings
        if holding.patient_id in faces
    ]
    return Contact(external_id, address, holder, choices)


def find_patients(staff: Staff, search: str) -> list[PatientFace]:
    """Find by whole name, phone or inpatient number; nothing typed finds nobody."""
    if not search.strip():
        return []
    rows = list(list_patients(staff, PatientFilter(search=search))[:FOUND_ROWS])
    faces = names_of(staff.hospital_id, [row.pk for row in rows])
    return [faces[row.pk] for row in rows]


@dataclass(frozen=True)
class Card:
    """One patient beside the chat; parts that the role may not see are empty."""

    patient: Patient
    face: PatientFace
    reach: Sequence[ReachLine]
    health: Health | None
    said: Sequence[Said]
    thread_key: str
    tasks: Sequence[TaskLine] | None
    day_number: int | None


def load_card(staff: Staff, patient: Patient) -> Card:
    today = time.today(staff.hospital)
    holdings = holders_of(patient)
    opened = open_patient(patient)
    sees_health = may_see_health(staff, patient)
    thread_key = find_thread_key(staff, patient)
    thread = access_thread(staff, thread_key) if thread_key else None
    granted = granted_of(list_questions(patient, language()))
    since = (today - patient.discharged_on).days if patient.discharged_on else None
    return Card(
        patient=patient,
        face=opened.face,
        reach=reach_of_patient(patient, granted, holdings),
        health=load_health(staff, patient, opened, today, days=TREND_DAYS, width=TREND_WIDTH)
        if sees_health
        else None,
        said=list_messages(thread, limit=LAST_WORDS) if thread else [],
        thread_key=thread_key,
        tasks=list_task_lines(staff, opened.face) if staff.may("task.read") else None,
        day_number=since,
    )
