"""The menu of an Official Account: what the provider takes, and what a press means."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

PAGE, URL, ANSWER, GROUP = "page", "url", "answer", "group"
KINDS = (PAGE, URL, ANSWER, GROUP)

Button = Mapping[str, Any]


def find_fault(button: Button, limits: Mapping[str, int], *, is_sub: bool) -> str:
    """Return what the provider would not take about one button; empty when it is fine."""
    most = limits["sub_name_bytes" if is_sub else "name_bytes"]
    if not button["name"]:
        return "no_name"
    if len(button["name"].encode()) > most:
        return "long_name"
    if button["kind"] == GROUP:
        return find_group_fault(button, limits, is_sub=is_sub)
    return find_value_fault(button, limits)


def find_group_fault(button: Button, limits: Mapping[str, int], *, is_sub: bool) -> str:
    if is_sub:
        return "nested"
    count = len(button["sub"])
    return "" if 1 <= count <= limits["sub_buttons"] else "sub_count"


def find_value_fault(button: Button, limits: Mapping[str, int]) -> str:
    value, kind = button["value"], button["kind"]
    if not value:
        return "no_value"
    if kind == ANSWER:
        return "" if len(value.encode()) <= limits["answer_bytes"] else "long_answer"
    if len(value.encode()) > limits["url_bytes"]:
        return "long_url"
    if kind == PAGE:
        return "" if value.startswith("/p/") else "no_page"
    return "" if value.startswith("https://") else "no_url"


def walk(buttons: Sequence[Button]) -> Iterator[Button]:
    """Yield every button that can be pressed."""
    for button in buttons:
        if button["kind"] == GROUP:
            yield from button["sub"]
        else:
            yield button


def answer_key(text: str) -> str:
    """Name an answer by its words: a phone that shows an old menu gets the old answer or none."""
    return f"m-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def find_answer(buttons: Sequence[Button], key: str) -> str:
    """Return the words behind a pressed key; empty when this menu has no such key."""
    answers = (one["value"] for one in walk(buttons) if one["kind"] == ANSWER)
    return next((text for text in answers if answer_key(text) == key), "")
