"""The mini-program over real HTTP: the sandbox's provider, and the sandbox's phone."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx
import pytest

from lianxin.channels import actions, jobs, queries, sending, synchronising
from lianxin.channels.adapters import ADAPTERS
from lianxin.channels.adapters.base import Inbound, Outbound, SendFailed, Sent
from lianxin.channels.adapters.crypto import sign
from lianxin.channels.adapters.mini_program import calls
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.edge import CallbackEdge
from lianxin.channels.models import Account, Address, Arrival, Callback
from lianxin.channels.providers import load_facts, run_with
from lianxin.core import time
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.testing.channels import (
    MINI_APP_ID,
    TOKEN,
    make_account,
    make_address,
    open_windows,
    seal_callback,
)
from lianxin.testing.processes import Sandbox

T = TypeVar("T")


@pytest.fixture
def mini(sandbox: Sandbox, in_riverside: Hospital) -> Account:
    open_windows()
    return make_mini(in_riverside, sandbox.mini_url)


def make_mini(hospital: Hospital, base_url: str = "http://127.0.0.1:9", **config: str) -> Account:
    ids = {"app_id": MINI_APP_ID, "original_id": "gh_mini"}
    return make_account(hospital, Account.Kind.MINI_PROGRAM, base_url=base_url, **(ids | config))


def ask(account: Account, work: Callable[[Provider], Awaitable[T]]) -> T:
    return run_with(load_facts(account.hospital_id, account.pk), work)


def does(sandbox: Sandbox, verb: str, person: str = "wang", **body: Any) -> dict[str, Any]:
    return sandbox.person_does(person, f"mini-{verb}", app_id=MINI_APP_ID, **body)


def tick(sandbox: Sandbox, template_id: str = "M1") -> str:
    return str(does(sandbox, "tick", answers={template_id: "accept"})["openid"])


def remind(openid: str, **more: Any) -> Outbound:
    given: dict[str, Any] = {"template_id": "M1", "data": {"thing1": "明天复诊"}}
    return Outbound("key-1", "template", address=openid, **(given | more))


def send(account: Account, outbound: Outbound) -> Sent | SendFailed:
    return sending.send(account.hospital_id, account.pk, [outbound])[0]


def reason(result: Sent | SendFailed) -> str:
    assert isinstance(result, SendFailed)
    return result.reason_code


# ---- who opened it ------------------------------------------------------------------------


def test_a_login_code_gives_the_openid_and_no_session_key(
    sandbox: Sandbox, mini: Account, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    code = does(sandbox, "open")["js_code"]

    opener = ask(mini, lambda provider: calls.find_opener(provider, code))

    assert opener.openid == sandbox.open_id("wang", MINI_APP_ID)
    assert opener.union_id == "u-wang"
    assert opener.openid not in repr(opener)
    assert code not in caplog.text
    with pytest.raises(ProviderError) as used:
        ask(mini, lambda provider: calls.find_opener(provider, code))
    assert used.value.reason == "code_used"


def test_whom_the_platform_blocks_is_named_as_such(sandbox: Sandbox, mini: Account) -> None:
    does(sandbox, "risk", risky=True)
    code = does(sandbox, "open")["js_code"]

    with pytest.raises(ProviderError) as blocked:
        ask(mini, lambda provider: calls.find_opener(provider, code))

    assert blocked.value.reason == "person_blocked"
    assert not blocked.value.is_temporary


def test_the_phone_button_gives_the_number(sandbox: Sandbox, mini: Account) -> None:
    code = does(sandbox, "phone")["code"]

    number = ask(mini, lambda provider: calls.find_phone_number(provider, code))

    assert number == "13800000001"


# ---- ways in ------------------------------------------------------------------------------


def test_a_link_lasts_thirty_days_at_most_and_opens_for_one(
    sandbox: Sandbox, mini: Account
) -> None:
    async def make(provider: Provider) -> str:
        return await calls.make_url_link(
            provider, path="pages/home/index", query="to=%2Fp%2F", days=365
        )

    link = ask(mini, make)

    assert sandbox.person_does("wang", "mini-open", link=link)["query"] == "to=%2Fp%2F"
    (kept,) = sandbox.state()["mini_programs"][MINI_APP_ID]["links"].values()
    assert kept["opened_by"] == "wang"


def test_a_code_is_a_picture(sandbox: Sandbox, mini: Account) -> None:
    picture = ask(mini, lambda provider: calls.draw_code(provider, "k" * 40))

    assert picture.startswith(b"\x89PNG")
    (kept,) = sandbox.state()["mini_programs"][MINI_APP_ID]["scenes"].values()
    assert kept["scene"] == "k" * 32


def test_an_error_in_the_place_of_a_picture_is_an_error(sandbox: Sandbox, mini: Account) -> None:
    with pytest.raises(ProviderError) as refused:
        ask(mini, lambda provider: calls.draw_code(provider, "k", page="pages/none"))

    assert refused.value.reason == "page_missing"


def test_garbage_in_the_place_of_a_picture_is_temporary(sandbox: Sandbox, mini: Account) -> None:
    sandbox.add_fault("api_garbage", path="/wxa/*", count=3)

    with pytest.raises(ProviderError) as refused:
        ask(mini, lambda provider: calls.draw_code(provider, "k"))

    assert (refused.value.reason, refused.value.is_temporary) == ("provider_garbage", True)


def test_a_dead_token_is_refreshed_for_a_picture_too(sandbox: Sandbox, mini: Account) -> None:
    ask(mini, lambda provider: calls.draw_code(provider, "k1"))
    sandbox.post("/control/tokens/revoke", {"account": MINI_APP_ID})

    assert ask(mini, lambda provider: calls.draw_code(provider, "k2"))


# ---- reminders ----------------------------------------------------------------------------


def test_a_tick_is_good_for_one_reminder(sandbox: Sandbox, mini: Account) -> None:
    openid = tick(sandbox)

    first, second = send(mini, remind(openid)), send(mini, remind(openid))

    assert isinstance(first, Sent)
    assert first.provider_message_id
    assert reason(second) == "no_tick_left"
    assert isinstance(second, SendFailed)
    assert second.permanent
    assert "勾选" in second.sentence


def test_a_reminder_leads_to_our_page_by_its_path_alone(sandbox: Sandbox, mini: Account) -> None:
    url = "https://lianxin.example/p/cards/?day=1"

    assert isinstance(send(mini, remind(tick(sandbox), url=url)), Sent)

    (sent,) = sandbox.state()["mini_programs"][MINI_APP_ID]["sent"]
    assert sent["page"] == "pages/home/index?to=%2Fp%2Fcards%2F%3Fday%3D1"


def test_long_words_are_shortened_and_a_long_phrase_is_not_sent(
    sandbox: Sandbox, mini: Account
) -> None:
    openid = tick(sandbox)
    tick(sandbox, "M2")

    sent = send(mini, remind(openid, data={"thing1": "字" * 30}))
    refused = send(mini, remind(openid, template_id="M2", data={"phrase2": "已经预约成功"}))

    assert isinstance(sent, Sent)
    assert sandbox.state()["persons"]["wang"]["inbox"][-1]["body"]["text"] == "字" * 19 + "…"
    assert reason(refused) == "template_invalid"
    calls_made = sandbox.state()["counts"]["/cgi-bin/message/subscribe/send"]["calls"]
    assert calls_made == 1


def test_silence_after_a_reminder_is_not_repeated(sandbox: Sandbox, mini: Account) -> None:
    openid = tick(sandbox)
    sandbox.add_fault("api_garbage", path="/cgi-bin/message/subscribe/*", count=1)

    assert reason(send(mini, remind(openid))) == "outcome_unknown"
    counts = sandbox.state()["counts"]["/cgi-bin/message/subscribe/send"]
    assert counts["calls"] == 1


def test_a_page_that_is_not_published_is_for_the_operator(sandbox: Sandbox, mini: Account) -> None:
    with scope(mini.hospital_id):
        Account.objects.filter(pk=mini.pk).update(config={**mini.config, "page": "pages/none"})

    assert reason(send(mini, remind(tick(sandbox)))) == "page_missing"


def test_a_text_goes_while_the_window_is_open(sandbox: Sandbox, mini: Account) -> None:
    openid = does(sandbox, "write", text="在吗")["openid"]
    text = Outbound("key-1", "text", address=openid, text="在的", url="https://lianxin.example/p/")

    results = [send(mini, text) for _ in range(6)]

    assert all(isinstance(one, Sent) for one in results[:5])
    assert reason(results[5]) == "window_used_up"
    assert "在的\nhttps://" in sandbox.state()["persons"]["wang"]["inbox"][-1]["body"]["text"]


def test_a_check_proves_id_and_secret(sandbox: Sandbox, mini: Account) -> None:
    synchronising.check_account(mini.hospital_id, mini.pk)
    mini.refresh_from_db()
    assert mini.health == Account.Health.WORKING

    sandbox.put(f"/control/mini-programs/{MINI_APP_ID}", {"secret": "another"})
    synchronising.check_account(mini.hospital_id, mini.pk)

    mini.refresh_from_db()
    assert (mini.health, mini.health_reason) == (Account.Health.FAILING, "wrong_secret")


# ---- pushes -------------------------------------------------------------------------------


def test_the_sandbox_verifies_and_pushes_and_all_of_it_arrives_once(
    committed_database: str, edge: str, sandbox: Sandbox, house: Hospital
) -> None:
    """Through the edge's process: the address is verified, ticks, entry, message and receipt."""
    mini = make_mini(house, sandbox.mini_url)
    url = f"{edge}/callbacks/mini_program/{mini.key}/"
    sandbox.put(f"/control/mini-programs/{MINI_APP_ID}", {"callback_url": url})
    verified = sandbox.post("/control/verify", {"kind": "mini_program", "id": MINI_APP_ID})
    assert verified["ok"], verified

    sandbox.add_fault("callback_duplicate")
    openid = does(sandbox, "tick", answers={"M1": "accept", "M2": "reject"})["openid"]
    does(sandbox, "service", session_from="card")
    does(sandbox, "write", text="在吗")
    sent = send(mini, remind(openid))
    sandbox.post("/control/settle")
    translate_all(mini)

    assert isinstance(sent, Sent)
    with scope(house):
        address = Address.objects.get(account=mini)
        told = list(Event.objects.filter(hospital=house, name="subscription.answered"))
        events = list(Arrival.objects.values_list("event", flat=True))
        receipt = Arrival.objects.get(event="receipt.arrived")
        (opened,) = queries.open_arrivals(house.pk, [receipt.pk])
    assert address.external_id == openid
    assert address.last_inbound_at is not None
    assert sorted((one.data["template_id"], one.data["status"]) for one in told) == [
        ("M1", "accept"),
        ("M2", "reject"),
    ]
    assert sorted(events) == [
        "contact.added",
        "message.arrived",
        "receipt.arrived",
        "subscription.answered",
        "subscription.answered",
    ]
    assert opened.provider_message_id == sent.provider_message_id
    assert (opened.status, opened.template_id) == ("delivered", "M1")


