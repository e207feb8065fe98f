"""WeChat customer service: moving sessions, and who serves an account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lianxin.channels.adapters.base import as_text
from lianxin.channels.adapters.provider_http import Provider
from lianxin.channels.adapters.reactions import find_row

UNKNOWN_STATE = -1


@dataclass(frozen=True)
class Session:
    state: int
    servicer_userid: str


@dataclass(frozen=True)
class ListedServicer:
    """Somebody who serves the account; departments are listed without a member and left out."""

    userid: str
    is_paused: bool


async def read_session(provider: Provider, external_id: str) -> Session:
    body = {
        "open_kfid": provider.account.setting("open_kfid"),
        "external_userid": external_id,
    }
    answer = await provider.post("/cgi-bin/kf/service_state/get", body)
    state = as_text(answer.get("service_state"))
    return Session(
        int(state) if state.isdigit() else UNKNOWN_STATE,
        as_text(answer.get("servicer_userid")),
    )


async def change_session(
    provider: Provider, external_id: str, state: int, servicer_userid: str = ""
) -> str:
    """Move a session; returns the code that allows one message, if the provider gives one."""
    body: dict[str, Any] = {
        "open_kfid": provider.account.setting("open_kfid"),
        "external_userid": external_id,
        "service_state": state,
    }
    if servicer_userid:
        body["servicer_userid"] = servicer_userid
    answer = await provider.post("/cgi-bin/kf/service_state/trans", body)
    return as_text(answer.get("msg_code"))


async def list_servicers(provider: Provider) -> list[ListedServicer]:
    open_kfid = provider.account.setting("open_kfid")
    answer = await provider.get("/cgi-bin/kf/servicer/list", open_kfid=open_kfid)
    return [
        ListedServicer(as_text(one.get("userid")), as_text(one.get("status")) == "1")
        for one in answer.get("servicer_list") or []
        if isinstance(one, dict) and one.get("userid")
    ]


async def tell_servicers(provider: Provider, step: str, userids: Sequence[str]) -> dict[str, str]:
    """Add or remove servicers; returns for each an empty word, or the reason of its refusal.

    The call succeeds although some of them fail; a repeat is answered with 0 and "ignored".
    """
    path = "/cgi-bin/kf/servicer/add" if step == "add" else "/cgi-bin/kf/servicer/del"
    body = {"open_kfid": provider.account.setting("open_kfid"), "userid_list": list(userids)}
    answer = await provider.post(path, body)
    results = dict.fromkeys(userids, "provider_refused")
    for one in answer.get("result_list") or []:
        code = as_text(one.get("errcode")) if isinstance(one, dict) else ""
        userid = as_text(one.get("userid")) if isinstance(one, dict) else ""
        if userid in results and code:
            results[userid] = "" if code == "0" else find_row("wecom", int(code)).reason
    return results
