"""What the sandbox remembers of a corp's customer groups, as plain dataclasses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
INSIDE, OUTSIDE = 1, 2


@dataclass
class GroupMember:
    """Somebody in a group: a member of the corp (1) or somebody from outside (2)."""

    id: str
    kind: int
    person: str = ""
    joined_at: int = 0
    # As `get` numbers it: 1 invited by a member, 2 by a link, 3 scanned.
    join_scene: int = 1
    invitor: str = ""
    state: str = ""


@dataclass
class GroupMoment:
    """Something that counts in the statistics."""

    at: float
    kind: str  # join, leave, talk
    who: str


@dataclass
class Group:
    chat_id: str
    name: str
    owner: str
    created_at: int
    notice: str = ""
    admins: list[str] = field(default_factory=list)
    members: dict[str, GroupMember] = field(default_factory=dict)
    member_version: str = ""
    # 0 normal, 3 handed over; 1 (the owner has left) is seen from the owner.
    status: int = 0
    welcome_id: str = ""
    handed_over_at: list[float] = field(default_factory=list)
    mass_received: list[float] = field(default_factory=list)
    moments: list[GroupMoment] = field(default_factory=list)


@dataclass
class JoinWay:
    config_id: str
    body: Json
    qr_code: str
    # How many groups it has made by itself because the others were full.
    made_count: int = 0


@dataclass
class GroupWelcome:
    template_id: str
    body: Json
    agent_id: str


@dataclass
class CorpGroups:
    """The customer groups of one corp, and what the API keeps beside them."""

    # How many people fit into one group.
    size_limit: int = 200
    chats: dict[str, Group] = field(default_factory=dict)
    join_ways: dict[str, JoinWay] = field(default_factory=dict)
    welcomes: dict[str, GroupWelcome] = field(default_factory=dict)
    # Resigned owner → when a group of theirs was handed over.
    handed_over: dict[str, list[float]] = field(default_factory=dict)
