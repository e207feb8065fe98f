"""Customer-service messages of a mini-program, inside the windows that the person opens."""

from __future__ import annotations

from sandbox.calls import Call
from sandbox.errors import ApiError, Json
from sandbox.mini_program.subscriptions import access_user
from sandbox.mini_program.users import MiniUser
from sandbox.state import MiniProgram

MESSAGE_WINDOW, MESSAGE_MOST = 48 * 3600, 5
ENTER_WINDOW, ENTER_MOST = 60, 2
TEXT_BYTES = 2048
KINDS = ("text", "image", "link", "miniprogrampage")


def send_custom(call: Call, program: MiniProgram) -> Json:
    user = access_user(program, call.text("touser"))
    kind = call.text("msgtype")
    content = call.body.get(kind)
    if kind not in KINDS or not isinstance(content, dict):
        raise ApiError(40058, "msgtype")
    if kind == "text" and not content.get("content"):
        raise ApiError(44004)
    if kind == "text" and len(str(content["content"]).encode()) > TEXT_BYTES:
        raise ApiError(45002)
    _use_window(user, call.now)
    body = {"text": content["content"]} if kind == "text" else dict(content)
    call.box.deliver(
        call.box.world.persons[user.person],
        f"mini:{program.app_id}",
        kind="miniprogram" if kind == "miniprogrampage" else kind,
        body=body,
        via="mini",
        sender=program.name,
    )
    return {}


def _use_window(user: MiniUser, now: float) -> None:
    """Count against the message window first, then against the minute after entering."""
    in_message = user.message_at and now - user.message_at <= MESSAGE_WINDOW
    in_entry = user.entered_at and now - user.entered_at <= ENTER_WINDOW
    if in_message and user.message_sent < MESSAGE_MOST:
        user.message_sent += 1
    elif in_entry and user.entered_sent < ENTER_MOST:
        user.entered_sent += 1
    elif in_message or in_entry:
        raise ApiError(45047)
    else:
        raise ApiError(45015)
