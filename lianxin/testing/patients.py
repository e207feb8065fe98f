from __future__ import annotations

from datetime import date
from typing import Any

from lianxin.channels.models import Account, Address
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.patients import actions
from lianxin.patients.actions import PatientFacts
from lianxin.patients.models import Holder, Holding, Patient
from lianxin.patients.sessions import COOKIE
from lianxin.testing.core import number

MARCH = date(1958, 3, 1)


def make_patient(hospital: Hospital, **facts: Any) -> Patient:
    """Register a patient of whom only the named facts matter."""
    unique = next(number)
    known: dict[str, Any] = {
        "name": f"测试{unique}",
        "phone": f"138{unique:08d}",
        "inpatient": f"ZY{unique:08d}",
        "sex": Patient.Sex.FEMALE,
        "birth_on": MARCH,
    }
    with scope(hospital):
        return actions.register_patient(
            hospital.pk, PatientFacts(**(known | facts)), by=SystemActor(hospital.pk)
        )


def make_sms_account(hospital: Hospital) -> Account:
    with scope(hospital):
        return Account.objects.create(hospital=hospital, kind=Account.Kind.SMS, name="短信")


def make_address(
    hospital: Hospital,
    *,
    kind: str = Account.Kind.OFFICIAL_ACCOUNT,
    union_id: str = "",
    account: Account | None = None,
) -> Address:
    """Make an address at an account of its own, or at the given one."""
    unique = next(number)
    with scope(hospital):
        account = account or Account.objects.create(
            hospital=hospital, kind=kind, name=f"账号 {unique}"
        )
        return Address.objects.create(
            hospital=hospital,
            account=account,
            external_id=f"external-{unique}",
            union_id=union_id,
            added_at=time.now(),
        )


def make_holder(hospital: Hospital, *, address: Address | None = None) -> Holder:
    """Make somebody with a phone, known at one address."""
    address = address or make_address(hospital)
    with scope(hospital):
        return actions.receive_contact(hospital.pk, address.pk, by=SystemActor(hospital.pk))


def make_holding(
    patient: Patient,
    holder: Holder | None = None,
    *,
    relation: str = Holding.Relation.SELF,
    verified: bool = True,
) -> Holding:
    """Let a holder hold the phone for a patient, proved at the bedside unless said otherwise."""
    hospital = Hospital.objects.get(pk=patient.hospital_id)
    holder = holder or make_holder(hospital)
    with scope(hospital):
        holding = actions.claim_patient(holder, patient, relation)
        if verified:
            Holding.objects.filter(pk=holding.pk).update(
                state=Holding.State.VERIFIED,
                verified_how=Holding.How.BEDSIDE,
                verified_at=time.now(),
            )
            Holder.objects.filter(pk=holder.pk).update(current_patient=patient)
        holding.refresh_from_db()
        holder.refresh_from_db()
        # Loaded now, so that a test may read them outside the scope.
        holding.holder, holding.patient = holder, patient
        return holding


def sign_in_phone(client: Any, holder: Holder) -> Any:
    """Give a test client the cookie of this holder's phone."""
    with scope(holder.hospital_id):
        client.cookies[COOKIE] = actions.open_session(holder)
    return client