def translate_all(account: Account) -> None:
    with scope(account.hospital_id):
        ids = list(Callback.objects.values_list("pk", flat=True))
        jobs.translate.func(hospital_id=account.hospital_id, callback_ids=ids)
        states = set(Callback.objects.values_list("state", flat=True))
    assert states == {"translated"}


def post(database_url: str, account: Account, query: dict[str, str], body: bytes) -> httpx.Response:
    async def main() -> httpx.Response:
        edge = CallbackEdge(database_url)
        await edge.open()
        try:
            transport = httpx.ASGITransport(app=edge)
            async with httpx.AsyncClient(transport=transport, base_url="http://edge") as client:
                where = f"/callbacks/mini_program/{account.key}/"
                return await client.post(where, params=query, content=body)
        finally:
            await edge.close()

    return asyncio.run(main())


def plain_query() -> dict[str, str]:
    stamp = str(int(time.now().timestamp()))
    return {"timestamp": stamp, "nonce": "n", "signature": sign(TOKEN, stamp, "n")}


def message(**more: object) -> bytes:
    fields = {
        "ToUserName": "gh_mini",
        "FromUserName": "oOne",
        "CreateTime": 1,
        "MsgType": "text",
        "Content": "在吗",
        "MsgId": 77,
    }
    return json.dumps(fields | more).encode()


