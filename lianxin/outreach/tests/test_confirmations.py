"""Reminding, cancelling and reading a mass task, through the pages and over real HTTP."""

from __future__ import annotations

import pytest
import time_machine
from django.test import Client

from lianxin.channels import jobs as channel_jobs
from lianxin.channels import sending, synchronising
from lianxin.channels.adapters.base import Outbound, Sent
from lianxin.channels.models import Account, MemberTask, TaskReminder, TaskShare
from lianxin.core import time
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.outreach import jobs
from lianxin.outreach.models import Delivery, Intent, StaffConfirmation
from lianxin.outreach.queries import load_house
from lianxin.outreach.queries.quotas import load_quotas
from lianxin.outreach.tests.test_confirm import make_contact, run_periodic
from lianxin.staff.models import Staff
from lianxin.testing.channels import CORP_ID
from lianxin.testing.guarded import assert_guarded, sign_in
from lianxin.testing.outreach import Reachable, make_intent
from lianxin.testing.processes import Sandbox
from lianxin.testing.staff import make_staff

pytestmark = pytest.mark.usefixtures("daytime")


@pytest.fixture
def as_operator(in_riverside: Hospital) -> Client:
    return sign_in(make_staff(in_riverside, role=Staff.Role.OPERATOR))


def make_task(
    sandbox: Sandbox, wecom: Account, doctor: Staff, *people: str
) -> tuple[StaffConfirmation, list[Reachable]]:
    """Let Dr Li have one task for these people, made at WeCom."""
    reachables = [make_contact(sandbox, wecom, doctor, person) for person in people]
    for one in reachables:
        make_intent(one)
    run_periodic(Hospital.objects.get(pk=wecom.hospital_id))
    return StaffConfirmation.objects.get(), reachables


def confirm(sandbox: Sandbox, row: StaffConfirmation, *external_ids: str) -> None:
    """Let Dr Li confirm, for some of the people only if any are named."""
    body: dict[str, object] = {"msgid": row.provider_message_id}
    if external_ids:
        body["external_userids"] = list(external_ids)
    sandbox.post(f"/control/corps/{CORP_ID}/members/DrLi/confirm-mass", body)


def press(client: Client, row: StaffConfirmation, what: str) -> str:
    response = client.post(f"/sends/confirmations/{row.key}/{what}/", follow=True)
    return response.content.decode()


def send_reminders(hospital: Hospital) -> None:
    channel_jobs.remind_members.for_hospital(hospital.pk)  # type: ignore[attr-defined]


def test_the_pages_are_guarded(riverside: Hospital) -> None:
    path = "/sends/confirmations/"
    assert_guarded(path, "GET", hospital=riverside, permission="send.read", has_object=False)


def test_a_colleague_is_reminded_three_times_and_no_more(
    sandbox: Sandbox,
    wecom: Account,
    doctor: Staff,
    in_riverside: Hospital,
    as_operator: Client,
) -> None:
    row, _people = make_task(sandbox, wecom, doctor, "wang")
    page = as_operator.get(f"/sends/confirmations/{row.key}/").content.decode()
    assert "还剩 3 次" in page

    assert "已请企业微信提醒 李建国" in press(as_operator, row, "reminders")
    assert "提醒正在送出" in press(as_operator, row, "reminders")
    for _ in range(3):
        send_reminders(in_riverside)
        send_reminders(in_riverside)
        press(as_operator, row, "reminders")

    told = sandbox.state()["corps"][CORP_ID]["staff_messages"]
    assert [one["kind"] for one in told] == ["remind"] * 3
    assert TaskReminder.objects.filter(state="sent").count() == 3
    assert "提醒次数已用完" in press(as_operator, row, "reminders")
    assert Event.objects.filter(name="staff_task.reminded").count() == 3


def test_the_provider_has_the_last_word_on_reminders(
    sandbox: Sandbox,
    wecom: Account,
    doctor: Staff,
    in_riverside: Hospital,
    as_operator: Client,
) -> None:
    row, _people = make_task(sandbox, wecom, doctor, "wang")
    for _ in range(4):
        press(as_operator, row, "reminders")
        send_reminders(in_riverside)
    # Somebody else has used up what was left: ours are forgotten, the provider's count is not.
    TaskReminder.objects.all().delete()

    press(as_operator, row, "reminders")
    send_reminders(in_riverside)

    refused = TaskReminder.objects.get()
    assert (refused.state, refused.reason_code) == ("refused", "reminders_used_up")
    assert "还剩 0 次" in as_operator.get(f"/sends/confirmations/{row.key}/").content.decode()


