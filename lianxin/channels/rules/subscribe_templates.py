"""What a subscribe template can carry, and what it may be used for."""

from __future__ import annotations

from collections.abc import Iterable

from lianxin.channels.adapters.fitting import bind_keys

# The kinds of message, as the rooms above name them by their priority.
USES = ("safety", "appointment", "medication", "follow_up", "survey", "education")


def find_unfillable(keys: Iterable[str]) -> list[str]:
    """Return the keys for which we have no words: the platform refuses a notice without them."""
    names = list(keys)
    bound = bind_keys(names)
    return [name for name in names if name not in bound]


def is_fillable(keys: Iterable[str]) -> bool:
    names = list(keys)
    return bool(names) and not find_unfillable(names)
