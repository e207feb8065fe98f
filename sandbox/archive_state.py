"""What the sandbox remembers of a corp's chat archive, as plain dataclasses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass
class ArchiveRecord:
    """One record as the native library hands it out: its message is sealed."""

    seq: int
    at: float
    msgid: str
    publickey_ver: int
    encrypt_random_key: str
    encrypt_chat_msg: str


@dataclass
class CorpArchive:
    """Without a public key nothing is archived."""

    # version → PEM; the newest one is used.
    public_keys: dict[str, str] = field(default_factory=dict)
    # Whose talks are archived; empty: of every active member.
    permitted: list[str] = field(default_factory=list)
    records: list[ArchiveRecord] = field(default_factory=list)
    next_seq: int = 1
    noticed_at: float = 0.0
    # roomid → name, creator, members of a group among staff.
    inner_groups: dict[str, Json] = field(default_factory=dict)
