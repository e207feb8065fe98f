from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from lianxin.channels.adapters.crypto import sign
from lianxin.channels.edge import CallbackEdge
from lianxin.channels.models import Account, Callback
from lianxin.core import time
from lianxin.core.scope import scope
from lianxin.testing.channels import (
    APP_ID,
    TOKEN,
    SealedCallback,
    contact_xml,
    make_account,
    seal_callback,
)
from lianxin.testing.core import make_hospital

Talk = Callable[[httpx.AsyncClient], Awaitable[Any]]


@pytest.fixture
def wecom(committed_database: str) -> Account:
    return make_account(make_hospital())


@pytest.fixture
def official(committed_database: str) -> Account:
    return make_account(make_hospital(), Account.Kind.OFFICIAL_ACCOUNT, mode="plain")


def talk(database_url: str, conversation: Talk) -> Any:
    """Run one conversation with the edge over HTTP, its own connections and all."""

    async def main() -> Any:
        edge = CallbackEdge(database_url)
        await edge.open()
        try:
            transport = httpx.ASGITransport(app=edge)
            async with httpx.AsyncClient(transport=transport, base_url="http://edge") as client:
                return await conversation(client)
        finally:
            await edge.close()

    return asyncio.run(main())


def post(database_url: str, account: Account, callback: SealedCallback) -> httpx.Response:
    async def conversation(client: httpx.AsyncClient) -> httpx.Response:
        return await client.post(address(account), params=callback.query, content=callback.body)

    answer: httpx.Response = talk(database_url, conversation)
    return answer


def address(account: Account) -> str:
    return f"/callbacks/{account.kind}/{account.key}/"


def stored(account: Account) -> list[Callback]:
    with scope(account.hospital_id):
        return list(Callback.objects.order_by("id"))


def jobs_of(account: Account) -> list[ProcrastinateJob]:
    rows = ProcrastinateJob.objects.filter(args__hospital_id=account.hospital_id)
    return list(rows.order_by("id"))


def test_a_genuine_callback_is_stored_with_its_job(committed_database: str, wecom: Account) -> None:
    answer = post(committed_database, wecom, seal_callback(contact_xml()))

    assert (answer.status_code, answer.content) == (200, b"")
    (callback,) = stored(wecom)
    (job,) = jobs_of(wecom)
    assert (job.task_name, job.queue_name) == ("channels.jobs.translate", "default")
    assert job.args == {"hospital_id": wecom.hospital_id, "callback_ids": [callback.pk]}
    assert b"wmPerson1" not in bytes(callback.body_sealed)


def test_a_welcome_goes_to_the_urgent_queue(committed_database: str, wecom: Account) -> None:
    post(committed_database, wecom, seal_callback(contact_xml(welcome_code="WC")))

    assert [job.queue_name for job in jobs_of(wecom)] == ["urgent"]


def test_a_repeat_is_acknowledged_and_stored_nowhere(
    committed_database: str, wecom: Account
) -> None:
    callback = seal_callback(contact_xml())

    answers = [post(committed_database, wecom, callback).status_code for _ in range(3)]

    assert answers == [200, 200, 200]
    assert len(stored(wecom)) == 1
    assert len(jobs_of(wecom)) == 1


def test_many_at_once_share_commits_and_lose_nothing(
    committed_database: str, wecom: Account
) -> None:
    callbacks = [seal_callback(contact_xml(person=f"wm{n}")) for n in range(40)]

    async def conversation(client: httpx.AsyncClient) -> list[int]:
        posts = [
            client.post(address(wecom), params=one.query, content=one.body)
            for one in [*callbacks, *callbacks[:5]]
        ]
        return [answer.status_code for answer in await asyncio.gather(*posts)]

    assert set(talk(committed_database, conversation)) == {200}
    assert len(stored(wecom)) == 40
    ids = [number for job in jobs_of(wecom) for number in job.args["callback_ids"]]
    assert sorted(ids) == [callback.pk for callback in stored(wecom)]
    assert len(jobs_of(wecom)) < 20


def test_nobody_waits_for_a_commit_that_has_just_ended(
    committed_database: str, wecom: Account
) -> None:
    """A callback that arrives while the last commit leaves must start the next one itself."""

    async def talk_on(client: httpx.AsyncClient, name: str) -> int:
        for number in range(60):
            one = seal_callback(contact_xml(person=f"{name}{number}"))
            await client.post(address(wecom), params=one.query, content=one.body)
        return 60

    async def conversation(client: httpx.AsyncClient) -> int:
        async with asyncio.timeout(60):
            return sum(await asyncio.gather(*(talk_on(client, name) for name in "abcd")))

    assert talk(committed_database, conversation) == 240
    assert len(stored(wecom)) == 240


def test_two_hospitals_in_one_commit_stay_apart(committed_database: str, wecom: Account) -> None:
    other = make_account(make_hospital())

    async def conversation(client: httpx.AsyncClient) -> None:
        one = seal_callback(contact_xml())
        await asyncio.gather(
            *(
                client.post(address(account), params=one.query, content=one.body)
                for account in (wecom, other)
            )
        )

    talk(committed_database, conversation)

    assert [row.account_id for row in stored(wecom)] == [wecom.pk]
    assert [row.account_id for row in stored(other)] == [other.pk]


def forged(callback: SealedCallback, **query: str) -> SealedCallback:
    return SealedCallback({**callback.query, **query}, callback.body)


def with_body(callback: SealedCallback, body: bytes) -> SealedCallback:
    return SealedCallback(callback.query, body)


GENUINE = contact_xml()
BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><xml><Encrypt>&a;&a;</Encrypt></xml>'


