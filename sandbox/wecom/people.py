"""What a corp remembers of moving customers, of its acquisition links and of its members' days."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# transfer_result, documents 94085 and 94088.
DONE, WAITING, REFUSED, FULL = 1, 2, 3, 4


@dataclass
class Transfer:
    """One customer being moved from one member to another."""

    handover_userid: str
    takeover_userid: str
    external_userid: str
    person: str
    is_resigned: bool
    asked_at: int
    status: int = WAITING
    takeover_time: int = 0
    words: str = ""


@dataclass
class LinkVisit:
    """One opening of a link, and who came by it."""

    external_userid: str
    at: float
    state: str = ""
    userid: str = ""
    chat_status: int = 0


@dataclass
class AcquisitionLink:
    link_id: str
    body: dict[str, Any]
    url: str
    created_at: int
    agent_id: str
    turn: int = 0
    is_available: bool = True
    visits: list[LinkVisit] = field(default_factory=list)


@dataclass
class QuotaPack:
    """A part of the paid quota, and when it lapses."""

    expire_date: int
    balance: int
