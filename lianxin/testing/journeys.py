from __future__ import annotations

from copy import deepcopy
from datetime import date
from typing import Any

from lianxin.channels.actions import keep_file
from lianxin.core.actor import SystemActor
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.journeys import actions
from lianxin.journeys.catalogue import load_template
from lianxin.journeys.models import Enrolment, Journey, JourneyVersion, MomentDraft
from lianxin.patients.models import Patient
from lianxin.staff.models import Staff
from lianxin.testing.channels import PNG, make_account
from lianxin.testing.compliance import grant
from lianxin.testing.health import make_medicine
from lianxin.testing.jobs import run_periodic
from lianxin.testing.patients import make_holding, make_patient
from lianxin.testing.staff import make_staff

PICTURE = PNG
CARDS: dict[str, Any] = {
    "format": 1,
    "key": "cards",
    "name": {"zh-hans": "只有卡片", "en": "Cards only"},
    "anchor": "discharged_on",
    "purposes": ["health_records", "reminders"],
    "triggers": [{"kind": "live_code"}, {"kind": "manual"}],
    "reentry_after_days": 90,
    "slots": {
        "morning": {"opens": "08:30", "closes": "12:00"},
        "evening": {"opens": "18:30", "closes": "21:00"},
    },
    "steps": [
        {
            "key": f"{item.replace('_', '-')}-{slot}",
            "kind": "card",
            "slot": slot,
            "item": item,
            "title": {"zh-hans": item},
            "days": {"first": 0, "last": 30},
        }
        for slot in ("morning", "evening")
        for item in ("measure_bp", "pills")
    ],
}


def make_version(
    hospital: Hospital, document: dict[str, Any] | None = None, *, code: str = ""
) -> JourneyVersion:
    """Write, approve and publish a definition; without one, cards mornings and evenings."""
    document = deepcopy(document or CARDS)
    if code:
        document["key"] = code
    with scope(hospital):
        maker = make_staff(hospital, role=Staff.Role.OPERATOR)
        draft = actions.save_draft(hospital, document, by=maker)
        actions.approve_version(draft, by=make_staff(hospital, role=Staff.Role.DOCTOR))
        actions.publish_version(draft, by=maker)
        draft.refresh_from_db()
        return draft


def make_journey(hospital: Hospital, document: dict[str, Any] | None = None) -> Journey:
    version = make_version(hospital, document)
    with scope(hospital):
        return Journey.objects.select_related("live").get(pk=version.journey_id)


def make_discharge_journey(hospital: Hospital) -> Journey:
    return make_journey(hospital, load_template("discharge-30"))


def make_ready_patient(hospital: Hospital, *, discharged_on: date | None = None) -> Patient:
    """Make a patient who is verified, has agreed to what an SOP needs and takes a medicine."""
    patient = make_patient(hospital, discharged_on=discharged_on)
    make_holding(patient)
    grant(patient, "health_records", "reminders")
    make_medicine(patient)
    return patient


def make_enrolment(journey: Journey, *, discharged_on: date | None = None) -> Enrolment:
    hospital = Hospital.objects.get(pk=journey.hospital_id)
    patient = make_ready_patient(hospital, discharged_on=discharged_on)
    with scope(hospital):
        return actions.enrol_patient(journey, patient, by=SystemActor(hospital.pk))


def run_due(hospital_id: int) -> None:
    """Run the body of the five-second job once."""
    run_periodic("lianxin.journeys.jobs", "run_due_steps", hospital_id)


def plan_ahead(hospital_id: int) -> None:
    """Run the body of the planning job once."""
    run_periodic("lianxin.journeys.jobs", "plan_ahead", hospital_id)


def make_moment_draft(hospital: Hospital, **values: Any) -> MomentDraft:
    """Write a moment with a picture that waits for approval, with only what matters given."""
    account = values.pop("account", None) or make_account(hospital)
    sender = values.pop("sender", None) or make_sender(hospital)
    author = values.pop("by", None) or make_staff(hospital, role="operator")
    with scope(hospital):
        picture = keep_file("wecom", PICTURE, "picture.png", by=author).sha256
        content = actions.MomentText(
            account=account,
            text=values.get("text", "天气转凉，出门添衣。"),
            item=values.get("item"),
            picture=picture,
            senders=(sender,),
        )
        return actions.save_moment(content, by=author)


def make_sender(hospital: Hospital, userid: str = "DrLi") -> Staff:
    """Make somebody who has a WeCom account, once."""
    with scope(hospital):
        known = Staff.objects.filter(hospital=hospital, wecom_userid=userid).first()
    if known is not None:
        return known
    sender = make_staff(hospital, role="doctor", name="李建国")
    with scope(hospital):
        sender.wecom_userid = userid
        sender.save(update_fields=["wecom_userid"])
    return sender
