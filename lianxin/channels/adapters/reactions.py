"""The error-reaction table and the call limits: data files, read once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

HERE = Path(__file__).parent
NOT_IN_TABLE = "not in the table"
# Quotas of "a day" end at midnight where the providers are.
PROVIDER_ZONE = ZoneInfo("Asia/Shanghai")


class Reaction(StrEnum):
    RETRY = "RETRY"
    REFRESH = "REFRESH"
    SERIALISE = "SERIALISE"
    WAIT = "WAIT"
    SKIP_ITEM = "SKIP_ITEM"
    TREAT_AS_OK = "TREAT_AS_OK"
    CONFIG = "CONFIG"
    BUG = "BUG"


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    code: int | str
    platform: str
    reaction: Reaction
    meaning: str
    reason: str = "provider_refused"
    wait: str = ""
    source: str = ""
    # The address that the provider says it saw, where that is why it refuses. Only ever shown.
    named_ip: str = ""


@dataclass(frozen=True)
class Limit:
    """How many calls one path may make in each window; 0 means no such limit."""

    path: str
    minute: int = 0
    hour: int = 0
    day: int = 0
    month: int = 0


@dataclass(frozen=True)
class TemplateKey:
    """What the value of a template's key may be, by the kind of key."""

    kind: str
    characters: int
    may_cut: bool = False
    pattern: str = ""
    # Which of our own words it may carry.
    holds: tuple[str, ...] = ()


@dataclass(frozen=True)
class NoticeSpan:
    """How many messages one member may get in so many seconds, and how many are kept back."""

    seconds: int
    most: int
    kept: int


@dataclass(frozen=True)
class MediaLimit:
    """The largest file of a kind, and its types; none means any."""

    bytes: int
    types: frozenset[str]


@lru_cache(maxsize=1)
def load_rows() -> dict[tuple[str, int | str], Row]:
    text = (HERE / "provider_errors.yaml").read_text(encoding="utf-8")
    rows = [
        Row(**{**row, "reaction": Reaction(row["reaction"])})
        for row in yaml.safe_load(text)["rows"]
    ]
    return {(row.platform, row.code): row for row in rows}


def find_row(platform: str, code: int | str) -> Row:
    """Return the row of a code; an unknown code is one that must not be repeated blindly."""
    known = load_rows().get((platform, code))
    return known or Row(code, platform, Reaction.BUG, NOT_IN_TABLE)


@lru_cache(maxsize=1)
def read_limits() -> dict[str, Any]:
    text = (HERE / "provider_limits.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def load_facts() -> dict[str, int]:
    """Return the times and lengths that stand beside the call limits."""
    return {name: int(value) for name, value in read_limits()["facts"].items()}


def load_transitions() -> dict[int, tuple[int, ...]]:
    """Return where a session of customer service may be moved from each state."""
    rows = read_limits()["kf_transitions"]
    return {int(state): tuple(targets) for state, targets in rows.items()}


@lru_cache(maxsize=1)
def load_notice_spans() -> tuple[NoticeSpan, ...]:
    return tuple(NoticeSpan(**row) for row in read_limits()["staff_notices"])


@lru_cache(maxsize=1)
def load_sending_paths() -> frozenset[str]:
    """Return the paths without which an account sends nothing."""
    return frozenset(read_limits()["sending_paths"])


@lru_cache(maxsize=1)
def load_media_limits() -> dict[tuple[str, str], MediaLimit]:
    """Return what may be uploaded, by platform and kind of file."""
    rows = read_limits()["media"]
    return {
        (row["platform"], row["kind"]): MediaLimit(row["bytes"], frozenset(row["types"]))
        for row in rows
    }


@lru_cache(maxsize=1)
def load_template_keys() -> dict[str, TemplateKey]:
    rows = read_limits()["template_keys"]
    return {
        row["kind"]: TemplateKey(**row | {"holds": tuple(row.get("holds", ()))}) for row in rows
    }


@lru_cache(maxsize=1)
def load_limits() -> dict[str, list[Limit]]:
    limits: dict[str, list[Limit]] = {}
    for row in read_limits()["rows"]:
        values: dict[str, Any] = {key: row[key] for key in row if key != "platform"}
        limits.setdefault(row["platform"], []).append(Limit(**values))
    return limits


def find_limit(platform: str, path: str) -> Limit:
    candidates = [
        limit
        for limit in load_limits().get(platform, [])
        if limit.path == "*" or path.startswith(limit.path)
    ]
    return max(candidates, key=lambda limit: len(limit.path), default=Limit("*"))
