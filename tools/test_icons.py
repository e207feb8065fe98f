from __future__ import annotations

import json
from pathlib import Path

from tools.icons import DRAWN, find_names, make_sprite, make_symbol

ROOT = Path(__file__).resolve().parent.parent
SVG = (
    '<svg xmlns="x" width="24" stroke="currentColor">\n'
    '  <path stroke="none" d="M0 0h24v24H0z" fill="none"/>\n  <path d="M5 4h4" />\n</svg>'
)


def test_names_are_found_wherever_they_are_quoted() -> None:
    texts = ['{% icon "phone" %}', "Entry('今日', 'users')", "phone users alarm", 'x = "no-icon"']

    assert find_names(texts, {"phone", "users", "alarm"}) == ["phone", "users"]


def test_a_misspelt_icon_can_be_seen() -> None:
    assert DRAWN.findall('{% icon "phoen" "m" %}') == ["phoen"]


def test_a_symbol_keeps_the_shape_and_drops_the_ground() -> None:
    symbol = '<symbol id="phone" viewBox="0 0 24 24"><path d="M5 4h4" /></symbol>'

    assert make_symbol("phone", SVG) == symbol


def test_the_sprite_holds_every_symbol(tmp_path: Path) -> None:
    (tmp_path / "phone.svg").write_text(SVG, encoding="utf-8")

    sprite = make_sprite(["phone"], tmp_path)

    assert sprite.startswith("<svg")
    assert 'id="phone"' in sprite


def test_the_lock_names_no_address() -> None:
    text = (ROOT / "package-lock.json").read_text(encoding="utf-8")

    assert "://" not in text
    assert all("integrity" in part for name, part in json.loads(text)["packages"].items() if name)
