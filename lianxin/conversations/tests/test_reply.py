from __future__ import annotations

from datetime import timedelta

import pytest

from lianxin.channels.models import Account, Address
from lianxin.conversations import actions, queries
from lianxin.conversations.models import Consult, Message, Thread
from lianxin.core import time
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.outreach.actions import claim_deliveries
from lianxin.outreach.models import Intent
from lianxin.staff.models import Staff
from lianxin.testing.conversations import (
    make_talking_address,
    make_thread,
    make_web_message,
    receive,
    reload,
)
from lianxin.testing.jobs import list_job_names, run_jobs
from lianxin.testing.patients import make_holder
from lianxin.testing.staff import make_staff


def reply(thread: Thread, text: str, by: Staff, **options: str) -> Message:
    with scope(thread.hospital_id):
        return actions.send_reply(thread, text, by=by, **options)


def message_now(message: Message) -> Message:
    with scope(message.hospital_id):
        return Message.objects.get(pk=message.pk)


def judge(message: Message) -> None:
    """Ask the gate, as the sending job does, and let the room follow."""
    with scope(message.hospital_id):
        claim_deliveries(message.hospital_id)
        actions.settle_intents(message.hospital_id, [message.intent_id or 0])


def test_an_answer_is_shown_at_once_and_asked_of_the_gate(riverside: Hospital, lin: Staff) -> None:
    thread = make_thread(riverside)

    message = reply(thread, "您好，请按时来复诊。", lin)

    thread = reload(thread)
    with scope(riverside):
        intent = Intent.objects.get(pk=message.intent_id or 0)
        consult = Consult.objects.get(thread=thread)
    assert message.delivery_state == "queued"
    assert (intent.kind, intent.answers_address_id) == ("reply", thread.last_address_id)
    assert not thread.is_waiting
    assert (thread.assignee_id, thread.unread_count) == (lin.pk, 0)
    assert consult.first_reply_by_id == lin.pk
    assert "outreach.jobs.deliver_now" in list_job_names()


def test_the_same_click_twice_is_one_answer(riverside: Hospital, lin: Staff) -> None:
    thread = make_thread(riverside)

    first = reply(thread, "好的", lin, client_key="click1")
    second = reply(thread, "好的", lin, client_key="click1")

    assert first.pk == second.pk
    with scope(riverside):
        assert Intent.objects.count() == 1


@pytest.mark.parametrize("text", ["您这是确诊为冠心病", "保证治好"])
def test_words_that_may_not_be_said_are_refused(riverside: Hospital, lin: Staff, text: str) -> None:
    thread = make_thread(riverside)

    with pytest.raises(RefusedError, match="不能发给患者"):
        reply(thread, text, lin)
    with scope(riverside):
        assert not Message.objects.filter(sender_kind="staff").exists()


def test_a_manager_may_not_answer(riverside: Hospital) -> None:
    manager = make_staff(riverside, role=Staff.Role.MANAGER)

    with pytest.raises(ForbiddenError):
        reply(make_thread(riverside), "你好", manager)


def test_a_session_taken_in_the_client_is_refused_with_reason_and_alternatives(
    riverside: Hospital, lin: Staff
) -> None:
    thread = make_thread(riverside)
    message = reply(thread, "好的", lin)
    with scope(riverside):
        Address.objects.filter(pk=thread.last_address_id or 0).update(session_state=3)

    judge(message)

    found = message_now(message)
    assert (found.delivery_state, found.reason_code) == ("refused", "kf_read_only")


def test_a_refused_answer_starts_the_clock_again(riverside: Hospital, lin: Staff) -> None:
    thread = make_thread(riverside)
    due = thread.first_reply_due_at
    message = reply(thread, "好的", lin)
    with scope(riverside):
        Address.objects.filter(pk=thread.last_address_id or 0).update(sent_since_inbound_count=5)

    judge(message)

    thread = reload(thread)
    with scope(riverside):
        consult = Consult.objects.get(thread=thread)
    assert thread.is_waiting
    assert thread.first_reply_due_at == due
    assert consult.first_reply_at is None


def test_a_web_answer_is_sent_and_arrives_when_the_page_shows_it(
    riverside: Hospital, lin: Staff
) -> None:
    with scope(riverside):
        Account.objects.create(hospital=riverside, kind=Account.Kind.WEBCHAT, name="网页")
    asked = make_web_message(make_holder(riverside), "想约复诊")
    message = reply(reload(asked.thread), "好的，已帮您看", lin)

    run_jobs()
    judge(message)
    sent = message_now(message).delivery_state
    with scope(riverside):
        said = queries.list_messages_for_holder(reload(asked.thread))
        actions.note_shown(riverside.pk, [one.message for one in said])

    assert sent == "sent"
    assert message_now(message).delivery_state == "delivered"


def test_a_note_never_leaves_the_house(riverside: Hospital, lin: Staff) -> None:
    thread = make_thread(riverside)
    with scope(riverside):
        actions.add_note(thread, "家属说昨晚没睡好", by=lin)

        assert not Intent.objects.exists()
        assert [one.body for one in queries.list_messages_for_holder(thread)] == [
            "请问什么时候复诊？"
        ]
    assert reload(thread).is_waiting


def test_two_people_taking_one_thread_are_told_apart(
    riverside: Hospital, lin: Staff, zhou: Staff
) -> None:
    thread = make_thread(riverside)
    with scope(riverside):
        actions.assign_thread(thread, lin, by=lin, expected_id=None)

        with pytest.raises(RefusedError, match="别的同事"):
            actions.assign_thread(thread, zhou, by=zhou, expected_id=None)
    assert reload(thread).assignee_id == lin.pk


def test_closing_writes_the_outcome_and_a_new_word_opens_again(
    riverside: Hospital, lin: Staff
) -> None:
    address = make_talking_address(riverside)
    thread = reload(receive(address).thread)
    with scope(riverside):
        actions.close_thread(thread, outcome="answered", kind="health_consult", by=lin)

        with pytest.raises(RefusedError, match="已经结束"):
            actions.close_thread(thread, outcome="answered", kind="health_consult", by=lin)
    receive(address, "还有一个问题", at=time.now() + timedelta(seconds=1))

    with scope(riverside):
        outcomes = list(Consult.objects.order_by("id").values_list("outcome", "kind"))
    assert outcomes == [("answered", "health_consult"), ("", "")]
    assert reload(thread).is_open


def test_online_diagnosis_is_no_kind_of_consult(riverside: Hospital, lin: Staff) -> None:
    thread = make_thread(riverside)

    with scope(riverside), pytest.raises(RefusedError):
        actions.close_thread(thread, outcome="answered", kind="internet_dx", by=lin)


def test_reading_is_written_once(riverside: Hospital, lin: Staff) -> None:
    thread = make_thread(riverside)
    with scope(riverside):
        actions.mark_read(thread, by=lin)
        actions.mark_read(thread, by=lin)

        assert Event.objects.filter(name="thread.read").count() == 1


def test_an_erased_patients_talk_is_put_away(riverside: Hospital, lin: Staff) -> None:
    thread = make_thread(riverside)
    with scope(riverside):
        from_patient = queries.list_threads(lin).count()
        Thread.objects.filter(pk=thread.pk).update(state=Thread.State.RESTRICTED)

        assert (from_patient, queries.list_threads(lin).count()) == (1, 0)
        with pytest.raises(RefusedError, match="封存"):
            actions.add_note(thread, "补一句", by=lin)