@pytest.mark.parametrize(
    ("make", "status"),
    [
        (lambda: forged(seal_callback(GENUINE), msg_signature="0" * 40), 403),
        (lambda: forged(seal_callback(GENUINE), msg_signature="汉"), 403),
        (lambda: forged(seal_callback(GENUINE), nonce="another"), 403),
        (lambda: forged(seal_callback(GENUINE), timestamp="later"), 403),
        (lambda: forged(seal_callback(GENUINE), timestamp=""), 403),
        (lambda: seal_callback(GENUINE, timestamp=1_600_000_000), 403),
        (lambda: seal_callback(GENUINE, timestamp=99_999_999_999), 403),
        (lambda: seal_callback(GENUINE, receive_id="ww0000another"), 403),
        (lambda: with_body(seal_callback(GENUINE), BOMB), 400),
        (lambda: with_body(seal_callback(GENUINE), b"<xml><Encrypt>"), 400),
        (lambda: with_body(seal_callback(GENUINE), b""), 400),
        (lambda: with_body(seal_callback(GENUINE), b"\xff\xfe"), 400),
        (lambda: with_body(seal_callback(GENUINE), b"<xml/>"), 403),
        (lambda: with_body(seal_callback(GENUINE), b"x" * 70_000), 413),
        (lambda: seal_callback("<xml><open>"), 400),
        (lambda: seal_callback(BOMB.decode()), 400),
    ],
)
def test_what_is_not_genuine_is_refused_with_an_empty_body(
    committed_database: str, wecom: Account, make: Callable[[], SealedCallback], status: int
) -> None:
    answer = post(committed_database, wecom, make())

    assert (answer.status_code, answer.content) == (status, b"")
    assert stored(wecom) == []


def test_an_unknown_event_is_stored_all_the_same(committed_database: str, wecom: Account) -> None:
    answer = post(committed_database, wecom, seal_callback("<xml><Event>new</Event></xml>"))

    assert answer.status_code == 200
    assert len(stored(wecom)) == 1


@pytest.mark.parametrize(
    "path",
    [
        "/callbacks/wecom/nobodyknows/",
        "/callbacks/wecom/",
        "/callbacks/telegram/x/",
        "/callbacks/official_account/{key}/",
        "/callbacks/webchat/{key}/",
        "/callbacks/wecom/{key}/more/",
    ],
)
def test_addresses_that_lead_nowhere(committed_database: str, wecom: Account, path: str) -> None:
    one = seal_callback(contact_xml())

    async def conversation(client: httpx.AsyncClient) -> httpx.Response:
        return await client.post(path.format(key=wecom.key), params=one.query, content=one.body)

    assert talk(committed_database, conversation).status_code == 404


def test_another_method_is_refused(committed_database: str, wecom: Account) -> None:
    async def conversation(client: httpx.AsyncClient) -> httpx.Response:
        return await client.put(address(wecom))

    assert talk(committed_database, conversation).status_code == 405


def test_an_account_that_is_switched_off_answers_nobody(
    committed_database: str, wecom: Account
) -> None:
    with scope(wecom.hospital_id):
        Account.objects.filter(pk=wecom.pk).update(is_active=False)

    assert post(committed_database, wecom, seal_callback(contact_xml())).status_code == 404


def test_wecom_verification_gets_the_plain_echo(committed_database: str, wecom: Account) -> None:
    sealed = seal_callback("5927782489442352469")
    encrypted = sealed.body.decode().split("CDATA[")[1].split("]]")[0]

    async def conversation(client: httpx.AsyncClient) -> list[httpx.Response]:
        good = {**sealed.query, "echostr": encrypted}
        return [
            await client.get(address(wecom), params=good),
            await client.get(address(wecom), params={**good, "echostr": encrypted[:-4] + "AAA="}),
        ]

    good, bad = talk(committed_database, conversation)
    assert (good.status_code, good.content) == (200, b"5927782489442352469")
    assert (bad.status_code, bad.content) == (403, b"")


def plain_query(**extra: str) -> dict[str, str]:
    stamp = str(int(time.now().timestamp()))
    return {"signature": sign(TOKEN, stamp, "n"), "timestamp": stamp, "nonce": "n", **extra}


def message_xml(to: str = "gh_tests") -> bytes:
    return (
        f"<xml><ToUserName>{to}</ToUserName><FromUserName>openid1</FromUserName>"
        "<CreateTime>1</CreateTime><MsgType>text</MsgType><Content>hi</Content>"
        "<MsgId>77</MsgId></xml>"
    ).encode()


def test_the_official_account_in_plain_mode(committed_database: str, official: Account) -> None:
    async def conversation(client: httpx.AsyncClient) -> list[httpx.Response]:
        where = address(official)
        return [
            await client.get(where, params=plain_query(echostr="echo me")),
            await client.post(where, params=plain_query(), content=message_xml()),
            await client.post(where, params=plain_query(), content=message_xml("gh_other")),
            await client.post(
                where, params={**plain_query(), "signature": "no"}, content=message_xml()
            ),
        ]

    echo, good, stranger, unsigned = talk(committed_database, conversation)
    assert echo.content == b"echo me"
    assert (good.status_code, good.content) == (200, b"success")
    assert (stranger.status_code, unsigned.status_code) == (403, 403)
    assert len(stored(official)) == 1


def test_the_official_account_in_safe_mode(committed_database: str, official: Account) -> None:
    with scope(official.hospital_id):
        Account.objects.filter(pk=official.pk).update(config={**official.config, "mode": "safe"})

    sealed = seal_callback(message_xml().decode(), receive_id=APP_ID)

    assert post(committed_database, official, sealed).content == b"success"
    assert (
        post(committed_database, official, SealedCallback(plain_query(), message_xml())).status_code
        == 403
    )
    assert len(stored(official)) == 1
