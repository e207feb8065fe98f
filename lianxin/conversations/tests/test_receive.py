from __future__ import annotations

from datetime import timedelta

import pytest

from lianxin.channels.models import Account, StaffNotice
from lianxin.channels.queries import open_arrivals
from lianxin.conversations import actions, jobs, queries
from lianxin.conversations.jobs import receive_arrivals
from lianxin.conversations.models import Consult, Message, Thread
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.outreach.models import Intent
from lianxin.patients import actions as patients
from lianxin.staff.models import Staff
from lianxin.testing.conversations import (
    arrive,
    make_talking_address,
    make_thread,
    receive,
    reload,
)
from lianxin.testing.patients import make_holder, make_holding, make_patient


def test_the_first_word_opens_a_thread_and_a_consult(riverside: Hospital) -> None:
    message = receive(make_talking_address(riverside), "晚上的药要不要补？")

    thread = reload(message.thread)
    with scope(riverside):
        consult = Consult.objects.get(thread=thread)
    assert (thread.state, thread.unread_count, thread.is_waiting) == ("open", 1, True)
    assert thread.last_message_id == message.pk
    assert consult.first_patient_at == message.at
    assert consult.first_reply_at is None


def test_the_journal_has_ids_and_no_words(riverside: Hospital) -> None:
    message = receive(make_talking_address(riverside), "我姓王，电话 13800001234")

    with scope(riverside):
        event = Event.objects.get(name="message.received", subject_id=message.thread_id)
    assert event.data["message_id"] == message.pk
    assert "王" not in str(event.data)
    assert "王" not in str(bytes(message.body_sealed))


def test_the_same_arrival_twice_is_one_message(riverside: Hospital) -> None:
    address = make_talking_address(riverside)
    ids = arrive(address)
    events = [{"subject_id": ids[0], "subject": "arrival", "data": {}}]

    receive_arrivals(hospital_id=riverside.pk, events=events)
    receive_arrivals(hospital_id=riverside.pk, events=events)

    with scope(riverside):
        thread = Thread.objects.get()
        assert Message.objects.filter(thread=thread).count() == 1
        assert thread.unread_count == 1


def test_messages_out_of_order_stand_in_order(riverside: Hospital) -> None:
    address = make_talking_address(riverside)
    now = time.now()

    receive(address, "第二句", at=now)
    thread = receive(address, "第一句", at=now - timedelta(minutes=5)).thread

    thread = reload(thread)
    with scope(riverside):
        said = queries.list_messages(thread)
    assert [one.body for one in said] == ["第一句", "第二句"]
    assert thread.last_message_at == now
    assert thread.waiting_since == now - timedelta(minutes=5)


def test_three_carriers_of_one_person_are_one_thread(riverside: Hospital) -> None:
    first = make_talking_address(riverside)
    second = make_talking_address(riverside, Account.Kind.OFFICIAL_ACCOUNT)
    with scope(riverside):
        type(first).objects.filter(pk__in=[first.pk, second.pk]).update(union_id="union-1")

    one, two = receive(first, "客服").thread_id, receive(second, "公众号").thread_id

    assert one == two


def test_a_verified_patient_gives_the_thread_a_name_and_a_team(riverside: Hospital) -> None:
    address = make_talking_address(riverside)
    patient = make_patient(riverside, name="王建国")
    make_holding(patient, make_holder(riverside, address=address))

    thread = receive(address).thread

    assert reload(thread).patient_id == patient.pk


def test_danger_words_page_the_duty_and_answer_with_the_card(
    riverside: Hospital, admin: Staff
) -> None:
    message = receive(make_talking_address(riverside), "胸口压得慌，左胳膊也发麻")

    thread = reload(message.thread)
    with scope(riverside):
        card = Message.objects.get(thread=thread, sender_kind="assistant")
        intent = Intent.objects.get(pk=card.intent_id or 0)
        notice = StaffNotice.objects.get(staff=admin)
    assert (thread.urgency, thread.urgency_category) == ("emergency", "chest")
    assert thread.first_reply_due_at == message.at + timedelta(minutes=5)
    assert (intent.kind, intent.findings) == ("safety", [])
    assert thread.key in notice.path
    assert "胸" not in notice.text


def test_the_card_does_not_count_as_an_answer(riverside: Hospital, admin: Staff) -> None:
    thread = receive(make_talking_address(riverside), "喘不上气").thread

    assert reload(thread).is_waiting


