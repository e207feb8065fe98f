"""Who holds the phone, for whom, and the two ways to prove it: a phone code or the bedside."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lianxin.channels import queries as channels
from lianxin.channels.models import Account
from lianxin.core import events, keys, live, time
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, NotFoundError, RefusedError
from lianxin.core.phone import is_mobile
from lianxin.patients import queries, rules, sealing
from lianxin.patients.models import BedsideNumber, Holder, Holding, Patient, PhoneCode
from lianxin.staff.models import Staff

NUMBER_RETRIES = 5


@dataclass(frozen=True)
class CodeToSend:
    """What the job needs for one text message. Never logged, never a job argument."""

    account_id: int
    phone: str = field(repr=False)
    digits: str = field(repr=False)
    client_key: str = ""


@transaction.atomic
def claim_patient(holder: Holder, patient: Patient, relation: str) -> Holding:
    """Write down that this person says so. Nothing is shown before it is verified."""
    holding, is_new = Holding.objects.get_or_create(
        holder=holder,
        patient=patient,
        defaults={
            "hospital_id": holder.hospital_id,
            "relation": relation,
            "claimed_at": time.now(),
        },
    )
    if not is_new:
        Holding.objects.filter(pk=holding.pk).exclude(state=Holding.State.VERIFIED).update(
            relation=relation, state=Holding.State.PENDING, claimed_at=time.now(), ended_at=None
        )
        holding.refresh_from_db()
    if is_new:
        record("holding.claimed", holding, by=holder)
    return holding


@transaction.atomic
def send_phone_code(holder: Holder, *, inpatient: str, name: str, relation: str) -> PhoneCode:
    """Send a code to the phone that the ward registered, if number and name fit together.

    The caller learns the same either way: nobody can find out here who is a patient.
    """
    if relation not in rules.RELATIONS:
        raise RefusedError(_("请先选择您是谁。"))
    check_wait(holder)
    now = time.now()
    patient = find_claimed(holder.hospital_id, inpatient, name)
    if patient and not may_write_to(patient):
        patient = None
    code = PhoneCode.objects.create(
        hospital_id=holder.hospital_id,
        holder=holder,
        patient=patient,
        relation=relation,
        asked_at=now,
        expires_at=now + rules.CODE_LIMITS.lives,
    )
    if patient:
        claim_patient(holder, patient, relation)
    # Recorded with and without a patient, so that the same work is done either way.
    events.record(
        "holder.code_asked",
        hospital_id=holder.hospital_id,
        subject="phone_code",
        subject_id=code.pk,
        by=holder,
    )
    return code


def check_wait(holder: Holder) -> None:
    now = time.now()
    recent = PhoneCode.objects.filter(holder=holder, asked_at__gt=now - timedelta(days=1))
    wait = rules.may_ask_code(list(recent.values_list("asked_at", flat=True)), now)
    if wait is None:
        return
    if wait <= timedelta(minutes=2):
        seconds = max(1, round(wait.total_seconds()))
        words = ngettext("请等 %(seconds)d 秒后再试。", "请等 %(seconds)d 秒后再试。", seconds)
        raise RefusedError(words % {"seconds": seconds})
    raise RefusedError(_("今天的验证码已经用完。请明天再试，或请护士在床旁核验。"))


def find_claimed(hospital_id: int, inpatient: str, name: str) -> Patient | None:
    """Return the patient whom number and name together point at."""
    number_blind = sealing.blind_inpatient(hospital_id, inpatient)
    name_blind = sealing.blind_name(hospital_id, name)
    if number_blind is None or name_blind is None:
        return None
    return queries.find_living(hospital_id, inpatient_blind=number_blind, name_blind=name_blind)


def may_write_to(patient: Patient) -> bool:
    """Tell whether the patient's phone got few enough codes today, whoever asked for them."""
    now = time.now()
    recent = PhoneCode.objects.filter(patient=patient, asked_at__gt=now - timedelta(days=1))
    return rules.may_ask_code(list(recent.values_list("asked_at", flat=True)), now) is None


@transaction.atomic
def prepare_phone_code(hospital_id: int, code_id: int) -> CodeToSend | None:
    """Make the six digits and keep their hash; None when there is nobody to write to.

    A second run makes new digits, which then are the ones that count.
    """
    code = (
        PhoneCode.objects.select_related("patient", "hospital")
        .filter(hospital_id=hospital_id, pk=code_id, state=PhoneCode.State.ASKED)
        .first()
    )
    if code is None or time.now() >= code.expires_at:
        return None
    account = channels.find_account_of_kind(hospital_id, Account.Kind.SMS)
    phone = registered_phone(code)
    if account is None or not is_mobile(phone):
        PhoneCode.objects.filter(pk=code.pk).update(state=PhoneCode.State.FAILED)
        return None
    digits = make_digits()
    code_hash = sealing.hash_code(hospital_id, code.pk, digits)
    PhoneCode.objects.filter(pk=code.pk).update(code_hash=code_hash)
    return CodeToSend(account.pk, phone, digits, f"code{code.pk}")


