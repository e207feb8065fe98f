from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lianxin.channels.models import Account, Address
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.outreach import actions
from lianxin.outreach.models import Delivery, Intent, StaffConfirmation
from lianxin.patients.models import Holder, Patient
from lianxin.testing.channels import make_account, make_address, make_message
from lianxin.testing.compliance import grant
from lianxin.testing.core import number
from lianxin.testing.patients import make_holder, make_holding, make_patient
from lianxin.testing.staff import make_staff


@dataclass(frozen=True)
class Reachable:
    """A verified patient with a phone at one account."""

    patient: Patient
    holder: Holder
    account: Account
    address: Address


def make_reachable(
    hospital: Hospital,
    kind: str = Account.Kind.WEBCHAT,
    *,
    account: Account | None = None,
    consents: tuple[str, ...] = ("reminders",),
    staff_userid: str = "",
    external_id: str = "",
    patient: Patient | None = None,
    **config: str,
) -> Reachable:
    """Make somebody who may be reached there; an Official Account has a template."""
    if kind == Account.Kind.OFFICIAL_ACCOUNT and "template_id" not in config:
        config["template_id"] = "T1"
    account = account or make_account(hospital, kind, **config)
    address = make_address(account, external_id, staff_userid=staff_userid)
    holder = make_holder(hospital, address=address)
    patient = patient or make_patient(hospital)
    make_holding(patient, holder)
    if consents:
        grant(patient, *consents)
    return Reachable(patient, holder, account, address)


def write_to(reachable: Reachable, text: str = "你好") -> None:
    """Let the patient write there, which opens the provider's window."""
    make_message(reachable.address, text)


def make_intent(reachable: Reachable, kind: str = "card", **values: Any) -> Intent:
    """Submit one thing to a patient; a reply goes to the holder, back where the question was."""
    given: dict[str, Any] = {
        "unique_key": f"test:{next(number)}",
        "kind": kind,
        "priority": "reply" if kind == "reply" else "medication",
        "patient_id": reachable.patient.pk,
        "purpose": "reminders",
    }
    if kind == "reply":
        given |= {
            "holder_id": reachable.holder.pk,
            "answers_address_id": reachable.address.pk,
            "body": "请今天来复诊。",
        }
    hospital_id = reachable.patient.hospital_id
    with scope(hospital_id):
        draft = actions.Draft(**(given | values))
        actions.submit_many(hospital_id, [draft], by=SystemActor(hospital_id))
        return Intent.objects.get(hospital_id=hospital_id, unique_key=draft.unique_key)


def make_confirmation(hospital: Hospital, **values: Any) -> StaffConfirmation:
    """Write a task of a member of staff of their own, planned for today."""
    now = time.now()
    given: dict[str, Any] = {
        "hospital": hospital,
        "staff": make_staff(hospital),
        "account": make_account(hospital),
        "on": time.today(hospital),
        "slot": "noon",
        "people_count": 0,
        "due_at": now,
        "closes_at": now,
        "created_at": now,
    }
    with scope(hospital):
        return StaffConfirmation.objects.create(**(given | values))


def make_delivery(reachable: Reachable, **values: Any) -> Delivery:
    """Write a delivery that went out, with only what matters given."""
    intent = values.pop("intent", None) or make_intent(reachable)
    now = time.now()
    given: dict[str, Any] = {
        "hospital_id": intent.hospital_id,
        "intent": intent,
        "patient": reachable.patient,
        "holder": reachable.holder,
        "carrier": "oa_template",
        "account": reachable.account,
        "address": reachable.address,
        "state": Delivery.State.SENT,
        "priority": intent.priority,
        "client_key": f"test-{next(number)}",
        "created_at": now,
        "sent_at": now,
    }
    with scope(intent.hospital_id):
        return Delivery.objects.create(**(given | values))
