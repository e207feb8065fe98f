"""Reads about those who hold the phone: what they may open, and where they can be met."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import F

from lianxin.channels import queries as channels
from lianxin.channels.adapters.base import AccountFacts
from lianxin.channels.models import ERASED_PREFIX, Account, AccountRoute, Address
from lianxin.core import keys, time
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, NotFoundError
from lianxin.core.joins import join
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.patients import rules, sealing
from lianxin.patients.models import (
    BedsideNumber,
    Holder,
    HolderAddress,
    HolderSession,
    Holding,
    Patient,
    PhoneCode,
)
from lianxin.patients.queries.people import PatientFace, names_of
from lianxin.staff.models import Staff


def access_patient(actor: Actor, key: str) -> Patient:
    """Return the patient if the actor may see them; a stranger looks the same as nobody."""
    rows = Patient.objects.of(actor.hospital_id)
    rows = join(rows, department="key name", team="key name")
    patient = rows.filter(key=key).first()
    hospital = getattr(actor, "hospital", None)
    if patient is not None and isinstance(hospital, Hospital):
        patient.hospital = hospital  # loaded with who asks
    if actor.kind == "holder":
        return require_held(actor, patient)
    if patient is None:
        raise NotFoundError
    if not actor.may("patient.read"):
        raise ForbiddenError
    return patient


def require_held(actor: Actor, patient: Patient | None) -> Patient:
    if patient is None or actor.id is None:
        raise NotFoundError
    rows = Holding.objects.filter(holder_id=actor.id, patient=patient)
    holding = rows.select_related("patient").first()
    if holding is None or answer_of(holding, time.today(patient.hospital)) != "yes":
        raise NotFoundError
    return patient


def answer_of(holding: Holding, today: date) -> rules.HoldingAnswer:
    """Say whether this holding opens the patient's health data today, or why not."""
    patient = holding.patient
    verified = holding.verified_at
    facts = rules.HoldingFacts(
        relation=holding.relation,
        state=holding.state,
        verified_on=time.local(patient.hospital, verified).date() if verified else None,
        patient_state=patient.state,
        birth_on=patient.birth_on,
    )
    return rules.may_hold(facts, today)


def list_holdings(holder: Holder) -> list[Holding]:
    """Return everything this person ever claimed and has not given up, newest proof first."""
    rows = Holding.objects.filter(holder=holder).exclude(state=Holding.State.ENDED)
    rows = rows.select_related("patient", "patient__hospital")
    return list(rows.order_by(F("verified_at").desc(nulls_last=True), "-id"))


def patients_of(holder: Holder) -> list[Holding]:
    """Return the holdings that open a patient today; each with its patient loaded."""
    holdings = list_holdings(holder)
    if not holdings:
        return []
    today = time.today(holdings[0].patient.hospital)
    return [holding for holding in holdings if answer_of(holding, today) == "yes"]


def find_current_holding(holder: Holder) -> Holding | None:
    """Return whom the phone shows now: the chosen patient, else the one verified last."""
    open_ones = patients_of(holder)
    for holding in open_ones:
        if holding.patient_id == holder.current_patient_id:
            return holding
    return open_ones[0] if open_ones else None


def find_current_patient(holder: Holder) -> Patient | None:
    holding = find_current_holding(holder)
    return holding.patient if holding else None


@dataclass(frozen=True)
class Member:
    """One of the people whom a phone is held for."""

    holding: Holding
    face: PatientFace
    is_current: bool


def household_of(holder: Holder, current_id: int | None) -> list[Member]:
    """Return everybody whom a phone opens, where that is more than one: else nothing to choose."""
    held = patients_of(holder)
    if len(held) < 2:
        return []
    faces = names_of(holder.hospital_id, [one.patient_id for one in held])
    return [
        Member(one, faces[one.patient_id], is_current=one.patient_id == current_id) for one in held
    ]


def find_meant_patient(holder: Holder, chosen_id: int | None) -> Patient | None:
    """Return whom a talk is about: who was chosen for it, else whom the phone shows now."""
    held = patients_of(holder)
    chosen = next((one.patient for one in held if one.patient_id == chosen_id), None)
    return chosen or find_current_patient(holder)


def access_current_patient(holder: Holder) -> Patient:
    """Return whom the phone shows now; nobody is verified looks like nothing is there."""
    patient = find_current_patient(holder)
    if patient is None:
        raise NotFoundError
    return patient