def registered_phone(code: PhoneCode) -> str:
    if code.patient is None:
        return ""
    ring = sealing.ring_of(code.hospital_id, [code.patient.pk])
    return sealing.open_phone(ring, code.patient)


def make_digits() -> str:
    digits = rules.CODE_LIMITS.digits
    return f"{secrets.randbelow(10**digits):0{digits}d}"


@transaction.atomic
def settle_phone_code(hospital_id: int, code_id: int, *, sent: bool) -> None:
    state = PhoneCode.State.SENT if sent else PhoneCode.State.FAILED
    PhoneCode.objects.filter(
        hospital_id=hospital_id, pk=code_id, state=PhoneCode.State.ASKED
    ).update(state=state)


@transaction.atomic
def verify_by_code(holder: Holder, typed: str) -> Holding | None:
    """Verify by the code just typed; None when it is wrong, used up or too old.

    Returns instead of refusing, because a refusal would roll the counted attempt back.
    """
    code = PhoneCode.objects.filter(holder=holder).order_by("-asked_at", "-id").first()
    digits = rules.normalise_code(typed)
    if code is None or digits is None or not count_attempt(code):
        return None
    if code.patient_id is None or code.code_hash is None:
        return None
    expected = sealing.hash_code(holder.hospital_id, code.pk, digits)
    if not secrets.compare_digest(bytes(code.code_hash), expected):
        return None
    PhoneCode.objects.filter(pk=code.pk).update(state=PhoneCode.State.USED, code_hash=None)
    patient = Patient.objects.living().filter(pk=code.patient_id).first()
    if patient is None:
        return None
    holding = claim_patient(holder, patient, code.relation)
    return verify(holding, how=Holding.How.CODE, by=holder)


@transaction.atomic
def verify_by_site(holder: Holder, inpatient: str) -> Holding | None:
    """Verify on the word of the hospital's own site; None when the number is nobody's here.

    The caller has checked the signature. Who is verified already stays so: a newer proof would
    end nothing and prove nothing.
    """
    number_blind = sealing.blind_inpatient(holder.hospital_id, inpatient)
    rows = Patient.objects.of(holder.hospital_id).living()
    patient = rows.filter(inpatient_blind=number_blind).first() if number_blind else None
    if patient is None:
        return None
    holding = claim_patient(holder, patient, Holding.Relation.SELF)
    if holding.state == Holding.State.VERIFIED:
        return holding
    return verify(holding, how=Holding.How.SITE, by=holder)


def count_attempt(code: PhoneCode) -> bool:
    """Take one of the five tries; False when none is left or the time is over."""
    now = time.now()
    is_used = code.state == PhoneCode.State.USED
    facts = rules.CodeFacts(code.expires_at, code.attempts, is_used=is_used)
    if not rules.may_try_code(facts, now):
        return False
    taken = (
        PhoneCode.objects.filter(pk=code.pk, attempts=code.attempts)
        .exclude(state=PhoneCode.State.USED)
        .update(attempts=F("attempts") + 1)
    )
    return bool(taken)


@transaction.atomic
def show_bedside_number(holder: Holder, relation: str) -> str:
    """Return the six digits to show on this phone; the same ones while they last."""
    if relation not in rules.RELATIONS:
        raise RefusedError(_("请先选择您是谁。"))
    now = time.now()
    open_numbers = BedsideNumber.objects.filter(
        holder=holder, relation=relation, used_at=None, expires_at__gt=now
    )
    known = open_numbers.order_by("-expires_at").first()
    if known:
        return keys.hospital_open(
            holder.hospital_id, bytes(known.number_sealed), field=sealing.BEDSIDE
        )
    return make_bedside_number(holder, relation)


def make_bedside_number(holder: Holder, relation: str) -> str:
    hospital_id, now = holder.hospital_id, time.now()
    BedsideNumber.objects.filter(hospital_id=hospital_id, expires_at__lte=now, used_at=None).update(
        number_blind=None, number_sealed=b"", used_at=now
    )
    for _attempt in range(NUMBER_RETRIES):
        digits = make_digits()
        try:
            with transaction.atomic():
                BedsideNumber.objects.create(
                    hospital_id=hospital_id,
                    holder=holder,
                    relation=relation,
                    number_blind=sealing.blind_bedside(hospital_id, digits),
                    number_sealed=keys.hospital_seal(hospital_id, digits, field=sealing.BEDSIDE),
                    expires_at=now + rules.CODE_LIMITS.lives,
                )
        except IntegrityError:
            # Another phone of this hospital shows the same digits right now: roll again.
            continue
        return digits
    raise RefusedError(_("号码暂时取不出来，请稍后再试。"))


