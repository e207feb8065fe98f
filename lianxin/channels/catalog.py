"""The room's data files for people, read once: the menu that is proposed."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).parent / "data"


@cache
def read_rows(name: str) -> dict[str, Any]:
    rows: dict[str, Any] = yaml.safe_load((DATA / name).read_text(encoding="utf-8"))
    return rows


def proposed_menu(language: str) -> list[dict[str, Any]]:
    """Return the menu to begin with, Chinese where there is no other."""
    menus = read_rows("official_menu.yaml")["menus"]
    buttons: list[dict[str, Any]] = menus.get(language, menus["zh-hans"])
    return buttons
