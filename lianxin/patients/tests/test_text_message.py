"""The code travels through the provider's own door: the sandbox over HTTP."""

from __future__ import annotations

import pytest

from lianxin.channels import actions as channels
from lianxin.channels.models import Account
from lianxin.core.actor import SystemActor
from lianxin.core.models import Hospital
from lianxin.patients import actions, jobs, queries
from lianxin.patients.models import Holder, Patient, PhoneCode
from lianxin.testing.patients import make_holder, make_patient
from lianxin.testing.processes import Sandbox

APP = "1400000001"
KEYS = {"secret_id": "AKIDtests", "secret_key": "sms-secret"}


@pytest.fixture
def sms(sandbox: Sandbox, in_riverside: Hospital) -> Account:
    templates = {"100": "验证码 {1}，10 分钟内有效，请勿告诉他人。"}
    sandbox.put(f"/control/sms/{APP}", KEYS | {"signs": ["河畔医院"], "templates": templates})
    return channels.open_account(
        in_riverside.pk,
        Account.Kind.SMS,
        "短信",
        config={"sdk_app_id": APP, "sign_name": "河畔医院", "template_id": "100"},
        secrets=KEYS,
        base_url=sandbox.sms_url,
        by=SystemActor(in_riverside.pk),
    )


@pytest.fixture
def patient(in_riverside: Hospital) -> Patient:
    return make_patient(in_riverside, name="张桂兰", inpatient="ZY20261107086", phone="13812341234")


@pytest.fixture
def holder(in_riverside: Hospital) -> Holder:
    return make_holder(in_riverside)


def ask(holder: Holder, name: str = "张桂兰") -> PhoneCode:
    code = actions.send_phone_code(holder, inpatient="ZY20261107086", name=name, relation="self")
    event = {"subject_id": code.pk, "data": {}}
    jobs.deliver_phone_codes.func(hospital_id=holder.hospital_id, events=[event])
    code.refresh_from_db()
    return code


def sent_texts(sandbox: Sandbox) -> list[str]:
    return [str(message) for message in sandbox.state()["sms"][APP]["sent"]]


def test_the_text_reaches_the_registered_phone_and_opens_the_door(
    sandbox: Sandbox, sms: Account, patient: Patient, holder: Holder
) -> None:
    assert ask(holder).state == PhoneCode.State.SENT

    (text,) = sent_texts(sandbox)
    assert "13812341234" in text
    digits = next(part for part in text.replace("，", " ").split("验证码 ")[1].split())
    assert actions.verify_by_code(holder, digits) is not None
    assert queries.find_current_patient(holder) == patient


def test_a_wrong_claim_sends_nothing_to_anybody(
    sandbox: Sandbox, sms: Account, patient: Patient, holder: Holder
) -> None:
    assert ask(holder, name="李四").state == PhoneCode.State.FAILED
    assert sent_texts(sandbox) == []


def test_without_an_account_for_texts_the_bedside_is_open(
    sandbox: Sandbox, patient: Patient, holder: Holder, in_riverside: Hospital
) -> None:
    """Without an account for texts nobody is told more than usual; the bedside is open."""
    code = ask(holder)

    assert code.state == PhoneCode.State.FAILED
    assert actions.verify_by_code(holder, "123456") is None
    assert actions.show_bedside_number(holder, "self").isdigit()
