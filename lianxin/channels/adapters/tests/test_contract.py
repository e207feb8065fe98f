"""One contract for every adapter in the table."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lianxin.channels.adapters import ADAPTERS
from lianxin.channels.adapters.base import (
    AccountFacts,
    CallbackRefused,
    CallbackRequest,
    MenuItem,
    Outbound,
    SendFailed,
    cut_bytes,
)
from lianxin.channels.adapters.mini_program.adapter import MiniProgram
from lianxin.channels.adapters.official_account.adapter import OfficialAccount
from lianxin.channels.adapters.provider_http import Provider, Token, open_client
from lianxin.channels.adapters.reactions import find_row, load_facts, load_limits, load_rows
from lianxin.channels.adapters.wecom.adapter import WeCom
from lianxin.channels.adapters.wecom_kf.adapter import WeComKf
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


@pytest.mark.parametrize(
    ("codes", "reaction", "reason"),
    [
        (range(42027, 42052), "BUG", "card_refused"),
        (range(60251, 60254), "BUG", "kf_refused"),
        (range(90509, 90512), "SKIP_ITEM", "group_refused"),
        (range(92006, 92009), "BUG", "living_refused"),
        ([301048, *range(301052, 301062)], "CONFIG", "archive_not_set_up"),
        ([41053], "SKIP_ITEM", "archive_not_agreed"),
    ],
)
def test_codes_that_are_documented_as_a_span_are_all_in_the_table(
    codes: Iterable[int], reaction: str, reason: str
) -> None:
    found = {(str(row.reaction), row.reason) for row in (find_row("wecom", one) for one in codes)}

    assert found == {(reaction, reason)}


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


# How each adapter writes words of people; web chat shows them itself, the others send templates.
WRITERS: dict[str, Callable[[Outbound], dict[str, Any]]] = {
    "wecom": WeCom().body,
    "wecom_kf": WeComKf().content,
    "official_account": OfficialAccount().content,
    "mini_program": MiniProgram().content,
}
WORDS = st.text(st.sampled_from("愿您早日康复🌷👩‍⚕️a\n"), max_size=3000)
LINK = "https://hospital.example/p/enter/key/?to=/p/" + "x" * 300


def test_every_adapter_that_carries_words_is_measured() -> None:
    talking = {kind for kind in KINDS if ADAPTERS[kind].carriers & {"text", "welcome"}}

    assert set(WRITERS) == talking - {"webchat"}


@pytest.mark.parametrize("kind", sorted(WRITERS))
@pytest.mark.parametrize("url", ["", LINK])
@given(words=WORDS)
@example(words="🌷" * 1100)
@example(words="血" * 1400)
def test_a_long_text_fits_between_characters_with_its_whole_link(
    kind: str, url: str, words: str
) -> None:
    carrier = "welcome" if kind == "wecom" else "text"
    body = WRITERS[kind](Outbound("k", carrier, address="a", text=words, url=url))

    said = body.get("text", {}).get("content", "")
    assert len(said.encode()) <= ADAPTERS[kind].text_bytes
    assert "\ufffd" not in said
    assert url in json.dumps(body, ensure_ascii=False)
    spoken = said.removesuffix(url).rstrip("\n")
    assert words.startswith(spoken)
    if len(words.encode()) + len(url) < ADAPTERS[kind].text_bytes:
        assert spoken == words.rstrip("\n")


@given(words=WORDS, title=WORDS)
def test_a_card_is_cut_to_what_the_platform_takes(words: str, title: str) -> None:
    outbound = Outbound("k", "link", address="a", text=words, url=LINK, title=title)

    (article,) = OfficialAccount().content(outbound)["news"]["articles"]

    facts = load_facts()
    assert len(article["title"].encode()) <= facts["news_title_bytes"]
    assert len(article["description"].encode()) <= facts["news_text_bytes"]
    assert article["url"] == LINK


@pytest.mark.parametrize("kind", ["wecom_kf", "official_account"])
def test_what_may_be_pressed_is_whole_or_not_sent(kind: str) -> None:
    def write(item: MenuItem) -> str:
        outbound = Outbound("k", "menu", address="a", text="您满意吗" * 100, menu=(item,))
        menu: dict[str, str] = WRITERS[kind](outbound)["msgmenu"]
        return menu["head_content"]

    assert len(write(MenuItem("a:5", "满" * 42)).encode()) <= 1024
    for item in (MenuItem("a:5", "满" * 43), MenuItem("a" * 65, "满意"), MenuItem("a:5", "")):
        with pytest.raises(SendFailed) as refusal:
            write(item)
        assert (refusal.value.reason_code, refusal.value.permanent) == ("menu_item_long", True)