def test_plain_json_is_taken_when_signed_and_ours(committed_database: str, house: Hospital) -> None:
    mini = make_mini(house, mode="plain")

    answer = post(committed_database, mini, plain_query(), message())

    assert (answer.status_code, answer.content) == (200, b"success")
    unsigned = plain_query() | {"signature": "no"}
    assert post(committed_database, mini, unsigned, message()).status_code == 403
    stranger = message(ToUserName="gh_other")
    assert post(committed_database, mini, plain_query(), stranger).status_code == 403
    assert post(committed_database, mini, plain_query(), b'{"a":').status_code == 400
    deep = b'{"a":' + b"[" * 50_000
    assert post(committed_database, mini, plain_query(), deep).status_code == 400


def test_safe_mode_takes_xml_and_nothing_plain(committed_database: str, house: Hospital) -> None:
    mini = make_mini(house, mode="safe")
    xml = "<xml><FromUserName>oOne</FromUserName><MsgType>text</MsgType><MsgId>7</MsgId></xml>"
    sealed = seal_callback(xml, receive_id=MINI_APP_ID)
    foreign = seal_callback(xml, receive_id="wxother")

    answer = post(committed_database, mini, dict(sealed.query), sealed.body)

    assert (answer.status_code, answer.content) == (200, b"success")
    assert post(committed_database, mini, plain_query(), message()).status_code == 403
    assert post(committed_database, mini, dict(foreign.query), foreign.body).status_code == 403


