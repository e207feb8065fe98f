"""How sessions of WeChat customer service may be changed, and who is to be told about servicers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

QUEUE, SERVED, ENDED = 2, 3, 4
# What the state after an API-made change is called; the provider calls nobody back about it.
CHANGE_NAMES = {QUEUE: "queued", SERVED: "taken", ENDED: "ended"}


def list_targets(transitions: Mapping[int, Sequence[int]], state: int) -> tuple[int, ...]:
    """Return where a session may go from here; an unknown state goes nowhere."""
    return tuple(transitions.get(state, ()))


@dataclass(frozen=True)
class ServicerStanding:
    userid: str
    is_wanted: bool
    is_listed: bool


def next_servicer_step(standing: ServicerStanding) -> str:
    """Return what the provider must be told: add, remove, or nothing."""
    if standing.is_wanted == standing.is_listed:
        return ""
    return "add" if standing.is_wanted else "remove"
