"""What a patient group is given to stay safe, read from the data file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from django.utils.translation import gettext

from lianxin.channels.rules.groups import NoticePart, missing_parts

PATH = Path(__file__).parent / "data" / "group_kit.yaml"


@dataclass(frozen=True)
class CheckPoint:
    """One point of the checklist of whoever opens a group."""

    code: str
    title: str
    text: str
    source: str


@dataclass(frozen=True)
class KeywordAnswer:
    """One answer that is typed into WeCom's own console."""

    keyword: str
    match: str
    answer: str
    source: str


@dataclass(frozen=True)
class Kit:
    notice: str
    parts: tuple[NoticePart, ...]
    part_titles: dict[str, str]
    checklist: tuple[CheckPoint, ...]
    keywords: tuple[KeywordAnswer, ...]


@lru_cache(maxsize=1)
def load_kit() -> Kit:
    data: dict[str, Any] = yaml.safe_load(PATH.read_text(encoding="utf-8"))
    parts = data["notice_parts"]
    return Kit(
        notice=data["notice"],
        parts=tuple(NoticePart(row["code"], tuple(row["words"])) for row in parts),
        part_titles={row["code"]: row["title"] for row in parts},
        checklist=tuple(CheckPoint(**row) for row in data["checklist"]),
        keywords=tuple(KeywordAnswer(**row) for row in data["keywords"]),
    )


def missing_in(notice: str) -> list[str]:
    """Return, in words, what a live notice does not say."""
    kit = load_kit()
    return [gettext(kit.part_titles[code]) for code in missing_parts(notice, kit.parts)]
