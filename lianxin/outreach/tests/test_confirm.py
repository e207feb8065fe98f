"""Staff confirmations and welcomes over real HTTP, in WeCom's own format."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from lianxin.channels import synchronising
from lianxin.channels.actions import create_live_code, miss_overdue
from lianxin.channels.actions.arrivals import take_in
from lianxin.channels.adapters.base import Inbound
from lianxin.channels.jobs import keep_media
from lianxin.channels.models import Account, Arrival, LiveCode, Media, MemberTask
from lianxin.channels.queries import facts_of
from lianxin.channels.queries.welcomes import count_left_out
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import Event, Hospital
from lianxin.outreach import actions, jobs
from lianxin.outreach.models import Card, Delivery, Intent, StaffConfirmation
from lianxin.staff.models import Staff
from lianxin.testing.channels import CORP_ID, PNG, make_file
from lianxin.testing.content import make_published
from lianxin.testing.jobs import run_jobs
from lianxin.testing.outreach import Reachable, make_intent, make_reachable
from lianxin.testing.patients import make_holding
from lianxin.testing.processes import Sandbox
from lianxin.testing.staff import make_department


def make_code(wecom: Account, doctor: Staff, text: str = "") -> LiveCode:
    """Make Dr Li's live code, at WeCom too."""
    known = LiveCode.objects.filter(account=wecom).first()
    if known is not None:
        return known
    by = SystemActor(wecom.hospital_id)
    code = create_live_code(wecom, "李主任门诊", staff=doctor, by=by)
    department = make_department(Hospital.objects.get(pk=wecom.hospital_id), "心内科")
    code.welcome_text, code.department = text, department
    code.save(update_fields=["welcome_text", "department"])
    synchronising.keep_live_code(code)
    return code


def make_contact(
    sandbox: Sandbox, wecom: Account, doctor: Staff, person: str = "wang"
) -> Reachable:
    """Let a person add Dr Li, and know the person as a verified patient."""
    sandbox.put(f"/control/persons/{person}", {"name": person, "age": 62})
    sandbox.person_does(person, "scan", code=make_code(wecom, doctor).state_key)
    return make_reachable(
        Hospital.objects.get(pk=wecom.hospital_id),
        account=wecom,
        staff_userid="DrLi",
        external_id=sandbox.external_id(person, CORP_ID),
    )


def run_periodic(hospital: Hospital, *, deliver: bool = True) -> None:
    if deliver:
        jobs.deliver_batch(hospital.pk)
    jobs.confirm_by_staff.for_hospital(hospital.pk)  # type: ignore[attr-defined]


def confirm_at_wecom(sandbox: Sandbox, confirmation: StaffConfirmation) -> None:
    confirmation.refresh_from_db()
    sandbox.post(
        f"/control/corps/{CORP_ID}/members/DrLi/confirm-mass",
        {"msgid": confirmation.provider_message_id},
    )
    task = MemberTask.objects.get(provider_message_id=confirmation.provider_message_id)
    synchronising.settle_task(task)
    for event in Event.objects.filter(name="receipt.arrived"):
        jobs.note_receipts(event.hospital_id, [{"data": event.data}])


@pytest.mark.usefixtures("daytime")
def test_many_cards_are_one_task_that_a_member_confirms(
    sandbox: Sandbox, wecom: Account, doctor: Staff, in_riverside: Hospital
) -> None:
    reachables = [make_contact(sandbox, wecom, doctor, person) for person in ("wang", "zhao")]
    intents = [make_intent(one) for one in reachables]

    run_periodic(in_riverside)
    run_periodic(in_riverside)

    confirmation = StaffConfirmation.objects.get()
    assert (confirmation.state, confirmation.people_count) == ("waiting", 2)
    assert {one.state for one in Delivery.objects.all()} == {"waiting_staff"}

    confirm_at_wecom(sandbox, confirmation)

    assert {one.state for one in Delivery.objects.all()} == {"delivered"}
    assert set(Intent.objects.values_list("state", flat=True)) == {"sent"}
    assert Event.objects.filter(name="delivery.sent").count() == len(intents)


