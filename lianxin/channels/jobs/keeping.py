"""Keep one thing after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import structlog

from lianxin.channels.adapters.base import SendFailed

log = structlog.get_logger(__name__)
T = TypeVar("T")


def keep_each(things: Iterable[T], keep: Callable[[T], None], what: str = "live_code") -> None:
    """Keep one after the other; an account that was switched off does not stop the rest."""
    for one in things:
        try:
            keep(one)
        except SendFailed as error:
            key = getattr(one, "key", one)
            log.warning("channels.not_kept", what=what, key=key, reason=str(error))
