"""Public platforms: a data file, read once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from django.utils.translation import gettext

from lianxin.core.errors import NotFoundError

HERE = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Platform:
    """What fits into a post there. `sure` says where the numbers come from."""

    code: str
    name: str
    name_en: str
    title_characters: int
    text_characters: int
    opens_wechat: bool
    sure: str

    def word(self, language: str) -> str:
        return self.name_en if language.startswith("en") else self.name


@lru_cache(maxsize=1)
def read_file() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((HERE / "platforms.yaml").read_text(encoding="utf-8"))
    return found


@lru_cache(maxsize=1)
def load_platforms() -> dict[str, Platform]:
    return {row["code"]: Platform(**row) for row in read_file()["rows"]}


def find_platform(code: str) -> Platform:
    if code not in load_platforms():
        raise NotFoundError
    return load_platforms()[code]


def never_say() -> list[str]:
    return [gettext(sentence) for sentence in read_file()["never_say"]]