@pytest.mark.usefixtures("daytime")
def test_the_tasks_text_names_nobody_and_its_link_is_counted(
    sandbox: Sandbox, wecom: Account, doctor: Staff, in_riverside: Hospital
) -> None:
    reachable = make_contact(sandbox, wecom, doctor)
    make_intent(reachable, title="血压随访")
    run_periodic(in_riverside)
    confirmation = StaffConfirmation.objects.get()
    confirm_at_wecom(sandbox, confirmation)

    shown = str(sandbox.state())
    assert f"%3Fd%3D{confirmation.key}" in shown
    assert "血压" not in shown

    card = Card.objects.create(
        hospital=in_riverside,
        patient=reachable.patient,
        on=time.today(in_riverside),
        slot="morning",
        expires_at=time.now(),
        created_at=time.now(),
    )
    assert actions.open_card(card, by=reachable.holder, delivery_key=confirmation.key)
    assert Delivery.objects.get().opened_at is not None
    assert Event.objects.filter(name="delivery.opened").count() == 1


@pytest.mark.usefixtures("daytime")
def test_one_task_a_day_to_a_patient(
    sandbox: Sandbox, wecom: Account, doctor: Staff, in_riverside: Hospital
) -> None:
    reachable = make_contact(sandbox, wecom, doctor)
    make_intent(reachable)
    run_periodic(in_riverside)
    make_intent(reachable)

    run_periodic(in_riverside)

    refused = Delivery.objects.get(state="refused")
    assert refused.reason_code == "staff_patient_budget"
    assert StaffConfirmation.objects.count() == 1


@pytest.mark.usefixtures("daytime")
def test_a_life_event_takes_the_task_back_and_makes_it_again_for_the_others(
    sandbox: Sandbox, wecom: Account, doctor: Staff, in_riverside: Hospital
) -> None:
    stopped, other = (
        make_contact(sandbox, wecom, doctor),
        make_contact(sandbox, wecom, doctor, "zhao"),
    )
    make_intent(stopped)
    make_intent(other)
    run_periodic(in_riverside)
    first = StaffConfirmation.objects.get().provider_message_id

    jobs.stop_patients(in_riverside.pk, [{"patient_id": stopped.patient.pk}])
    run_periodic(in_riverside, deliver=False)
    run_periodic(in_riverside, deliver=False)

    confirmation = StaffConfirmation.objects.get()
    assert (confirmation.state, confirmation.people_count) == ("waiting", 1)
    assert confirmation.provider_message_id not in ("", first)
    confirm_at_wecom(sandbox, confirmation)
    states = dict(Delivery.objects.values_list("patient_id", "state"))
    assert states == {stopped.patient.pk: "cancelled", other.patient.pk: "delivered"}


@pytest.mark.usefixtures("daytime")
def test_a_life_event_while_the_task_is_made_takes_it_back_too(
    sandbox: Sandbox, wecom: Account, doctor: Staff, in_riverside: Hospital
) -> None:
    stopped, other = (
        make_contact(sandbox, wecom, doctor),
        make_contact(sandbox, wecom, doctor, "zhao"),
    )
    make_intent(stopped)
    make_intent(other)
    jobs.deliver_batch(in_riverside.pk)
    actions.plan_confirmations(in_riverside.pk)
    [task] = actions.claim_confirmations(in_riverside.pk)

    jobs.stop_patients(in_riverside.pk, [{"patient_id": stopped.patient.pk}])
    actions.settle_confirmation(in_riverside.pk, task, jobs.run_task(in_riverside.pk, task))
    assert StaffConfirmation.objects.get().state == "taking_back"
    run_periodic(in_riverside, deliver=False)
    run_periodic(in_riverside, deliver=False)

    confirmation = StaffConfirmation.objects.get()
    assert (confirmation.state, confirmation.people_count) == ("waiting", 1)


@pytest.mark.usefixtures("daytime")
def test_a_task_nobody_confirms_becomes_a_call(
    sandbox: Sandbox, wecom: Account, doctor: Staff, in_riverside: Hospital
) -> None:
    make_intent(make_contact(sandbox, wecom, doctor))
    run_periodic(in_riverside)
    StaffConfirmation.objects.update(closes_at=time.now())

    run_periodic(in_riverside, deliver=False)
    jobs.deliver_batch(in_riverside.pk)

    assert StaffConfirmation.objects.get().state == "expired"
    event = Event.objects.get(name="intent.refused")
    assert event.data["needs_call"] is True


