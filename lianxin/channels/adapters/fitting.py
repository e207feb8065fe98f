"""What a subscribe message's keys may hold: the word before the number says which kind it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from lianxin.channels.adapters.base import SendFailed
from lianxin.channels.adapters.reactions import TemplateKey, load_template_keys

KEY = re.compile(r"([a-z_]+?)[0-9]*")
CUT_MARK = "…"


def fit_data(data: Mapping[str, str], client_key: str = "") -> dict[str, dict[str, str]]:
    """Return the data as the provider takes it, or fail for good what it would refuse (47003)."""
    fitted = {name: fit(name, value) for name, value in data.items()}
    if not all(fitted.values()):
        raise SendFailed("template_invalid", permanent=True, client_key=client_key)
    return {name: {"value": value} for name, value in fitted.items()}


def fit(name: str, value: str) -> str:
    """Return one value on one line and short enough; empty when it cannot be made to fit."""
    line = " ".join(value.split())
    key = find_key(name)
    if key is None:
        return line
    if len(line) > key.characters:
        return line[: key.characters - len(CUT_MARK)].rstrip() + CUT_MARK if key.may_cut else ""
    return line if not key.pattern or re.fullmatch(key.pattern, line) else ""


def find_key(name: str) -> TemplateKey | None:
    """Return the limits of a key such as `thing1`; None for a kind that we do not know."""
    match = KEY.fullmatch(name)
    return load_template_keys().get(match[1]) if match else None


def bind_keys(names: Iterable[str]) -> dict[str, str]:
    """Choose for each key which of our words it carries; a key that can carry none is left out.

    Each word is used once, in the order of the keys, before any is said twice.
    """
    bound: dict[str, str] = {}
    for name in names:
        key = find_key(name)
        words = key.holds if key else ()
        unused = [word for word in words if word not in bound.values()]
        if words:
            bound[name] = (unused or list(words))[0]
    return bound