def holders_of(patient: Patient) -> list[Holding]:
    """Return the verified holdings of a patient, the patient's own phone first."""
    rows = Holding.objects.filter(
        hospital_id=patient.hospital_id, patient=patient, state=Holding.State.VERIFIED
    )
    rows = join(rows, holder="nickname_sealed is_active")
    order: dict[str, int] = {relation: place for place, relation in enumerate(rules.RELATIONS)}
    holdings = sorted(rows, key=lambda holding: (order[holding.relation], holding.pk))
    for holding in holdings:
        holding.patient = patient
    today = time.today(patient.hospital)
    return [holding for holding in holdings if answer_of(holding, today) == "yes"]


@dataclass(frozen=True)
class PatientAddress:
    """One way to a patient: whose phone it is and where it is met."""

    holder_id: int
    relation: str
    address: Address


def addresses_of(patient: Patient) -> list[PatientAddress]:
    """Return every active address of those who hold the phone for the patient."""
    holdings = {holding.holder_id: holding for holding in holders_of(patient)}
    rows = HolderAddress.objects.filter(
        hospital_id=patient.hospital_id, holder_id__in=holdings, address__state=Address.State.ACTIVE
    ).select_related("address", "address__account")
    by_holder: dict[int, list[HolderAddress]] = {}
    for row in rows.order_by("pk"):
        by_holder.setdefault(row.holder_id, []).append(row)
    return [
        PatientAddress(holder_id, holding.relation, row.address)
        for holder_id, holding in holdings.items()
        for row in by_holder.get(holder_id, [])
    ]


def patients_of_holders(hospital_id: int, holder_ids: Iterable[int]) -> set[int]:
    """Return whom somebody verified holds one of these phones for."""
    rows = Holding.objects.filter(hospital_id=hospital_id, holder_id__in=set(holder_ids))
    return set(rows.filter(state=Holding.State.VERIFIED).values_list("patient_id", flat=True))


def addresses_of_holder(hospital_id: int, holder_id: int) -> list[Address]:
    rows = HolderAddress.objects.filter(hospital_id=hospital_id, holder_id=holder_id)
    rows = rows.select_related("address", "address__account").order_by("pk")
    return [row.address for row in rows if row.address.state == Address.State.ACTIVE]


def address_ids_of_holder(hospital_id: int, holder_id: int) -> list[int]:
    """Return where the person is or was met, also where they have left."""
    rows = HolderAddress.objects.filter(hospital_id=hospital_id, holder_id=holder_id)
    return list(rows.order_by("pk").values_list("address_id", flat=True))


def was_ever_verified(holder: Holder) -> bool:
    """Tell whether this person was ever proved to be a patient, or to be with one."""
    return Holding.objects.filter(holder=holder, verified_at__isnull=False).exists()


def is_met_anywhere(holder: Holder) -> bool:
    """Tell whether any provider's id of this person is still kept."""
    rows = HolderAddress.objects.filter(holder=holder)
    return rows.exclude(address__external_id__startswith=ERASED_PREFIX).exists()


def find_holder(hospital_id: int, holder_id: int) -> Holder | None:
    return Holder.objects.filter(hospital_id=hospital_id, pk=holder_id).first()


def find_holder_of_address(hospital_id: int, address_id: int) -> Holder | None:
    return holders_by_address(hospital_id, [address_id]).get(address_id)


def holders_by_address(hospital_id: int, address_ids: Iterable[int]) -> dict[int, Holder]:
    rows = HolderAddress.objects.filter(hospital_id=hospital_id, address_id__in=set(address_ids))
    return {row.address_id: row.holder for row in rows.select_related("holder")}


def find_patients_of_addresses(
    hospital_id: int, address_ids: Iterable[int]
) -> dict[int, list[int]]:
    """Return, by address, the patients whom its holder may see today: two queries."""
    holders = holders_by_address(hospital_id, address_ids)
    rows = Holding.objects.filter(hospital_id=hospital_id, holder__in=set(holders.values()))
    open_ones: dict[int, list[int]] = {}
    for row in rows.exclude(state=Holding.State.ENDED).select_related("patient__hospital"):
        if answer_of(row, time.today(row.patient.hospital)) == "yes":
            open_ones.setdefault(row.holder_id, []).append(row.patient_id)
    return {
        address_id: open_ones[holder.pk]
        for address_id, holder in holders.items()
        if holder.pk in open_ones
    }


def find_holder_by_identity(
    hospital_id: int, external_ids: Iterable[str | None], union_id: str | None
) -> Holder | None:
    """Find who signed in: by an id we know an address by, else by the union id."""
    rows = HolderAddress.objects.filter(hospital_id=hospital_id, holder__is_active=True)
    rows = rows.select_related("holder", "holder__hospital").order_by("pk")
    names = [name for name in external_ids if name]
    found = rows.filter(address__external_id__in=names).first()
    if found is None and union_id:
        found = rows.filter(address__union_id=union_id).first()
    return found.holder if found else None


