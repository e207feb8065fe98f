"""The events of subscribe notices, as an Official Account posts them."""

from __future__ import annotations

import pytest

from lianxin.channels.adapters import ADAPTERS
from lianxin.channels.adapters.base import AccountFacts, CallbackRequest, Inbound
from lianxin.channels.adapters.crypto import sign

ACCOUNT = AccountFacts(1, 1, "k", "official_account", "", {"mode": "plain"}, {"token": "t"})
ADAPTER = ADAPTERS["official_account"]
ENTRY = "<List><TemplateId>{}</TemplateId><SubscribeStatusString>{}</SubscribeStatusString></List>"
RESULT = (
    "<List><TemplateId>N1</TemplateId><MsgID>{}</MsgID>"
    "<ErrorCode>{}</ErrorCode><ErrorStatus>x</ErrorStatus></List>"
)


def body_of(event: str, parent: str, entries: str) -> str:
    return (
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>oOne</FromUserName>"
        "<CreateTime>1610969440</CreateTime><MsgType>event</MsgType>"
        f"<Event>{event}</Event><{parent}>{entries}</{parent}></xml>"
    )


def popup(*answers: tuple[str, str]) -> str:
    entries = "".join(ENTRY.format(*one) for one in answers)
    return body_of("subscribe_msg_popup_event", "SubscribeMsgPopupEvent", entries)


def sent(message_id: int, code: str) -> str:
    entry = RESULT.format(message_id, code)
    return body_of("subscribe_msg_sent_event", "SubscribeMsgSentEvent", entry)


def read(body: str) -> list[Inbound]:
    return ADAPTER.parse(ACCOUNT, body)


@pytest.mark.parametrize(
    "answers",
    [[("N1", "accept")], [("N1", "accept"), ("N2", "reject")], [("N1", "ban"), ("N2", "soon")]],
)
def test_one_answer_and_several_are_read_alike(answers: list[tuple[str, str]]) -> None:
    found = read(popup(*answers))

    assert [(one.template_id, one.status) for one in found] == answers
    assert {(one.event, one.kind) for one in found} == {("subscription.answered", "popup")}
    assert len({one.arrival_key for one in found}) == len(answers)


def test_switching_off_is_a_change() -> None:
    entry = ENTRY.format("N1", "reject")
    [found] = read(body_of("subscribe_msg_change_event", "SubscribeMsgChangeEvent", entry))

    assert (found.kind, found.status) == ("change", "reject")


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [("0", "delivered", ""), ("43101", "failed", "no_tick_left"), ("7", "failed", None)],
)
def test_a_result_is_a_receipt_that_names_its_template(
    code: str, status: str, reason: str | None
) -> None:
    [found] = read(sent(1700827132819554304, code))

    assert (found.event, found.external_id, found.template_id) == ("receipt.arrived", "oOne", "N1")
    assert found.status == status
    assert found.reason == ("provider_refused" if reason is None else reason)


def test_two_results_of_one_second_are_two_callbacks() -> None:
    query = {"timestamp": "1", "nonce": "n", "signature": sign("t", "1", "n")}

    keys = [
        ADAPTER.open_callback(ACCOUNT, CallbackRequest(query, sent(number, "0").encode())).event_key
        for number in (1, 2, 2)
    ]

    assert keys[0] != keys[1]
    assert keys[1] == keys[2]


def test_an_event_without_its_list_says_nothing() -> None:
    assert read(body_of("subscribe_msg_popup_event", "SubscribeMsgPopupEvent", "")) == []
    assert read(body_of("subscribe_msg_new_event", "List", ENTRY.format("N1", "accept"))) == []
