"""The providers' error codes with their English words, and the envelope they come in."""

from __future__ import annotations

import secrets
from typing import Any

Json = dict[str, Any]

MESSAGES = {
    -1: "system busy",
    40001: "invalid credential",
    40003: "invalid openid",
    40004: "invalid media type",
    40005: "invalid file type",
    40006: "invalid file size",
    40007: "invalid media_id",
    40013: "invalid appid",
    40014: "invalid access_token",
    40016: "invalid button size",
    40017: "invalid button type",
    40018: "invalid button name size",
    40019: "invalid button key size",
    40020: "invalid button url size",
    40023: "invalid sub button size",
    40025: "invalid sub button name size",
    40055: "invalid button url domain",
    45002: "content size out of limit",
    45003: "title size out of limit",
    45004: "description size out of limit",
    45110: "author size out of limit",
    45006: "url size out of limit",
    46003: "menu no exist",
    61500: "date format error",
    61501: "date range error",
    40029: "invalid code",
    40037: "invalid template_id",
    40050: "chatid or scene not exist",
    40058: "invalid Request Parameter",
    40068: "invalid tagid",
    40071: "invalid tag name",
    40096: "invalid external userid",
    40097: "handover user is not resigned",
    40098: "takeover user is not verified",
    40099: "takeover user has too many customers",
    40100: "customer is being transferred",
    40125: "invalid appsecret",
    40128: "customer transferred too often",
    40129: "customer is being transferred",
    40130: "handover and takeover are the same user",
    40131: "handover user does not follow the customer",
    40145: "media expired",
    40163: "code been used",
    40165: "invalid weapp pagepath",
    40169: "invalid length for scene",
    40212: "invalid query",
    40226: "code blocked",
    41001: "access_token missing",
    41030: "invalid page",
    41037: "contact way type invalid",
    41038: "contact way scene invalid",
    41039: "contact way config_id invalid",
    41040: "contact way user invalid",
    41041: "contact way too many users",
    41046: "invalid msgid",
    41047: "msgid not exist",
    41048: "no customer to send",
    41050: "welcome code is invalid or expired",
    41051: "externaluser has started chatting",
    41054: "member not activated",
    41055: "group welcome templates are over the limit",
    41059: "moment_id not exist",
    41060: "no executor of the moment",
    41063: "mass message is being dispatched",
    41064: "invalid attachment",
    41065: "invalid attachments",
    41091: "chat_id_list over limit or empty",
    41093: "mass message already cancelled",
    41094: "remind times over limit",
    41095: "too many acquisition links",
    41096: "welcome message is being distributed",
    41300: "acquisition range is empty",
    41301: "acquisition range is too wide",
    41302: "invalid acquisition link",
    42001: "access_token expired",
    42003: "code expired",
    42022: "code has been used",
    43001: "require GET method",
    43002: "require POST method",
    43004: "require subscribe",
    43101: "user refuse to accept the msg",
    44001: "empty media data",
    44004: "empty content",
    40164: "invalid ip",
    45009: "api freq out of limit",
    45011: "api minute-quota reach limit",
    45015: "response out of time limit or subscription is canceled",
    45033: "api concurrent out of limit",
    45035: "concurrent conflict",
    45047: "out of response count limit",
    46004: "user not exist",
    47001: "data format error",
    47003: "argument invalid",
    48001: "api unauthorized",
    48002: "api forbidden for the app",
    50002: "user out of agent scope",
    50003: "agent disabled",
    50100: "invalid cursor",
    60020: "not allow to access from your ip",
    60011: "no privilege to access the member",
    60111: "userid not found",
    81013: "all receivers are invalid",
    81017: "too many in one call",
    84061: "not external contact",
    85401: "invalid expire_time",
    85402: "invalid expire_interval",
    95000: "invalid open_kfid",
    95001: "send msg count limit",
    95002: "send msg out of time limit",
    95004: "open_kfid not authorized",
    95006: "invalid kf account name",
    95007: "invalid msg token",
    95008: "msgmenu click count limit",
    95013: "session ended",
    95014: "user is not servicer",
    95016: "not allow transfer to the service state",
    95018: "send msg session status invalid",
    95019: "servicer is not receiving",
    95021: "not in upgrade service config",
    95026: "too many kf accounts",
    95033: "msgid repeated",
    301002: "not allow operate another agent",
}


class ApiError(Exception):
    """The provider refuses: a code, and what the hint says about it."""

    def __init__(self, code: int, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


class ControlError(Exception):
    """A wrong request to the control API."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


def make_wecom_error(code: int, detail: str, at: int, address: str) -> Json:
    """Build the refusal with the hint tail the real one has, so that nobody matches its text."""
    words = MESSAGES.get(code, "unknown error")
    hint = f"[{at}_{secrets.randbelow(90) + 10}_{secrets.token_hex(16)}]"
    about = f"{words}: {detail}" if detail else words
    tail = f"hint: {hint}, from ip: {address}, more info at"
    link = f"https://open.work.weixin.qq.com/devtool/query?e={code}"
    return {"errcode": code, "errmsg": f"{about}, {tail} {link}"}


def make_official_error(code: int, detail: str) -> Json:
    words = MESSAGES.get(code, "unknown error")
    about = f"{words} {detail}" if detail else words
    trace = f"{secrets.token_hex(4)}-{secrets.token_hex(4)}"
    return {"errcode": code, "errmsg": f"{about} rid: {trace}"}
