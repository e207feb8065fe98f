"""Who opened the page: WeChat's sign-in by redirect, for WeCom and the Official Account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from lianxin.channels.adapters.base import AccountFacts, as_text
from lianxin.channels.adapters.mini_program.calls import (
    Opener,
    find_opener,
    make_url_link,
    page_to,
)
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.models import Account
from lianxin.channels.providers import run_with
from lianxin.channels.queries import facts_of

AUTHORIZE = "/connect/oauth2/authorize"
DEFAULT_OPEN_URL = "https://open.weixin.qq.com"
# A link is asked for when it is wanted, so it need not last.
LINK_DAYS = 1


@dataclass(frozen=True)
class OAuthIdentity:
    """Who the provider says it is. A snapshot is a made-up account: never bind it."""

    external_id: str | None = None
    open_id: str | None = None
    union_id: str | None = None
    staff_userid: str | None = None
    is_snapshot: bool = False


def authorize_url(
    account: Account, redirect_uri: str, state: str, *, wants_union_id: bool = False
) -> str:
    """Return where to send the phone. `state` is random and tied to this browser's session."""
    config = account.config
    is_wecom = account.kind == Account.Kind.WECOM
    query = {
        "appid": config.get("corp_id" if is_wecom else "app_id", ""),
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": "snsapi_userinfo" if wants_union_id and not is_wecom else "snsapi_base",
        "state": state,
    }
    if is_wecom:
        query["agentid"] = config.get("agent_id", "")
    base = str(config.get("open_url") or DEFAULT_OPEN_URL).rstrip("/")
    return f"{base}{AUTHORIZE}?{urlencode(query)}#wechat_redirect"


def identify(account: Account, code: str) -> OAuthIdentity | None:
    """Exchange the code; None when it is used, expired or wrong: then start again.

    A network call: never inside a transaction.
    """
    return identify_facts(facts_of(account), code)


def identify_facts(account: AccountFacts, code: str) -> OAuthIdentity | None:
    ask = ask_wecom if account.kind == Account.Kind.WECOM else ask_official_account

    async def work(provider: Provider) -> OAuthIdentity | None:
        try:
            return await ask(provider, code)
        except ProviderError as error:
            if error.is_temporary:
                raise
            return None

    return run_with(account, work)


def identify_opener(account: AccountFacts, js_code: str) -> Opener | None:
    """Exchange the code of wx.login; None when it is used, expired or wrong. A network call."""

    async def work(provider: Provider) -> Opener | None:
        try:
            return await find_opener(provider, js_code)
        except ProviderError as error:
            if error.is_temporary:
                raise
            return None

    return run_with(account, work)


def make_link(account: AccountFacts, path: str) -> str:
    """Make a link that opens this page of ours inside the mini-program, for one person."""
    page, _mark, query = page_to(account, path).partition("?")

    async def work(provider: Provider) -> str:
        return await make_url_link(provider, path=page, query=query, days=LINK_DAYS)

    return run_with(account, work)


async def ask_wecom(provider: Provider, code: str) -> OAuthIdentity:
    answer = await provider.call(
        "GET", "/cgi-bin/auth/getuserinfo", params={"code": code}, is_repeatable=False
    )
    return OAuthIdentity(
        external_id=text_or_none(answer, "external_userid"),
        open_id=text_or_none(answer, "openid"),
        staff_userid=text_or_none(answer, "userid"),
    )


async def ask_official_account(provider: Provider, code: str) -> OAuthIdentity:
    account = provider.account
    answer = await provider.call(
        "GET",
        "/sns/oauth2/access_token",
        params={
            "appid": account.setting("app_id"),
            "secret": account.secret("secret"),
            "code": code,
            "grant_type": "authorization_code",
        },
        needs_token=False,
        is_repeatable=False,
    )
    open_id = text_or_none(answer, "openid")
    return OAuthIdentity(
        external_id=open_id,
        open_id=open_id,
        union_id=text_or_none(answer, "unionid"),
        is_snapshot=as_text(answer.get("is_snapshotuser")) == "1",
    )


def text_or_none(answer: dict[str, Any], name: str) -> str | None:
    return as_text(answer.get(name)) or None