@pytest.mark.usefixtures("daytime")
def test_a_task_whose_worker_died_is_not_made_twice(
    sandbox: Sandbox, wecom: Account, doctor: Staff, in_riverside: Hospital
) -> None:
    make_intent(make_contact(sandbox, wecom, doctor))
    jobs.deliver_batch(in_riverside.pk)
    actions.plan_confirmations(in_riverside.pk)
    assert len(actions.claim_confirmations(in_riverside.pk)) == 1

    with time_machine.travel(time.now().timestamp() + 600, tick=False):
        assert actions.claim_confirmations(in_riverside.pk) == []
        actions.claim_deliveries(in_riverside.pk)

    confirmation = StaffConfirmation.objects.get()
    assert (confirmation.state, confirmation.reason_code) == ("failed", "outcome_unknown")
    assert Event.objects.filter(name="intent.refused").exists()


@pytest.mark.usefixtures("daytime")
def test_a_card_whose_task_may_exist_goes_to_no_other_phone(
    sandbox: Sandbox, wecom: Account, doctor: Staff, in_riverside: Hospital
) -> None:
    reachable = make_contact(sandbox, wecom, doctor)
    make_holding(reachable.patient, make_contact(sandbox, wecom, doctor, "zhao").holder)
    intent = make_intent(reachable)
    jobs.deliver_batch(in_riverside.pk)
    actions.plan_confirmations(in_riverside.pk)
    actions.claim_confirmations(in_riverside.pk)

    with time_machine.travel(time.now().timestamp() + 600, tick=False):
        run_periodic(in_riverside)
        run_periodic(in_riverside)

    intent.refresh_from_db()
    assert (intent.state, intent.reason_code) == ("refused", "outcome_unknown")
    assert [one.state for one in Delivery.objects.filter(intent=intent)] == ["failed"]


# ---- the welcome --------------------------------------------------------------------------


def add_doctor(sandbox: Sandbox, wecom: Account, number: int = 1) -> Event:
    """Let Wang Fang scan; the callback arrives as the edge would store it."""
    code = LiveCode.objects.get(account=wecom)
    shown = sandbox.person_does("wang", "scan", code=code.state_key)
    take_in(
        facts_of(wecom),
        [
            Inbound(
                event="contact.added",
                arrival_key=f"full:DrLi:wang:{number}",
                occurred_at=time.now(),
                kind="full",
                external_id=sandbox.external_id("wang", CORP_ID),
                staff_userid="DrLi",
                state=code.state_key,
                welcome_code=str(shown["welcome_code"]),
            )
        ],
    )
    return Event.objects.filter(name="contact.added").latest("at", "id")


def leave_doctor(sandbox: Sandbox, wecom: Account) -> None:
    """Let Wang Fang delete Dr Li again."""
    sandbox.person_does("wang", "delete-member", corp_id=CORP_ID, userid="DrLi")
    gone = Inbound(
        event="contact.removed",
        arrival_key="del:DrLi:wang",
        occurred_at=time.now(),
        kind="by_patient",
        external_id=sandbox.external_id("wang", CORP_ID),
        staff_userid="DrLi",
    )
    take_in(facts_of(wecom), [gone])


def send_welcome(event: Event) -> None:
    jobs.send_welcome(event.hospital_id, [{"data": event.data}])


def test_the_welcome_comes_in_the_doctors_name_with_a_link(
    sandbox: Sandbox, wecom: Account, doctor: Staff
) -> None:
    make_code(wecom, doctor)
    event = add_doctor(sandbox, wecom)

    send_welcome(event)
    send_welcome(event)

    shown = str(sandbox.state())
    assert "李建国" in shown
    assert "急症请拨 120，此处不保证及时回复" in shown
    assert "非 24 小时监护" in shown
    assert f"/p/enter/{wecom.key}/" in shown
    sent = Event.objects.get(name="welcome.sent")
    assert sent.data["delay_ms"] < 20_000
    assert Delivery.objects.get().state == "sent"
    assert Arrival.objects.get(event="contact.added").welcome == "sent"


