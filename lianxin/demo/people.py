"""The demo's patients: discharge records, and for most of them a phone that has long been known.

Written in bulk, as an import of a hospital's past would be: no event is told to anybody.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import httpx

from lianxin.channels.models import Account, Address, Relation
from lianxin.compliance import catalogue
from lianxin.compliance.models import Consent
from lianxin.core import events, time
from lianxin.core.actor import SystemActor
from lianxin.core.keys import create_missing
from lianxin.core.models import Event
from lianxin.core.scope import scope
from lianxin.demo.cast import (
    DIAGNOSES,
    GIVEN_FEMALE,
    GIVEN_MALE,
    PHONE_PREFIX,
    SURNAMES,
    WALKERS,
)
from lianxin.demo.houses import Opened
from lianxin.patients import actions as patients
from lianxin.patients.actions import PatientFacts
from lianxin.patients.models import Holder, HolderAddress, Holding, Patient
from lianxin.patients.queries import find_by_inpatient

JOINED_SHARE = 0.85
FOLLOWER_SHARE = 0.75
FIRST_CONSENTS = ("health_records", "reminders", "sms_phone")
HISTORY_DAYS = 90


@dataclass(frozen=True)
class Member:
    """One patient whose phone is known, and since when."""

    patient: Patient
    holder: Holder
    person_id: str
    joined_at: datetime
    is_follower: bool


def register_everybody(opened: Opened, count: int, rng: Random) -> list[Patient]:
    """Write the discharge records, those of the story's people first."""
    today = time.today(opened.hospital)
    with scope(opened.hospital):
        facts = walker_facts(opened, today)
        facts += [make_facts(opened, number, today, rng) for number in range(count)]
        return [register(opened, row) for row in facts]


def register(opened: Opened, facts: PatientFacts) -> Patient:
    known = find_by_inpatient(opened.hospital.pk, facts.inpatient)
    by = SystemActor(opened.hospital.pk)
    return known or patients.register_patient(opened.hospital.pk, facts, by=by)


def walker_facts(opened: Opened, today: date) -> list[PatientFacts]:
    if opened.house.key != "riverside":
        return []
    return [
        PatientFacts(
            name=walker.name,
            phone=walker.phone,
            inpatient=walker.inpatient,
            diagnosis=walker.diagnosis,
            sex=walker.sex,
            birth_on=date(today.year - walker.age, 5, 12),
            department=opened.department,
            team=opened.team,
            risk=Patient.Risk.HIGH,
            discharged_on=today,
        )
        for walker in WALKERS
        if walker.inpatient
    ]


def make_facts(opened: Opened, number: int, today: date, rng: Random) -> PatientFacts:
    sex = rng.choice([Patient.Sex.FEMALE, Patient.Sex.MALE])
    given = rng.choice(GIVEN_FEMALE if sex == Patient.Sex.FEMALE else GIVEN_MALE)
    digit = 1 if opened.house.key == "riverside" else 2
    ago = 0 if number < 6 else rng.randint(1, HISTORY_DAYS)
    return PatientFacts(
        name=rng.choice(SURNAMES) + given,
        phone=f"{PHONE_PREFIX}{digit}{number:07d}",
        inpatient=f"ZY2026{digit}{number:06d}",
        diagnosis=rng.choice(DIAGNOSES),
        sex=sex,
        birth_on=date(today.year - rng.randint(48, 84), rng.randint(1, 12), rng.randint(1, 28)),
        department=opened.department,
        team=opened.team,
        risk=rng.choice(["low", "medium", "medium", "high"]),
        discharged_on=today - timedelta(days=ago),
    )


def join_phones(
    opened: Opened, registered: list[Patient], sandbox_url: str, rng: Random
) -> list[Member]:
    """Give most patients a phone: known at the sandbox and here, verified and consented."""
    people = [p for p in registered[len(WALKERS) :] if rng.random() < JOINED_SHARE]
    members = [(p, f"{opened.house.key}-p{n:03d}") for n, p in enumerate(people)]
    with scope(opened.hospital):
        joined = [make_member(opened, patient, person, rng) for patient, person in members]
        ids = seed_sandbox(opened, joined, sandbox_url)
        store(opened, joined, ids)
    return joined


def make_member(opened: Opened, patient: Patient, person_id: str, rng: Random) -> Member:
    discharged = patient.discharged_on or time.today(opened.hospital)
    noon = datetime.combine(discharged, datetime.min.time(), time.now().tzinfo)
    joined_at = min(noon + timedelta(hours=rng.randint(2, 9)), time.now() - timedelta(minutes=30))
    holder = Holder(
        hospital=opened.hospital,
        department=opened.department,
        team=opened.team,
        staff=opened.doctor,
        current_patient=patient,
        arrived_at=joined_at,
        elder_mode=rng.random() < 0.2,
    )
    return Member(patient, holder, person_id, joined_at, rng.random() < FOLLOWER_SHARE)


