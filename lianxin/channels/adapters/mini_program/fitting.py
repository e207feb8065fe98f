"""What a subscribe message's keys may hold: the word before the number says which kind it is."""

from __future__ import annotations

import re
from collections.abc import Mapping

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
    if key is None or len(line) <= key.characters:
        return line
    return line[: key.characters - len(CUT_MARK)].rstrip() + CUT_MARK if key.may_cut else ""


def find_key(name: str) -> TemplateKey | None:
    """Return the limits of a key such as `thing1`; None for a kind without a length."""
    match = KEY.fullmatch(name)
    return load_template_keys().get(match[1]) if match else None
