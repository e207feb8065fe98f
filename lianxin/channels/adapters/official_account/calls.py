"""Official Account calls beyond sending: tokens, followers, QR codes."""

from __future__ import annotations

from urllib.parse import quote

from lianxin.channels.adapters.base import as_text
from lianxin.channels.adapters.provider_http import Provider, Token

SCENE_CHARACTERS = 64


async def fetch_token(provider: Provider) -> Token:
    """Fetch the stable token: two processes asking get the same one, unlike the old call."""
    account = provider.account
    answer = await provider.call(
        "POST",
        "/cgi-bin/stable_token",
        body={
            "grant_type": "client_credential",
            "appid": account.setting("app_id"),
            "secret": account.secret("secret"),
            "force_refresh": False,
        },
        needs_token=False,
    )
    return Token(as_text(answer.get("access_token")), int(answer.get("expires_in") or 7200))


async def fetch_page_ticket(provider: Provider) -> Token:
    """Fetch what page signatures are made with."""
    answer = await provider.get("/cgi-bin/ticket/getticket", type="jsapi")
    return Token(as_text(answer.get("ticket")), int(answer.get("expires_in") or 7200))


async def create_qr(provider: Provider, scene: str) -> tuple[str, str, str]:
    """Create a lasting QR code; returns (ticket, picture address, what the picture says)."""
    answer = await provider.post(
        "/cgi-bin/qrcode/create",
        {
            "action_name": "QR_LIMIT_STR_SCENE",
            "action_info": {"scene": {"scene_str": scene[:SCENE_CHARACTERS]}},
        },
    )
    ticket = as_text(answer.get("ticket"))
    base = provider.account.setting("picture_url") or "https://mp.weixin.qq.com"
    picture = f"{base.rstrip('/')}/cgi-bin/showqrcode?ticket={quote(ticket)}"
    return ticket, picture, as_text(answer.get("url"))


async def find_union_id(provider: Provider, openid: str) -> str:
    answer = await provider.get("/cgi-bin/user/info", openid=openid, lang="zh_CN")
    return as_text(answer.get("unionid"))
