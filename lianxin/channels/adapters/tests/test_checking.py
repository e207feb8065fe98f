"""What the answers of the checks mean together, whatever a provider may answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lianxin.channels.adapters import ADAPTERS
from lianxin.channels.adapters.base import AccountFacts
from lianxin.channels.adapters.checking import FAILING, IP, OK, TOKEN, UNKNOWN, Finding, run_checks
from lianxin.channels.adapters.provider_http import Provider, Token, open_client, read_named_ip
from lianxin.channels.adapters.windows import CallWindows
from lianxin.channels.reasons import SENTENCES

ASKED = sorted(kind for kind, adapter in ADAPTERS.items() if adapter.checks)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 99_999) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
# Words the documents know, with anything behind them.
ANSWERS = st.dictionaries(
    st.sampled_from(
        [
            "errcode",
            "access_token",
            "expires_in",
            "follow_user",
            "account_list",
            "servicer_list",
            "total",
            "data",
            "template_list",
            "Response",
        ]
    ),
    JSON | st.fixed_dictionaries({"DescribeTemplateStatusSet": JSON}),
)


class Answering(httpx.AsyncBaseTransport):
    """A provider on no network: it answers each request by a function."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response]) -> None:
        self.answer = answer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self.answer(request)


class OneToken:
    """A token store that has one token."""

    async def obtain(self, account: AccountFacts, fetch: object, kind: str = "") -> str:
        del account, fetch, kind
        return "token"

    async def drop(self, account: AccountFacts, value: str) -> None:
        del account, value


async def fetch_one(provider: Provider) -> Token:
    del provider
    return Token("token", 7200)


def check_against(kind: str, answer: Callable[[httpx.Request], httpx.Response]) -> list[Finding]:
    """Run the checks of a kind against a provider that answers so."""
    account = AccountFacts(
        1,
        1,
        "key",
        kind,
        "http://provider.example",
        config={"corp_id": "ww1", "app_id": "wx1", "open_kfid": "wk1", "template_id": "7"},
        secrets={"secret": "hush", "secret_id": "AKIDx", "secret_key": "hush"},
    )

    async def run() -> list[Finding]:
        async with open_client(Answering(answer)) as client:
            provider = Provider(
                client,
                account,
                OneToken(),
                platform=ADAPTERS[kind].platform,
                fetch_token=fetch_one,
                clock=lambda: datetime.now(UTC),
                windows=CallWindows(),
            )
            return await run_checks(provider, ADAPTERS[kind].checks)

    return asyncio.run(run())


@pytest.mark.parametrize("kind", ASKED)
@settings(deadline=None, max_examples=40)
@given(answer=ANSWERS)
def test_whatever_is_answered_every_question_has_one_answer_in_words(
    kind: str, answer: dict[str, Any]
) -> None:
    # A code that asks for patience would make the client wait.
    answer |= {"errcode": 0} if "errcode" in answer else {}
    body = json.dumps(answer).encode()

    found = check_against(kind, lambda _request: httpx.Response(200, content=body))

    codes = [one.code for one in found]
    asked = [check.code for check in ADAPTERS[kind].checks]
    assert [code for code in codes if code != IP] == asked
    assert len(codes) == len(set(codes))
    assert {one.state for one in found} <= {OK, FAILING, UNKNOWN}
    assert {one.reason for one in found if one.state != OK} <= set(SENTENCES)


@pytest.mark.parametrize("kind", [kind for kind in ASKED if kind not in {"sms", "voice"}])
def test_an_answer_without_a_token_is_no_token(kind: str) -> None:
    found = check_against(kind, lambda _request: httpx.Response(200, json={"errcode": 0}))

    assert (found[0].code, found[0].state, found[0].reason) == (TOKEN, FAILING, "provider_garbage")


@pytest.mark.parametrize("kind", ASKED)
def test_no_secret_is_among_the_facts(kind: str) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        words = f"refused {request.url} {request.content.decode()}"
        return httpx.Response(200, json={"errcode": 40013, "errmsg": words})

    found = check_against(kind, refuse)

    assert "hush" not in str(found)


def test_only_an_address_is_taken_from_a_providers_words() -> None:
    wecom = "not allow to access from your ip, hint: [1], from ip: 203.0.113.7, more info at x"
    official = "invalid ip 203.0.113.8 ipv6 ::ffff:203.0.113.8, not in whitelist rid: 1"

    assert read_named_ip({"errmsg": wecom}) == "203.0.113.7"
    assert read_named_ip({"errmsg": official}) == "203.0.113.8"
    assert read_named_ip({"errmsg": "from ip: 999.1.1.1"}) == ""
    assert read_named_ip({"errmsg": "from ip: <script>"}) == ""
    assert read_named_ip({}) == ""


def test_an_untrusted_address_is_said_once_beside_the_token() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/cgi-bin/gettoken":
            return httpx.Response(200, json={"errcode": 0, "access_token": "t", "expires_in": 7200})
        return httpx.Response(200, json={"errcode": 60020, "errmsg": "from ip: 203.0.113.7"})

    found = check_against("wecom", refuse)

    assert [(one.code, one.state, one.reason) for one in found] == [
        (TOKEN, OK, ""),
        (IP, FAILING, "ip_not_trusted"),
        ("contacts", UNKNOWN, "ip_first"),
        ("members", UNKNOWN, "ip_first"),
    ]
