"""What a mini-program knows of its people, as plain dataclasses."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class MiniUser:
    """A person as one mini-program knows her; the ticks are by template, each good for one send."""

    openid: str
    person: str
    session_key: str = ""
    ticks: dict[str, int] = field(default_factory=dict)
    switched_off: list[str] = field(default_factory=list)
    is_risky: bool = False
    message_at: float = 0.0
    message_sent: int = 0
    entered_at: float = 0.0
    entered_sent: int = 0


@dataclass
class MiniCode:
    """A code of the client: of wx.login, or of the button that shares the phone number."""

    code: str
    kind: str  # login, phone
    person: str
    issued_at: float
    is_used: bool = False


@dataclass
class MiniLink:
    """A link from outside; the first person who opens it is the only one."""

    token: str
    path: str
    query: str
    expires_at: float
    opened_by: str = ""


@dataclass
class MiniScene:
    """A lasting code with a scene."""

    id: str
    scene: str
    page: str


@dataclass
class SubscribeSend:
    msgid: int
    openid: str
    template_id: str
    page: str
    text: str
    at: float