def test_a_forbidden_welcome_is_replaced_never_dropped(
    sandbox: Sandbox, wecom: Account, doctor: Staff
) -> None:
    make_code(wecom, doctor, text="跟着我，保证根治高血压！")

    send_welcome(add_doctor(sandbox, wecom))

    shown = str(sandbox.state())
    assert "根治" not in shown
    assert "急症请拨 120" in shown
    assert Event.objects.filter(name="welcome.sent").exists()


def test_attachments_follow_and_what_is_not_ready_stays_behind(
    sandbox: Sandbox, wecom: Account, doctor: Staff, in_riverside: Hospital
) -> None:
    code = make_code(wecom, doctor, "您好。")
    ready, late = make_file(in_riverside), make_file(in_riverside, PNG + b"late")
    item = make_published(in_riverside, title="来院路线")
    chosen = [
        {"kind": "image", "file": ready.sha256},
        {"kind": "link", "page": item.key},
        {"kind": "image", "file": late.sha256},
        {"kind": "link", "page": "withdrawn"},
    ]
    code.welcome_attachments = chosen[:1]
    code.save(update_fields=["welcome_attachments"])
    keep_media.for_hospital(in_riverside.pk)  # type: ignore[attr-defined]
    code.welcome_attachments = chosen
    code.save(update_fields=["welcome_attachments"])

    send_welcome(add_doctor(sandbox, wecom))

    inbox = sandbox.state()["persons"]["wang"]["inbox"]
    assert [one["kind"] for one in inbox] == ["note", "text", "image", "link", "link"]
    assert f"/p/read/{item.key}/?d=" in str(inbox)
    sent = Event.objects.get(name="welcome.sent")
    assert sent.data["reason"] == "attachments_left_out"
    assert count_left_out(code, time.now() - timedelta(days=1)) == 1


def test_a_picture_that_the_provider_forgot_does_not_stop_the_text(
    sandbox: Sandbox, wecom: Account, doctor: Staff, in_riverside: Hospital
) -> None:
    code = make_code(wecom, doctor, "您好。")
    code.welcome_attachments = [{"kind": "image", "file": make_file(in_riverside).sha256}]
    code.save(update_fields=["welcome_attachments"])
    keep_media.for_hospital(in_riverside.pk)  # type: ignore[attr-defined]
    Media.objects.update(media_id="never-was")

    send_welcome(add_doctor(sandbox, wecom))

    inbox = sandbox.state()["persons"]["wang"]["inbox"]
    assert [one["kind"] for one in inbox] == ["note", "text", "link"]
    assert Event.objects.get(name="welcome.sent").data["reason"] == "attachments_left_out"
    assert not Media.objects.exists()


def test_who_comes_back_is_welcomed_back(sandbox: Sandbox, wecom: Account, doctor: Staff) -> None:
    code = make_code(wecom, doctor, text="您好，这是第一次见面。")
    code.welcomes = [{"text": "欢迎回来。", "whom": "returning", "when": "always", "hours": []}]
    code.save(update_fields=["welcomes"])

    send_welcome(add_doctor(sandbox, wecom))
    first = str(sandbox.state())
    leave_doctor(sandbox, wecom)
    send_welcome(add_doctor(sandbox, wecom, number=2))

    assert "第一次见面" in first
    assert "欢迎回来" not in first
    assert "欢迎回来" in str(sandbox.state())
    assert Event.objects.filter(name="welcome.sent").count() == 2


def test_a_late_welcome_is_recorded_as_missed(
    sandbox: Sandbox, wecom: Account, doctor: Staff
) -> None:
    make_code(wecom, doctor)
    event = add_doctor(sandbox, wecom)

    with time_machine.travel(time.now().timestamp() + 30, tick=False):
        send_welcome(event)
        miss_overdue(wecom.hospital_id, [event.data["welcome_arrival_id"]])

    assert Event.objects.get(name="welcome.missed").data["reason"] == "welcome_late"
    assert not Event.objects.filter(name="welcome.sent").exists()


def test_a_burst_of_contacts_is_shared_between_workers(in_riverside: Hospital) -> None:
    events = [{"data": {"welcome_arrival_id": None}} for _ in range(10)]

    jobs.send_welcome(in_riverside.pk, events)

    assert run_jobs() == ["outreach.jobs.send_welcome", "outreach.jobs.send_welcome"]