def seed_sandbox(
    opened: Opened, joined: list[Member], sandbox_url: str
) -> dict[str, dict[str, Any]]:
    """Tell the providers about these people, and ask by which ids they know them."""
    house = opened.house
    body = {
        "persons": [
            {
                "id": m.person_id,
                "name": f"演示{m.person_id[-4:]}",
                "age": 60,
                "phone": "",
                "union_id": f"union-{m.person_id}",
                "is_featured": False,
            }
            for m in joined
        ],
        "relations": [
            {
                "corp_id": house.corp_id,
                "userid": "doctor-li",
                "person": m.person_id,
                "added_at": m.joined_at.timestamp(),
                "state": f"{house.key}-discharge",
            }
            for m in joined
        ],
        "followers": [
            {
                "app_id": house.app_id,
                "person": m.person_id,
                "subscribed_at": m.joined_at.timestamp(),
            }
            for m in joined
            if m.is_follower
        ],
    }
    httpx.post(f"{sandbox_url}/control/seed", json=body, timeout=60).raise_for_status()
    with httpx.Client(base_url=sandbox_url) as client, ThreadPoolExecutor(4) as pool:
        rows = pool.map(lambda m: client.get(f"/control/ids/{m.person_id}").json(), joined)
        return {m.person_id: row for m, row in zip(joined, rows, strict=True)}


def store(opened: Opened, joined: list[Member], ids: dict[str, dict[str, Any]]) -> None:
    hospital = opened.hospital
    Holder.objects.bulk_create([m.holder for m in joined])
    create_missing(hospital.pk, [("holder", m.holder.pk) for m in joined])
    accounts = {a.kind: a for a in Account.objects.filter(hospital=hospital)}
    addresses = [
        address for m in joined for address in make_addresses(opened, accounts, m, ids[m.person_id])
    ]
    Address.objects.bulk_create([address for _, address in addresses])
    HolderAddress.objects.bulk_create(
        HolderAddress(hospital=hospital, holder=m.holder, address=address)
        for m, address in addresses
    )
    Relation.objects.bulk_create(
        Relation(
            hospital=hospital,
            address=address,
            staff_userid="doctor-li",
            staff=opened.doctor,
            state=Relation.State.ACTIVE,
            added_at=m.joined_at,
        )
        for m, address in addresses
        if address.account_id == accounts["wecom"].pk
    )
    Holding.objects.bulk_create(make_holding(opened, m) for m in joined)
    Consent.objects.bulk_create(c for m in joined for c in make_consents(m))
    Event.objects.bulk_create(
        [events.make_event(e) for m in joined for e in first_events(m)], batch_size=500
    )


def make_addresses(
    opened: Opened, accounts: dict[str, Account], member: Member, ids: dict[str, Any]
) -> list[tuple[Member, Address]]:
    house = opened.house
    external = {"wecom": ids["external_user_ids"][house.corp_id]}
    if member.is_follower:
        external["official_account"] = ids["open_ids"][house.app_id]
    return [
        (
            member,
            Address(
                hospital=opened.hospital,
                account=accounts[kind],
                external_id=external_id,
                union_id=ids["union_id"],
                staff=opened.doctor if kind == "wecom" else None,
                added_at=member.joined_at,
            ),
        )
        for kind, external_id in external.items()
    ]


def make_holding(opened: Opened, member: Member) -> Holding:
    return Holding(
        hospital=opened.hospital,
        holder=member.holder,
        patient=member.patient,
        relation=Holding.Relation.SELF,
        state=Holding.State.VERIFIED,
        verified_how=Holding.How.BEDSIDE,
        verified_by=opened.nurse,
        claimed_at=member.joined_at,
        verified_at=member.joined_at,
    )


def make_consents(member: Member) -> list[Consent]:
    purposes = [p for p in catalogue.purposes() if p.code in FIRST_CONSENTS]
    return [
        Consent(
            hospital_id=member.patient.hospital_id,
            patient=member.patient,
            holder=member.holder,
            purpose=purpose.code,
            decision=Consent.Decision.GRANTED,
            text_version=purpose.version,
            text_hash=purpose.words("zh-hans").text_hash(),
            language="zh-hans",
            source=Consent.Source.PHONE,
            by_kind="holder",
            by_id=member.holder.pk,
            at=member.joined_at + timedelta(minutes=2),
        )
        for purpose in purposes
    ]


def first_events(member: Member) -> list[events.Entry]:
    def entry(name: str, minutes: int, **data: Any) -> events.Entry:
        return events.Entry(
            name,
            member.patient.hospital_id,
            "patient",
            member.patient.pk,
            "holder",
            member.holder.pk,
            patient_id=member.patient.pk,
            data=data,
            at=member.joined_at + timedelta(minutes=minutes),
        )

    given = [entry("consent.given", 2, purpose=code) for code in FIRST_CONSENTS]
    return [entry("patient.verified", 1), *given]
