"""One contract for every adapter in the table."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime

import pytest

from lianxin.channels.adapters import ADAPTERS
from lianxin.channels.adapters.base import (
    AccountFacts,
    CallbackRefused,
    CallbackRequest,
    Outbound,
    SendFailed,
    cut_bytes,
)
from lianxin.channels.adapters.provider_http import Provider, Token, open_client
from lianxin.channels.adapters.reactions import load_limits, load_rows
from lianxin.channels.adapters.windows import CallWindows
from lianxin.channels.models import Account
from lianxin.channels.reasons import SENTENCES

KINDS = sorted(ADAPTERS)
FACTS = {
    kind: AccountFacts(
        1,
        1,
        "key",
        kind,
        "http://127.0.0.1:9",
        config={"corp_id": "ww1", "app_id": "wx1", "open_kfid": "wk1"},
        secrets={"token": "t", "encoding_aes_key": "A" * 43, "secret": "hush"},
    )
    for kind in KINDS
}


class NoTokens:
    """A token store that has one token and never asks the provider."""

    async def obtain(self, account: AccountFacts, fetch: object, kind: str = "") -> str:
        del account, fetch, kind
        return "token"

    async def drop(self, account: AccountFacts, value: str) -> None:
        del account, value


async def fetch_nothing(provider: Provider) -> Token:
    raise AssertionError(provider)


def test_the_table_has_every_kind_of_account() -> None:
    assert set(ADAPTERS) == set(Account.Kind.values)


@pytest.mark.parametrize("kind", KINDS)
def test_an_adapter_says_what_it_is(kind: str) -> None:
    adapter = ADAPTERS[kind]

    assert adapter.kind == kind
    assert adapter.carriers
    assert adapter.text_bytes > 0
    assert adapter.redact_keys
    assert adapter.platform == "webchat" or adapter.platform in load_limits()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("body", [b"", b"<xml/>", b"<xml><Encrypt>AAAA</Encrypt></xml>", b"{}"])
def test_a_callback_nobody_signed_is_refused(kind: str, body: bytes) -> None:
    with pytest.raises(CallbackRefused) as refusal:
        ADAPTERS[kind].open_callback(FACTS[kind], CallbackRequest({}, body))

    assert 400 <= refusal.value.status < 500


@pytest.mark.parametrize("kind", KINDS)
def test_a_verification_nobody_signed_is_refused(kind: str) -> None:
    with pytest.raises(CallbackRefused):
        ADAPTERS[kind].answer_verification(FACTS[kind], CallbackRequest({"echostr": "x"}))


@pytest.mark.parametrize("kind", KINDS)
def test_a_carrier_it_does_not_have_is_refused_for_good(kind: str) -> None:
    async def send() -> None:
        async with open_client() as client:
            provider = Provider(
                client,
                FACTS[kind],
                NoTokens(),
                platform=ADAPTERS[kind].platform,
                fetch_token=fetch_nothing,
                clock=lambda: datetime.now(UTC),
                windows=CallWindows(),
            )
            await ADAPTERS[kind].send(provider, Outbound("k", "pigeon", address="a"))

    with pytest.raises(SendFailed) as refusal:
        asyncio.run(send())
    assert (refusal.value.reason_code, refusal.value.permanent) == ("carrier_unsupported", True)


@pytest.mark.parametrize("kind", KINDS)
def test_the_secrets_of_an_account_are_never_printed(kind: str) -> None:
    assert "hush" not in repr(FACTS[kind])
    assert "您好" not in repr(Outbound("k", "text", address="a", text="您好"))


def test_every_reason_in_the_table_has_a_sentence_in_chinese() -> None:
    reasons = {row.reason for row in load_rows().values()}

    assert reasons <= set(SENTENCES)
    assert all(re.search(r"[\u4e00-\u9fff]", str(words)) for words in SENTENCES.values())


def test_every_row_names_its_source() -> None:
    assert {row.source for row in load_rows().values()} == {"D", "O", "S", "T"}


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [("血压", 6, "血压"), ("血压", 5, "血"), ("ab", 1, "a"), ("血", 2, "")],
)
def test_text_is_cut_between_characters(text: str, limit: int, cut: str) -> None:
    assert cut_bytes(text, limit) == cut


def test_the_client_does_not_follow_the_environments_proxy() -> None:
    async def trusts() -> bool:
        async with open_client() as client:
            return client.trust_env

    assert asyncio.run(trusts()) is False
