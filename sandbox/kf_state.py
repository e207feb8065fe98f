"""What customer service remembers: accounts, sessions, and what sync_msg hands out."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.errors import Json


@dataclass
class KfRecord:
    """One thing that sync_msg hands out."""

    seq: int
    at: float
    body: Json


@dataclass
class KfSession:
    person: str
    state: int = 4
    servicer: str = ""
    last_customer_at: float = 0.0
    last_at: float = 0.0
    sent_count: int = 0
    fail_type: int | None = None
    was_handed_on: bool = False
    # How the person last came in by a link: when, and what stood on the link.
    entered_at: float = 0.0
    scene: str = ""
    scene_param: str = ""


@dataclass
class KfCode:
    code: str
    kind: str  # welcome, reply, ending
    open_kfid: str
    person: str
    issued_at: float
    is_used: bool = False


@dataclass
class KfAccount:
    open_kfid: str
    name: str = ""
    is_managed: bool = True
    avatar: str = ""
    servicers: list[str] = field(default_factory=list)
    paused: list[str] = field(default_factory=list)
    records: list[KfRecord] = field(default_factory=list)
    next_seq: int = 1
    fetched_seq: int = 0
    sessions: dict[str, KfSession] = field(default_factory=dict)
    msgids: list[str] = field(default_factory=list)
    event_tokens: dict[str, float] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
