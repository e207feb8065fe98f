"""Mini-program calls beyond sending: who opened it, phone numbers, links and codes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from lianxin.channels.adapters.base import AccountFacts, as_text
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.adapters.reactions import find_row, load_facts

PLATFORM = "mini_program"
DEFAULT_PAGE = "pages/home/index"


@dataclass(frozen=True)
class Opener:
    """Who opened the mini-program. The session key is not among it: nothing here needs it."""

    openid: str = field(repr=False)
    union_id: str = field(default="", repr=False)


async def find_opener(provider: Provider, js_code: str) -> Opener:
    """Exchange the code of wx.login, which works once. The answer's session key is dropped here."""
    account = provider.account
    answer = await provider.call(
        "GET",
        "/sns/jscode2session",
        params={
            "appid": account.setting("app_id"),
            "secret": account.secret("secret"),
            "js_code": js_code,
            "grant_type": "authorization_code",
        },
        needs_token=False,
        is_repeatable=False,
    )
    openid = as_text(answer.get("openid"))
    if not openid:
        raise ProviderError(find_row(PLATFORM, "no openid"), "/sns/jscode2session")
    return Opener(openid, as_text(answer.get("unionid")))


async def find_phone_number(provider: Provider, code: str) -> str:
    """Exchange the code of the phone button for the number without its country code.

    The answer is for our app only: a watermark of another one is refused. Each call is paid for.
    """
    path = "/wxa/business/getuserphonenumber"
    answer = await provider.post(path, {"code": code}, is_repeatable=False)
    info = read_object(answer, "phone_info")
    if as_text(read_object(info, "watermark").get("appid")) != provider.account.setting("app_id"):
        raise ProviderError(find_row(PLATFORM, "watermark"), path)
    return as_text(info.get("purePhoneNumber"))


async def make_url_link(provider: Provider, *, path: str, query: str, days: int) -> str:
    """Make a link into the mini-program. It opens for one person only: never send one to many."""
    longest = load_facts()["mini_link_days"]
    answer = await provider.post(
        "/wxa/generate_urllink",
        {
            "path": path,
            "query": query,
            "expire_type": 1,
            "expire_interval": max(1, min(days, longest)),
            "env_version": provider.account.setting("env_version") or "release",
        },
    )
    return as_text(answer.get("url_link"))


async def draw_code(provider: Provider, scene: str, *, page: str = "") -> bytes:
    """Draw a lasting code with a scene; returns the picture as the provider made it."""
    account = provider.account
    return await provider.post_for_picture(
        "/wxa/getwxacodeunlimit",
        {
            "scene": scene[: load_facts()["mini_scene_characters"]],
            "page": page or home_page(account),
            "check_path": True,
            "env_version": account.setting("env_version") or "release",
        },
    )


def home_page(account: AccountFacts) -> str:
    return account.setting("page") or DEFAULT_PAGE


def page_to(account: AccountFacts, url: str) -> str:
    """Return the mini-program's page that opens one of our pages: only the path goes along."""
    page, parts = home_page(account), urlsplit(url)
    if not parts.path:
        return page
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return f"{page}?to={quote(target, safe='')}"


def read_object(answer: dict[str, Any], name: str) -> dict[str, Any]:
    value = answer.get(name)
    return value if isinstance(value, dict) else {}
