"""Signatures of our pages: the documents' own vectors, and tickets fetched over real HTTP."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from lianxin.channels import page_signing
from lianxin.channels.adapters.provider_http import ProviderError
from lianxin.channels.models import AccessToken, Account
from lianxin.channels.queries import facts_of
from lianxin.channels.rules.signatures import is_ours, sign_page, signed_part
from lianxin.core import time
from lianxin.core.errors import RefusedError
from lianxin.core.models import Hospital
from lianxin.testing.channels import make_account, open_windows
from lianxin.testing.processes import Sandbox

TICKET = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"
NONCE, STAMP = "Wm3WZYTPz0wzccnW", 1_414_587_457
BASE = "https://care.example.invalid"


@pytest.mark.parametrize(
    ("url", "signature"),
    [
        ("http://mp.weixin.qq.com?params=value", "0f9de62fce790f9a083d5c99e95740ceb90c27ed"),
        ("http://mp.weixin.qq.com", "f4d90daf4b3bca3078ab155816175ba34c443a7b"),
        # The fragment never reaches a server, so it is not signed.
        ("http://mp.weixin.qq.com#top", "f4d90daf4b3bca3078ab155816175ba34c443a7b"),
    ],
)
def test_the_documents_vectors(url: str, signature: str) -> None:
    assert sign_page(TICKET, NONCE, STAMP, url) == signature


@given(st.text(max_size=30), st.text(max_size=30))
def test_the_fragment_never_counts(page: str, fragment: str) -> None:
    assert signed_part(f"{page}#{fragment}") == signed_part(page)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"{BASE}/sidebar/", True),
        (f"{BASE}:443/sidebar/", False),  # not the address the browser would show
        ("http://care.example.invalid/sidebar/", False),
        ("https://care.example.invalid.evil.invalid/", False),
        ("https://evil.invalid/?https://care.example.invalid", False),
        ("https://care.example.invalid@evil.invalid/", False),
        ("https://evil.invalid@care.example.invalid/", False),
        ("https://care.example.invalid:bad/", False),
        ("javascript:alert(1)", False),
        ("", False),
    ],
)
def test_only_our_own_pages_are_ours(url: str, expected: bool) -> None:
    assert is_ours(url, BASE) is expected


@pytest.fixture
def wecom(sandbox: Sandbox, in_riverside: Hospital) -> Account:
    open_windows()
    return make_account(in_riverside, base_url=sandbox.wecom_url)


def calls(sandbox: Sandbox, path: str) -> int:
    return int(sandbox.state()["counts"].get(path, {}).get("calls", 0))


def test_both_tickets_are_fetched_once_and_kept(sandbox: Sandbox, wecom: Account) -> None:
    page = f"{settings.BASE_URL}/sidebar/?a=1#x"

    first, second = (page_signing.sign(facts_of(wecom), page) for _ in range(2))

    assert set(first) == {"page_ticket", "agent_ticket"}
    assert first["page_ticket"].signature != first["agent_ticket"].signature
    assert first["page_ticket"].nonce != second["page_ticket"].nonce
    assert calls(sandbox, "/cgi-bin/get_jsapi_ticket") == 1
    assert calls(sandbox, "/cgi-bin/ticket/get") == 1
    stored = AccessToken.objects.get(account=wecom, kind="agent_ticket")
    assert b"sM4AOV" not in bytes(stored.token_sealed)


def test_a_ticket_that_has_died_is_fetched_again(sandbox: Sandbox, wecom: Account) -> None:
    page = f"{settings.BASE_URL}/sidebar/"
    page_signing.sign(facts_of(wecom), page)
    AccessToken.objects.filter(kind="agent_ticket").update(
        expires_at=time.now() - timedelta(seconds=1)
    )

    page_signing.sign(facts_of(wecom), page)

    assert calls(sandbox, "/cgi-bin/ticket/get") == 2
    assert calls(sandbox, "/cgi-bin/get_jsapi_ticket") == 1


def test_the_official_accounts_pages_have_one_ticket(
    sandbox: Sandbox, in_riverside: Hospital
) -> None:
    account = make_account(
        in_riverside, Account.Kind.OFFICIAL_ACCOUNT, base_url=sandbox.official_url
    )

    signed = page_signing.sign(facts_of(account), f"{settings.BASE_URL}/p/")

    assert set(signed) == {"page_ticket"}


def test_a_page_of_somebody_else_is_not_signed(sandbox: Sandbox, wecom: Account) -> None:
    with pytest.raises(RefusedError, match="不是本系统的页面"):
        page_signing.sign(facts_of(wecom), "https://evil.invalid/sidebar/")

    assert calls(sandbox, "/cgi-bin/get_jsapi_ticket") == 0


def test_a_provider_that_wants_no_more_calls_is_left_alone(
    sandbox: Sandbox, wecom: Account
) -> None:
    sandbox.add_fault("api_rate_limited", path="/cgi-bin/ticket/get", count=None)

    for _ in range(3):
        with pytest.raises(ProviderError):
            page_signing.sign(facts_of(wecom), f"{settings.BASE_URL}/sidebar/")

    assert calls(sandbox, "/cgi-bin/ticket/get") == 1
    assert not AccessToken.objects.exclude(refreshing_until=None).exists()