def test_a_tick_of_somebody_new_makes_the_address_known(in_riverside: Hospital) -> None:
    mini = make_mini(in_riverside)
    known = make_address(mini, "oKnown")
    facts = queries.facts_of(mini)
    inbounds = [
        answered("oKnown", "k1"),
        answered("oNew", "k2"),
        answered("oNew", "k2"),
    ]

    entries = actions.take_in(facts, inbounds)

    names = [entry.name for entry in entries]
    assert names == ["subscription.answered", "contact.added", "subscription.answered"]
    assert Address.objects.filter(account=mini).count() == 2
    assert known.external_id == "oKnown"


def result_xml(kind: Account.Kind) -> str:
    """Write what the platform says when a template did not arrive."""
    head = "<FromUserName>oOne</FromUserName><CreateTime>1</CreateTime><MsgType>event</MsgType>"
    if kind == Account.Kind.MINI_PROGRAM:
        item = "<TemplateId>M1</TemplateId><MsgID>5</MsgID><ErrorCode>43101</ErrorCode>"
        event = "<Event>subscribe_msg_sent_event</Event>"
        inner = f"<SubscribeMsgSentEvent><List>{item}</List></SubscribeMsgSentEvent>"
        return f"<xml>{head}{event}{inner}</xml>"
    event = "<Event>TEMPLATESENDJOBFINISH</Event><MsgID>5</MsgID><Status>failed:user block</Status>"
    return f"<xml>{head}{event}</xml>"


@pytest.mark.parametrize("kind", [Account.Kind.MINI_PROGRAM, Account.Kind.OFFICIAL_ACCOUNT])
def test_a_template_that_did_not_arrive_gives_no_answer_back(
    in_riverside: Hospital, kind: Account.Kind
) -> None:
    """It never counted among the answers that the patient's last message allows."""
    account = make_account(in_riverside, kind)
    address = make_address(account, "oOne")
    actions.count_sent(in_riverside.pk, account.pk, {"oOne": 5})
    facts = queries.facts_of(account)

    actions.take_in(facts, ADAPTERS[kind].parse(facts, result_xml(kind)))

    address.refresh_from_db()
    assert address.sent_since_inbound_count == 5
    assert Arrival.objects.filter(address=address, event="receipt.arrived").count() == 1


def answered(openid: str, key: str) -> Inbound:
    return Inbound(
        event="subscription.answered",
        arrival_key=key,
        occurred_at=time.now(),
        kind="popup",
        external_id=openid,
        template_id="M1",
        status="accept",
    )