@transaction.atomic
def verify_at_bedside(
    patient: Patient, typed: str, *, by: Staff, holder_id: int | None = None
) -> Holding:
    """Bind the phone that shows these digits to the patient in front of the nurse.

    Who comes from a chat names the holder of that chat: then the digits of no other phone count.
    """
    if not by.may("patient.verify"):
        raise ForbiddenError
    if patient.state != Patient.State.ACTIVE:
        raise RefusedError(_("这位患者的资料已经封存，不能绑定手机。"))
    digits = rules.normalise_code(typed)
    now = time.now()
    number = BedsideNumber.objects.filter(
        hospital_id=by.hospital_id,
        number_blind=sealing.blind_bedside(by.hospital_id, digits or ""),
        used_at=None,
        expires_at__gt=now,
    ).first()
    if number is None or digits is None or holder_id not in (None, number.holder_id):
        raise RefusedError(_("没有手机正在显示这个号码。请核对 6 位数字，或请对方刷新后再念。"))
    taken = BedsideNumber.objects.filter(pk=number.pk, used_at=None).update(
        used_at=now, number_blind=None, number_sealed=b""
    )
    if not taken:
        raise RefusedError(_("这个号码刚刚用过了。"))
    holder = Holder.objects.get(pk=number.holder_id)
    holding = claim_patient(holder, patient, number.relation)
    return verify(holding, how=Holding.How.BEDSIDE, by=by)


def verify(holding: Holding, *, how: str, by: Actor) -> Holding:
    """Open the door. Runs again for one who was verified before: the newer proof counts."""
    now = time.now()
    Holding.objects.filter(pk=holding.pk).update(
        state=Holding.State.VERIFIED,
        verified_how=how,
        verified_by_id=by.id if by.kind == "staff" else None,
        verified_at=now,
        ended_at=None,
    )
    Holder.objects.filter(pk=holding.holder_id).update(current_patient=holding.patient_id)
    give_team(holding)
    holding.refresh_from_db()
    record("patient.verified", holding, by=by)
    live.publish(holding.hospital_id, f"patient:{holding.patient.key}")
    live.publish(holding.hospital_id, f"holder:{holding.holder.key}")
    return holding


def give_team(holding: Holding) -> None:
    """Let the live code's team care for a patient whom no team has yet."""
    holder = holding.holder
    rows = Patient.objects.filter(pk=holding.patient_id)
    if holder.department_id:
        rows.filter(department=None).update(department_id=holder.department_id)
    if holder.team_id:
        rows.filter(team=None).update(team_id=holder.team_id)


@transaction.atomic
def switch_patient(holder: Holder, holding_key: str) -> Holding:
    """Show another of the patients whom this phone is held for."""
    holding = (
        Holding.objects.select_related("patient")
        .filter(holder=holder, key=holding_key, state=Holding.State.VERIFIED)
        .first()
    )
    if holding is None:
        raise NotFoundError
    Holder.objects.filter(pk=holder.pk).update(current_patient=holding.patient_id)
    holder.current_patient = holding.patient
    record("holding.switched_to", holding, by=holder)
    return holding


@transaction.atomic
def show_patient(holder: Holder, patient_id: int) -> bool:
    """Show the patient whom a message was for; False where the phone does not open her."""
    held = next((one for one in queries.patients_of(holder) if one.patient_id == patient_id), None)
    if held is None:
        return False
    if holder.current_patient_id != patient_id:
        switch_patient(holder, held.key)
    return True


@transaction.atomic
def end_holding(holding: Holding, *, by: Actor) -> None:
    """Take the phone away from a patient: by the holder, or by staff who may verify."""
    own = by.kind == "holder" and by.id == holding.holder_id
    if not own and not by.may("patient.verify"):
        raise ForbiddenError
    ended = (
        Holding.objects.filter(pk=holding.pk)
        .exclude(state=Holding.State.ENDED)
        .update(state=Holding.State.ENDED, ended_at=time.now())
    )
    if not ended:
        raise RefusedError(_("这个绑定已经解除了。"))
    Holder.objects.filter(pk=holding.holder_id, current_patient=holding.patient_id).update(
        current_patient=None
    )
    record("holding.ended", holding, by=by)


def record(name: str, holding: Holding, *, by: Actor) -> None:
    events.record(
        name,
        hospital_id=holding.hospital_id,
        subject="holding",
        subject_id=holding.pk,
        by=by,
        patient_id=holding.patient_id,
        data={
            "holder_id": holding.holder_id,
            "relation": holding.relation,
            "how": holding.verified_how,
            "live_code_id": holding.holder.live_code_id,
        },
    )
