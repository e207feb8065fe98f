"""The WeCom client as a page inside it meets it: who signs, whose chat is open, what is sent.

A page calls by the names of the JS-SDK. Every call but the two that sign brings along the signature
it was accepted with, and is checked by it again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha1

from sandbox.errors import ControlError, Json
from sandbox.runtime import Sandbox
from sandbox.state import App, Corp, Person, make_external_userid
from sandbox.wecom.acts import chat
from sandbox.wecom.identity import make_ticket

BAD_SIGNATURE = 40093
NO_PERMISSION = 40094
ENTRY = "single_chat_tools"
APIS = ("getContext", "getCurExternalContact", "sendChatMessage")


@dataclass(frozen=True)
class OpenChat:
    """Whose client it is, whom the member talks with, and which page is open beside the chat."""

    corp: Corp
    userid: str
    person: Person
    page: str

    @property
    def apps(self) -> list[App]:
        return self.corp.apps


def invoke(box: Sandbox, opened: OpenChat, name: str, params: Json) -> Json:
    """Answer one call of the page as the client does: words, and a code when it is refused."""
    if name == "preVerifyJSAPI":
        found = find_signer(box, opened, "jsapi", signature_of(params))
        return answer("config", found is not None and params.get("verifyAppId") == corp_id(opened))
    if name == "agentConfig":
        return configure_agent(box, opened, params)
    handle = HANDLERS.get(name)
    if handle is None:
        return {"err_msg": f"{name}:function not exist", "err_code": -1}
    # These know somebody's customer: the app must have shown itself, the corp alone is not enough.
    if find_signer(box, opened, "agent_config", signature_of(params)) is None:
        return {"err_msg": f"{name}:no permission", "err_code": NO_PERMISSION}
    return handle(box, opened, params)


def corp_id(opened: OpenChat) -> str:
    return opened.corp.corp_id


def configure_agent(box: Sandbox, opened: OpenChat, params: Json) -> Json:
    """Accept the page for one app: right corp, right app, and a signature for this very address."""
    names = ("timestamp", "nonceStr", "signature")
    app = find_signer(box, opened, "agent_config", tuple(str(params.get(n, "")) for n in names))
    is_right = app is not None and app.agent_id == str(params.get("agentid", ""))
    return answer("agentConfig", is_right and params.get("corpid") == corp_id(opened))


def answer(name: str, is_right: bool) -> Json:  # noqa: FBT001 - one yes or no
    if is_right:
        return {"err_msg": f"{name}:ok"}
    return {"err_msg": f"{name}:invalid signature", "err_code": BAD_SIGNATURE}


def signature_of(params: Json) -> tuple[str, ...]:
    names = ("verifyTimestamp", "verifyNonceStr", "verifySignature")
    return tuple(str(params.get(name, "")) for name in names)


def find_signer(box: Sandbox, opened: OpenChat, kind: str, given: tuple[str, ...]) -> App | None:
    """Return the app whose ticket made this signature for the page, by the client's own sum."""
    stamp, nonce, signature = given
    page = opened.page.split("#", 1)[0]
    for app in opened.apps:
        ticket = make_ticket(corp_id(opened), app.agent_id, kind, box.clock.now())
        text = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={stamp}&url={page}"
        if sha1(text.encode(), usedforsecurity=False).hexdigest() == signature:
            return app
    return None


def tell_context(_box: Sandbox, _opened: OpenChat, _params: Json) -> Json:
    return {"err_msg": "getContext:ok", "entry": ENTRY}


def tell_contact(_box: Sandbox, opened: OpenChat, _params: Json) -> Json:
    user_id = make_external_userid(corp_id(opened), opened.person.id)
    return {"err_msg": "getCurExternalContact:ok", "userId": user_id}


def send_message(box: Sandbox, opened: OpenChat, params: Json) -> Json:
    """Put text into the chat in the member's name. Nobody outside learns of it."""
    text = params.get("text")
    content = text.get("content") if isinstance(text, dict) else None
    if params.get("msgtype") != "text" or not isinstance(content, str):
        return {"err_msg": "sendChatMessage:invalid params", "err_code": -1}
    try:
        chat(box, opened.corp, opened.userid, opened.person, content, by_member=True)
    except ControlError as refusal:
        return {"err_msg": f"sendChatMessage:fail_{refusal.sentence}", "err_code": -1}
    return {"err_msg": "sendChatMessage:ok"}


HANDLERS: dict[str, Callable[[Sandbox, OpenChat, Json], Json]] = {
    "getContext": tell_context,
    "getCurExternalContact": tell_contact,
    "sendChatMessage": send_message,
}
