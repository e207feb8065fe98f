"""Every template of the product keeps to the policy: nothing inline, nothing from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted(path for path in ROOT.rglob("*.html") if "templates" in path.parts)
INLINE = {
    "an inline script": re.compile(
        r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", re.IGNORECASE
    ),
    "a style element": re.compile(r"<style", re.IGNORECASE),
    "a style attribute": re.compile(r"""\sstyle\s*=\s*["']""", re.IGNORECASE),
    "a handler attribute": re.compile(r"""\son[a-z]+\s*=\s*["']"""),
    "an hx-on attribute": re.compile(r"\shx-on"),
    "a javascript address": re.compile(r"javascript:", re.IGNORECASE),
    "a file from elsewhere": re.compile(r"""(?:src|<link[^>]*href)\s*=\s*["']https?://"""),
    # An article's body is the one exception: content/cleaning.py cleans it when it is saved.
    "a filter that trusts": re.compile(r"(?<!revision\.body_html)\|\s*safe\b|autoescape off"),
}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_a_template_has_nothing_inline(path: Path) -> None:
    source = path.read_text(encoding="utf-8")

    assert [what for what, pattern in INLINE.items() if pattern.search(source)] == []


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("<script>alert(1)</script>", "an inline script"),
        ('<p style="color: red">', "a style attribute"),
        ('<a onclick="x()">', "a handler attribute"),
        ('<script src="https://cdn.example/x.js"></script>', "a file from elsewhere"),
    ],
)
def test_the_patterns_see_what_they_are_for(source: str, what: str) -> None:
    assert INLINE[what].search(source)


def test_there_are_templates_to_look_at() -> None:
    assert len(TEMPLATES) > 10