@dataclass(frozen=True)
class Door:
    """An account that a phone can sign in through, with what the provider call needs."""

    account: Account
    facts: AccountFacts

    @property
    def hospital_id(self) -> int:
        return self.account.hospital_id


DOORS = (Account.Kind.WECOM, Account.Kind.OFFICIAL_ACCOUNT)


def find_door(key: str) -> Door | None:
    """Return the account behind a key that stands in a link; needs no scope."""
    route = AccountRoute.objects.filter(key=key, kind__in=DOORS).first()
    if route is None:
        return None
    with scope(route.hospital_id):
        rows = Account.objects.of(route.hospital_id).active().select_related("hospital")
        account = rows.filter(pk=route.account_id).first()
        return Door(account, channels.facts_of(account)) if account else None


def find_holder_by_token(token: str, kind: str = HolderSession.Kind.PHONE) -> Holder | None:
    """Return whose phone the cookie belongs to; needs no scope, opens none."""
    session = find_session(token, kind)
    if session is None or session.ended_at or session.expires_at <= time.now():
        return None
    return Holder(pk=session.holder_id, hospital_id=session.hospital_id)


def find_session(token: str, kind: str = HolderSession.Kind.PHONE) -> HolderSession | None:
    """Return the session of a token, ended ones too; needs no scope, opens none."""
    token_hash = hashlib.sha256(token.encode()).digest()
    return HolderSession.objects.filter(token_hash=token_hash, kind=kind).first()


def load_holder(hospital_id: int, holder_id: int) -> Holder | None:
    rows = Holder.objects.filter(hospital_id=hospital_id, pk=holder_id, is_active=True)
    return rows.select_related("hospital", "team", "department", "staff").first()


def nicknames_of(hospital_id: int, holders: Sequence[Holder]) -> dict[int, str]:
    ring = keys.Keyring.load(hospital_id, [("holder", holder.pk) for holder in holders])
    return {holder.pk: sealing.open_nickname(ring, holder) for holder in holders}


def find_phone_code(holder: Holder) -> PhoneCode | None:
    """Return the code asked for last."""
    return PhoneCode.objects.filter(holder=holder).order_by("-asked_at", "-id").first()


def was_verified_at_bedside(holder: Holder) -> bool:
    """Tell whether a nurse has typed in the number that this phone showed last."""
    shown = BedsideNumber.objects.filter(holder=holder).order_by("-expires_at").first()
    if shown is None:
        return False
    since = shown.expires_at - rules.CODE_LIMITS.lives
    rows = Holding.objects.filter(holder=holder, state=Holding.State.VERIFIED)
    return rows.filter(verified_how=Holding.How.BEDSIDE, verified_at__gte=since).exists()


def list_pending_holdings(actor: Actor) -> list[Holding]:
    """Return who waits to be verified, so that the ward can help."""
    if not actor.may("patient.verify"):
        raise ForbiddenError
    rows = Holding.objects.filter(hospital_id=actor.hospital_id, state=Holding.State.PENDING)
    rows = rows.filter(patient__state=Patient.State.ACTIVE).select_related("patient", "holder")
    return list(rows.order_by("-claimed_at")[:50])


def count_open_bedside_numbers(actor: Actor) -> int:
    rows = BedsideNumber.objects.filter(hospital_id=actor.hospital_id, used_at=None)
    return rows.filter(expires_at__gt=time.now()).count()


def access_holding(actor: Actor, key: str) -> Holding:
    rows = Holding.objects.filter(hospital_id=actor.hospital_id, key=key)
    holding = rows.select_related("patient", "holder").first()
    own = holding is not None and actor.kind == "holder" and holding.holder_id == actor.id
    if holding is None or (actor.kind == "holder" and not own):
        raise NotFoundError
    return holding


def count_holders_of(staff: Staff) -> int:
    """Count those who hold a phone and whose colleague this is."""
    return Holder.objects.filter(hospital_id=staff.hospital_id, staff=staff).count()


def patients_at(hospital_id: int, address_ids: Iterable[int]) -> dict[int, int]:
    """Return the patient each address is shown for: one query; who is not verified has none."""
    rows = HolderAddress.objects.filter(hospital_id=hospital_id, address_id__in=list(address_ids))
    known = rows.filter(
        holder__holdings__state=Holding.State.VERIFIED, holder__is_active=True
    ).order_by("address_id", "-holder__holdings__verified_at")
    found: dict[int, int] = {}
    for address_id, current_id, patient_id in known.values_list(
        "address_id", "holder__current_patient_id", "holder__holdings__patient_id"
    ):
        if address_id not in found or patient_id == current_id:
            found[address_id] = patient_id
    return found
