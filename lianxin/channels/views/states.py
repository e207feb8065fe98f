"""How something at a provider is, in words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class State:
    """How an account or a code is, in words."""

    word: str
    tone: str
    sentence: str