def test_a_reminder_whose_answer_is_lost_is_not_sent_twice(
    sandbox: Sandbox,
    wecom: Account,
    doctor: Staff,
    in_riverside: Hospital,
    as_operator: Client,
) -> None:
    row, _people = make_task(sandbox, wecom, doctor, "wang")
    press(as_operator, row, "reminders")
    TaskReminder.objects.update(state="claimed", claimed_at=time.now())

    with time_machine.travel(time.now().timestamp() + 120, tick=False):
        send_reminders(in_riverside)

    kept = TaskReminder.objects.get()
    assert (kept.state, kept.reason_code) == ("sent", "outcome_unknown")
    assert "remind_groupmsg_send" not in str(sandbox.state()["counts"])


def test_cancelling_stops_the_unsent_and_keeps_what_was_sent(
    sandbox: Sandbox,
    wecom: Account,
    doctor: Staff,
    in_riverside: Hospital,
    as_operator: Client,
) -> None:
    row, [reached, left] = make_task(sandbox, wecom, doctor, "wang", "zhao")
    confirm(sandbox, row, reached.address.external_id)

    assert "已发出的不能撤回" in press(as_operator, row, "cancel")
    run_periodic(in_riverside)
    run_periodic(in_riverside)

    row.refresh_from_db()
    assert (row.state, row.reason_code) == ("cancelled", "stopped_by_staff")
    states = dict(Delivery.objects.values_list("patient_id", "state"))
    assert states == {reached.patient.pk: "delivered", left.patient.pk: "cancelled"}
    assert set(Intent.objects.values_list("state", flat=True)) == {"sent", "cancelled"}
    assert MemberTask.objects.get().state == "cancelled"
    page = as_operator.get(f"/sends/confirmations/{row.key}/").content.decode()
    assert "同事取消了还没发出的部分" in page
    with pytest.raises(AssertionError, match="cancelled"):
        confirm(sandbox, row)


def test_what_nobody_confirmed_in_time_is_stopped_at_wecom_before_it_goes_elsewhere(
    sandbox: Sandbox,
    wecom: Account,
    doctor: Staff,
    in_riverside: Hospital,
) -> None:
    row, [reached, left] = make_task(sandbox, wecom, doctor, "wang", "zhao")
    confirm(sandbox, row, reached.address.external_id)
    StaffConfirmation.objects.update(closes_at=time.now())

    run_periodic(in_riverside, deliver=False)

    assert StaffConfirmation.objects.get().state == "expired"
    states = dict(Delivery.objects.values_list("patient_id", "state"))
    assert states == {reached.patient.pk: "delivered", left.patient.pk: "failed"}
    [task] = sandbox.state()["corps"][CORP_ID]["tasks"].values()
    assert task["is_cancelled"]


def test_the_end_of_a_task_never_overtakes_its_receipts(
    sandbox: Sandbox,
    wecom: Account,
    doctor: Staff,
    in_riverside: Hospital,
) -> None:
    row, _people = make_task(sandbox, wecom, doctor, "wang")
    confirm(sandbox, row)
    synchronising.settle_task(MemberTask.objects.get())

    # The job of the end runs first; the one of the receipts is still on its way.
    ended = Event.objects.get(name="staff_task.settled")
    jobs.settle_tasks(in_riverside.pk, [{"data": ended.data}])
    for event in Event.objects.filter(name="receipt.arrived"):
        jobs.note_receipts(in_riverside.pk, [{"data": event.data}])

    assert Delivery.objects.get().state == "delivered"
    assert StaffConfirmation.objects.get().state == "done"
    assert MemberTask.objects.get().confirmed_at is not None
    assert Event.objects.filter(name="delivery.sent").count() == 1


def test_tasks_that_members_made_count_for_their_customers_month(
    sandbox: Sandbox,
    wecom: Account,
    doctor: Staff,
    in_riverside: Hospital,
) -> None:
    person = make_contact(sandbox, wecom, doctor)
    by_hand = Outbound(
        client_key="made-by-another-tool",
        carrier_kind="staff_task",
        text="您好",
        staff_userid="DrLi",
        external_ids=(person.address.external_id,),
    )
    [made] = sending.send(in_riverside.pk, wecom.pk, [by_hand])
    assert isinstance(made, Sent)
    sandbox.post(
        f"/control/corps/{CORP_ID}/members/DrLi/confirm-mass", {"msgid": made.provider_message_id}
    )
    # It is as if it had not been made here.
    MemberTask.objects.all().delete()

    for _ in range(2):
        channel_jobs.find_outside_tasks.for_hospital(in_riverside.pk)  # type: ignore[attr-defined]
        channel_jobs.settle_tasks.for_hospital(in_riverside.pk)  # type: ignore[attr-defined]

    assert TaskShare.objects.get().outcome == "sent"
    with scope(in_riverside):
        uses = load_quotas(load_house(in_riverside.pk), [wecom], [person.address.pk])
    assert uses.at(wecom.pk, person.address.pk)["wecom_task"].used == 1
    assert not Event.objects.filter(name="staff_task.settled").exists()
