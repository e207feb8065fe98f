"""The mini-program's project: only documented keys, every page there, and no secret in it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1] / "miniprogram"
# Keys that WeChat documents for each file (app.json, page.json, project.config.json, sitemap.json).
DOCUMENTED = {
    "app.json": {"pages", "window", "style", "lazyCodeLoading", "sitemapLocation"},
    "sitemap.json": {"rules"},
    "project.config.json": {
        "appid",
        "compileType",
        "projectname",
        "description",
        "libVersion",
        "miniprogramRoot",
        "setting",
    },
    "index.json": {"navigationBarTitleText"},
}


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.json")), ids=str)
def test_a_file_has_documented_keys_only(path: Path) -> None:
    assert set(read(path)) <= DOCUMENTED[path.name]


def test_every_page_is_there_and_the_first_is_where_reminders_lead() -> None:
    pages = read(ROOT / "app.json")["pages"]

    assert pages[0] == "pages/home/index"
    missing = [
        p for p in pages for end in (".js", ".wxml", ".json") if not (ROOT / (p + end)).exists()
    ]
    assert missing == []


def test_nothing_secret_is_in_it() -> None:
    source = "\n".join(p.read_text(encoding="utf-8") for p in ROOT.rglob("*") if p.is_file())

    assert not re.search(r"\bwx[0-9a-f]{16}\b|\b[0-9a-f]{32}\b|session_key", source)
    assert read(ROOT / "project.config.json")["appid"] == "touristappid"
