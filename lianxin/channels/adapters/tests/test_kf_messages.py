"""What customer service hands out, translated without a provider."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianxin.channels.adapters.wecom_kf.calls import parse_message
from lianxin.channels.adapters.wecom_kf.customers import Customer, read_customer
from lianxin.channels.reasons import SENTENCES, sentence_of


def event(event_type: str, **facts: Any) -> dict[str, Any]:
    inner = {"event_type": event_type, "open_kfid": "wk1", "external_userid": "wm1", **facts}
    return {"msgid": "e1", "send_time": 1615478585, "msgtype": "event", "event": inner}


@pytest.mark.parametrize(
    ("fail_type", "reason"),
    [
        (0, "provider_refused"),
        (1, "kf_account_gone"),
        (2, "app_disabled"),
        (4, "window_closed"),
        (5, "kf_session_ended"),
        (6, "window_used_up"),
        (8, "corp_unverified"),
        (10, "patient_refuses"),
        ("11", "nobody_logged_in"),
        (12, "carrier_unsupported"),
        (13, "content_blocked"),
        # What the documents do not name yet.
        (99, "provider_refused"),
        (None, "provider_refused"),
        ("x", "provider_refused"),
    ],
)
def test_why_a_message_did_not_arrive_is_a_reason_with_words(fail_type: Any, reason: str) -> None:
    found = parse_message(event("msg_send_fail", fail_msgid="m1", fail_type=fail_type))

    assert found is not None
    assert (found.event, found.status, found.reason) == ("receipt.arrived", "failed", reason)
    assert found.provider_message_id == "m1"
    assert sentence_of(reason) == str(SENTENCES[reason])


@pytest.mark.parametrize("event_type", ["user_recall_msg", "servicer_recall_msg"])
def test_whoever_takes_a_message_back_it_is_taken_back(event_type: str) -> None:
    found = parse_message(event(event_type, recall_msgid="m1", servicer_userid="ZhouMin"))

    assert found is not None
    assert (found.kind, found.provider_message_id, found.arrival_key) == (
        "recall",
        "m1",
        "recall:m1",
    )


def test_a_customer_has_a_name_and_the_way_she_came_by() -> None:
    told = {"external_userid": "wm1", "nickname": " 桂花 ", "gender": 2, "unionid": 17}
    context = {"enter_session_context": {"scene": "poster", "scene_param": "k7"}}

    assert read_customer(told | context) == Customer("wm1", "桂花", "17", "k7")
    assert read_customer({"external_userid": "wm2"}) == Customer("wm2")
    assert "桂花" not in repr(read_customer(told))


ANYTHING = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text())


@given(ANYTHING, ANYTHING, ANYTHING | st.dictionaries(st.text(), ANYTHING))
def test_no_customer_breaks_the_reading(name: object, union_id: object, context: object) -> None:
    row = {"nickname": name, "unionid": union_id, "enter_session_context": context}
    found = read_customer({"external_userid": "wm1", **row})

    assert (found.external_id, len(found.nickname) <= 60, len(found.union_id) <= 64) == (
        "wm1",
        True,
        True,
    )
