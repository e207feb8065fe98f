"""How a talk was: asked once, never in danger, answered by a press."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from lianxin.channels.models import Account, Address
from lianxin.channels.queries import open_arrivals
from lianxin.compliance.queries import check_wording
from lianxin.compliance.rules.guard import is_blocked
from lianxin.conversations import actions, catalog
from lianxin.conversations.models import Message, Rating, Thread
from lianxin.conversations.rules import rating as rules
from lianxin.core import time
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.outreach.actions import claim_deliveries
from lianxin.staff.models import Staff
from lianxin.testing.conversations import arrive, make_thread, receive, reload


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    """Stand at a time at which everything may be sent."""
    with time_machine.travel(datetime(2026, 11, 23, 4, 0, tzinfo=UTC), tick=False):
        yield


def talk(hospital: Hospital, by: Staff, kind: str = Account.Kind.WECOM_KF) -> Thread:
    """Let a patient ask, be answered, and the talk end."""
    thread = make_thread(hospital, kind=kind)
    with scope(hospital):
        actions.send_reply(thread, "请按时来复诊。", by=by)
        actions.close_thread(thread, outcome="answered", kind="admin", by=by)
    return reload(thread)


def rating_of(thread: Thread) -> Rating | None:
    with scope(thread.hospital_id):
        return Rating.objects.select_related("question").filter(thread=thread).first()


def address_of(thread: Thread) -> Address:
    with scope(thread.hospital_id):
        return Address.objects.select_related("account").get(pk=thread.last_address_id or 0)


def press(thread: Thread, score: int) -> None:
    """Press under the question. Nothing becomes a message that somebody has to answer."""
    rating = rating_of(thread)
    assert rating is not None
    address = address_of(thread)
    ids = arrive(address, "满意", menu_id=f"message:{rating.question.key}:{score}")
    with scope(thread.hospital_id):
        inbounds = open_arrivals(thread.hospital_id, ids)
        assert actions.receive_arrivals(thread.hospital_id, inbounds) == []


def test_a_talk_that_ended_is_asked_about_with_a_menu(riverside: Hospital, lin: Staff) -> None:
    thread = talk(riverside, lin)

    rating = rating_of(thread)
    assert rating is not None
    assert (rating.staff_id, rating.score) == (lin.pk, None)
    with scope(riverside):
        outbounds = [one.outbound for one in claim_deliveries(riverside.pk)]
    asked = next(one for one in outbounds if one.menu)
    assert asked.carrier_kind == "menu"
    assert [item.id for item in asked.menu] == [
        f"message:{rating.question.key}:{score}" for score in (5, 4, 3, 2, 1)
    ]
    assert asked.menu[0].text == "很满意"


def test_the_first_press_counts_and_nobody_has_to_answer_it(
    riverside: Hospital, lin: Staff
) -> None:
    thread = talk(riverside, lin)

    press(thread, 4)
    press(thread, 1)

    rating = rating_of(thread)
    assert rating is not None
    assert rating.score == 4
    assert not reload(thread).is_waiting
    with scope(riverside):
        event = Event.objects.get(name="rating.given")
        thanks = Message.objects.get(thread=thread, kind="thanks")
    assert (event.data["score"], event.data["staff_id"]) == (4, lin.pk)
    assert thanks.sender_kind == "assistant"


def test_what_she_writes_next_belongs_to_it_and_is_answered_like_everything(
    riverside: Hospital, lin: Staff
) -> None:
    thread = talk(riverside, lin)
    press(thread, 2)
    with time_machine.travel(time.now() + timedelta(minutes=2), tick=False):
        words = receive(address_of(thread), "等了很久")
        later = receive(address_of(thread), "还有一个问题")

    rating = rating_of(thread)
    assert rating is not None
    assert rating.words_id == words.pk != later.pk
    assert reload(thread).is_waiting


def test_somebody_else_cannot_answer_for_her(riverside: Hospital, lin: Staff) -> None:
    thread, other = talk(riverside, lin), make_thread(riverside)
    rating = rating_of(thread)
    assert rating is not None

    message = receive(address_of(other), "很满意", menu_id=f"message:{rating.question.key}:5")

    assert message.thread_id == other.pk
    again = rating_of(thread)
    assert again is not None
    assert again.score is None


def test_nobody_is_asked_who_was_not_answered_or_was_in_danger(
    riverside: Hospital, lin: Staff
) -> None:
    unanswered, danger = make_thread(riverside), make_thread(riverside, "胸痛得厉害")
    with scope(riverside):
        actions.close_thread(unanswered, outcome="no_need", kind="admin", by=lin)
        actions.send_reply(danger, "请马上拨打 120。", by=lin)
        actions.settle_danger(danger, by=lin)
        actions.close_thread(danger, outcome="sent_to_emergency", kind="health_consult", by=lin)

    assert rating_of(unanswered) is None
    assert rating_of(danger) is None


@given(st.builds(rules.Talk))
def test_danger_always_wins(known: rules.Talk) -> None:
    objection = rules.find_objection(known)

    assert bool(objection) == (
        known.is_asked or known.is_in_danger or known.has_red_alert or not known.has_answer
    )
    if known.is_in_danger:
        assert objection == "in_danger"


@pytest.mark.parametrize(
    ("menu_id", "found"),
    [
        ("message:abc123:5", ("abc123", 5)),
        ("message:abc123:6", None),
        ("message:abc123:0", None),
        ("message::5", None),
        ("101", None),
        ("", None),
        ("message:abc123:5\n", None),
    ],
)
def test_only_our_own_items_are_presses(menu_id: str, found: tuple[str, int] | None) -> None:
    assert rules.read_press(menu_id) == found


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_what_is_said_passes_the_guard(in_riverside: Hospital, language: str) -> None:
    for code in catalog.read_rows("sessions.yaml")["texts"][language]:
        text = catalog.session_text(code, language)
        assert not is_blocked(check_wording(in_riverside.pk, text, "automatic"))
        assert len(text.encode()) <= 1024


def test_the_page_counts_by_staff_and_the_talk_shows_it(
    as_zhou: Client, riverside: Hospital, lin: Staff
) -> None:
    thread = talk(riverside, lin)
    shown = as_zhou.get(f"/inbox/{thread.key}/").content.decode()
    assert "已请患者评价" in shown
    press(thread, 2)

    page = as_zhou.get("/inbox/ratings/?days=7").content.decode()
    shown = as_zhou.get(f"/inbox/{thread.key}/").content.decode()

    assert "1 / 1 人评价，平均 2.0 分" in page
    assert lin.name in page
    assert "患者评价 2 分" in shown


def test_an_unknown_span_of_the_page_is_the_default(as_zhou: Client) -> None:
    assert "还没有请患者评价" in as_zhou.get("/inbox/ratings/?days=x").content.decode()