def test_the_same_card_is_not_sent_in_every_breath(riverside: Hospital, admin: Staff) -> None:
    address = make_talking_address(riverside)

    for text in ("胸口疼", "还在疼，胸口很闷", "胸痛"):
        receive(address, text)

    with scope(riverside):
        assert Message.objects.filter(card_code="emergency").count() == 1


def test_a_colleague_in_the_client_has_answered(riverside: Hospital) -> None:
    address = make_talking_address(riverside)
    receive(address, "在吗？", at=time.now() - timedelta(minutes=3))

    thread = receive(address, "在的，您说", status="from_staff").thread

    thread = reload(thread)
    with scope(riverside):
        consult = Consult.objects.get(thread=thread)
    assert not thread.is_waiting
    assert consult.first_reply_at is not None
    assert consult.first_reply_by is None


def test_a_recalled_message_keeps_its_place_and_hides_its_words(riverside: Hospital) -> None:
    address = make_talking_address(riverside)
    message = receive(address, "说错了")

    ids = arrive(address, "", kind="recall", provider_message_id=message.provider_message_id)
    with scope(riverside):
        actions.receive_arrivals(riverside.pk, open_arrivals(riverside.pk, ids))
        said = queries.list_messages(reload(message.thread))

    assert len(said) == 1
    assert said[0].message.recalled_at is not None
    assert said[0].body == ""


def test_a_long_silence_starts_a_new_consult(riverside: Hospital) -> None:
    address = make_talking_address(riverside)
    receive(address, "上个月的事", at=time.now() - timedelta(days=30))

    receive(address, "今天的事")

    with scope(riverside):
        consults = list(Consult.objects.order_by("first_patient_at"))
    assert [one.outcome for one in consults] == ["lapsed", ""]


def test_another_hospital_sees_no_thread(riverside: Hospital, elsewhere: Hospital) -> None:
    make_thread(riverside)

    with scope(elsewhere):
        assert not Thread.objects.exists()
        assert not Message.objects.exists()


@pytest.mark.parametrize("kind", ["voice", "image"])
def test_what_has_no_words_is_stored_and_not_screened(riverside: Hospital, kind: str) -> None:
    message = receive(make_talking_address(riverside), "", kind=kind)

    assert message.kind == kind
    assert reload(message.thread).urgency == "normal"


def test_an_emergency_nobody_answers_goes_along_the_line(riverside: Hospital, admin: Staff) -> None:
    address = make_talking_address(riverside)
    thread = receive(address, "胸痛", at=time.now() - timedelta(minutes=10)).thread

    with scope(riverside):
        overdue = queries.list_overdue(riverside.pk, time.now())
        assert overdue == [thread.pk]
        assert actions.escalate_thread(riverside.pk, thread.pk)
        assert not actions.escalate_thread(riverside.pk, thread.pk)
        assert Event.objects.filter(name="thread.escalated").count() == 1


def test_two_talks_of_one_person_become_one_and_stay_readable(riverside: Hospital) -> None:
    first, second = make_talking_address(riverside), make_talking_address(riverside)
    kept = receive(first, "先说的", at=time.now() - timedelta(hours=2)).thread
    joined = receive(second, "后说的，胸口闷").thread

    with scope(riverside):
        actions.join_threads(riverside.pk, kept.holder_id, joined.holder_id)
        assert actions.join_threads(riverside.pk, kept.holder_id, joined.holder_id) is None
        thread = Thread.objects.get()
        bodies = [one.body for one in queries.list_messages(reload(thread))]
        outcomes = set(Consult.objects.values_list("state", "outcome"))

    assert bodies[:2] == ["先说的", "后说的，胸口闷"]
    assert (thread.urgency, thread.unread_count) == ("emergency", 2)
    assert outcomes == {("open", ""), ("closed", "joined")}


def test_the_talk_of_somebody_forgotten_is_nobodys_work(in_riverside: Hospital, lin: Staff) -> None:
    kept, gone = make_thread(in_riverside), make_thread(in_riverside)
    patients.forget_holder(gone.holder, by=SystemActor(in_riverside.pk))
    event = Event.objects.get(name="holder.forgotten")

    for _ in range(2):
        jobs.restrict_talks.func(in_riverside.pk, [{"subject_id": event.subject_id}])

    gone.refresh_from_db()
    assert (gone.state, gone.unread_count, gone.waiting_since) == ("restricted", 0, None)
    assert [one.pk for one in Thread.objects.shown()] == [kept.pk]
    assert Event.objects.filter(name="thread.restricted").count() == 1
