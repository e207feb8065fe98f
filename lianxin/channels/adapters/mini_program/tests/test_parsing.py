from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianxin.channels.adapters.base import Inbound
from lianxin.channels.adapters.mini_program.parsing import event_key, parse_push, read_push
from lianxin.channels.adapters.xml import XmlRefused

HEAD = {"ToUserName": "gh_1", "FromUserName": "oOne", "CreateTime": "1620973045"}
POPUP = HEAD | {"MsgType": "event", "Event": "subscribe_msg_popup_event"}
SENT = HEAD | {"MsgType": "event", "Event": "subscribe_msg_sent_event"}
# The shape of the document "小程序订阅消息" with ids of our own.
POPUP_XML = """<xml>
<ToUserName><![CDATA[gh_1]]></ToUserName>
<FromUserName><![CDATA[oOne]]></FromUserName>
<CreateTime>1620973045</CreateTime>
<MsgType><![CDATA[event]]></MsgType>
<Event><![CDATA[subscribe_msg_popup_event]]></Event>
<SubscribeMsgPopupEvent>
<List><TemplateId><![CDATA[T1]]></TemplateId>
<SubscribeStatusString><![CDATA[accept]]></SubscribeStatusString><PopupScene>0</PopupScene></List>
<List><TemplateId><![CDATA[T2]]></TemplateId>
<SubscribeStatusString><![CDATA[reject]]></SubscribeStatusString><PopupScene>0</PopupScene></List>
</SubscribeMsgPopupEvent></xml>"""


def item(template_id: str, status: str) -> dict[str, Any]:
    return {"TemplateId": template_id, "SubscribeStatusString": status, "PopupScene": "0"}


def read(message: dict[str, Any]) -> list[Inbound]:
    return parse_push(read_push(json.dumps(message)))


def answers(found: list[Inbound]) -> list[tuple[str, str, str]]:
    return [(one.external_id, one.template_id, one.status) for one in found]


BOTH = [("oOne", "T1", "accept"), ("oOne", "T2", "reject")]


def test_several_answers_come_as_a_list() -> None:
    message = POPUP | {"List": [item("T1", "accept"), item("T2", "reject")]}

    assert answers(read(message)) == BOTH


def test_one_answer_comes_as_an_object() -> None:
    assert answers(read(POPUP | {"List": item("T1", "accept")})) == BOTH[:1]


def test_xml_and_json_say_the_same() -> None:
    from_xml = parse_push(read_push(POPUP_XML))
    from_json = read(POPUP | {"List": [item("T1", "accept"), item("T2", "reject")]})

    assert answers(from_xml) == BOTH
    assert [one.arrival_key for one in from_xml] == [one.arrival_key for one in from_json]
    assert {one.kind for one in from_xml} == {"popup"}


def result(message_id: object, code: object) -> dict[str, Any]:
    return {"TemplateId": "T1", "MsgID": message_id, "ErrorCode": code, "ErrorStatus": "x"}


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        (0, "delivered", ""),
        ("0", "delivered", ""),
        (43101, "failed", "no_tick_left"),
        (99999, "failed", "provider_refused"),
        ("", "failed", "provider_refused"),
    ],
)
def test_a_result_is_a_receipt(code: object, status: str, reason: str) -> None:
    [receipt] = read(SENT | {"List": result(2794188253209100289, code)})

    assert receipt.event == "receipt.arrived"
    assert receipt.provider_message_id == "2794188253209100289"
    assert (receipt.status, receipt.reason) == (status, reason)


def test_two_results_of_one_second_are_two_pushes() -> None:
    first, second = (SENT | {"List": result(number, 0)} for number in (1, 2))

    assert event_key(read_push(json.dumps(first))) != event_key(read_push(json.dumps(second)))
    assert event_key(read_push(json.dumps(first))) == event_key(
        read_push(json.dumps(dict(reversed(first.items()))))
    )


def test_numbers_in_json_are_read_like_texts() -> None:
    message = {**HEAD, "CreateTime": 1620973045, "MsgType": "text", "Content": "在吗", "MsgId": 77}

    [found] = read(message)

    assert (found.event, found.text, found.arrival_key) == ("message.arrived", "在吗", "message:77")
    assert found.occurred_at.timestamp() == 1620973045


def test_entering_customer_service_is_an_entry() -> None:
    message = HEAD | {"MsgType": "event", "Event": "user_enter_tempsession", "SessionFrom": "card"}

    [found] = read(message)

    assert (found.event, found.kind, found.state) == ("contact.added", "entry", "card")


@pytest.mark.parametrize(
    "body", ["{", "{]", '{"a":' + "[" * 50_000, '{"a":' + "[" * 13 + "]" * 13 + "}"]
)
def test_what_is_not_json_or_too_deep_is_refused(body: str) -> None:
    with pytest.raises(XmlRefused):
        read_push(body)


def test_half_a_character_can_be_stored() -> None:
    [found] = read(HEAD | {"MsgType": "text", "Content": "\ud83d", "MsgId": 1})

    assert found.text.encode()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["subscribe_msg_popup_event", "subscribe_msg_change_event", "subscribe_msg_sent_event", "x"]
)


@given(NAMES, VALUES, VALUES, VALUES)
def test_nothing_signed_makes_the_reader_fail(
    name: str, listed: object, inner: object, more: object
) -> None:
    message = {
        "FromUserName": "oOne",
        "MsgType": "event",
        "Event": name,
        "List": listed,
        "SubscribeMsgPopupEvent": inner,
        "CreateTime": more,
    }

    found = read(message)

    assert all(one.external_id == "oOne" for one in found)
    assert event_key(read_push(json.dumps(message)))
