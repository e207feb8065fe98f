"""Text on its ground has a contrast of at least 4.5 to 1, computed from the tokens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).resolve().parents[1] / "static" / "web" / "tokens.css"
TONES = ["danger", "warn", "ok", "info", "note"]
PAIRS = [
    *[(f"{tone}-ink", f"{tone}-soft") for tone in TONES],
    *[(f"{tone}-ink", "card") for tone in TONES],
    *[(ink, ground) for ink in ("ink", "muted", "ink-2") for ground in ("card", "bg", "faint")],
    *[("accent", ground) for ground in ("card", "bg", "accent-soft", "faint")],
    ("accent-strong", "accent-soft"),
    ("on-accent", "accent"),
    ("on-danger", "danger"),
    ("on-danger", "danger-ink"),
    ("on-accent", "accent-strong"),
    ("ink", "hover"),
    ("ink-2", "track"),
    ("ink", "staff-soft"),
    ("ink-2", "chrome"),
    ("accent", "chrome"),
]


def read_themes() -> dict[str, dict[str, str]]:
    light, dark = re.findall(r"\{([^}]*--lx-accent:[^}]*)\}", TOKENS.read_text(encoding="utf-8"))
    find = re.compile(r"--lx-([\w-]+):\s*(#[0-9a-f]{6})")
    return {"light": dict(find.findall(light)), "dark": dict(find.findall(dark))}


def luminance(colour: str) -> float:
    """Return WCAG's relative luminance of #rrggbb."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_can_be_read(theme: str, text: str, ground: str) -> None:
    tokens = read_themes()[theme]

    assert contrast(tokens[text], tokens[ground]) >= 4.5


def test_both_themes_name_the_same_colours() -> None:
    themes = read_themes()

    assert themes["light"].keys() == themes["dark"].keys()
