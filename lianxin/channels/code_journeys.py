"""Which journey a live code starts. Journeys lie above this room: CODE_JOURNEYS names who knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string

from lianxin.core.actor import Actor


@dataclass(frozen=True)
class CodeJourney:
    """A journey of the hospital as a live code sees it."""

    # What a live code may name it by: its code, or its key.
    code: str
    key: str
    name: str
    # Whether a scan really leads there, and why or why not.
    is_started: bool
    sentence: str
    # Where its triggers are set; empty for who may not look there.
    url: str


ListJourneys = Callable[[Actor], list[CodeJourney]]


def list_journeys(actor: Actor) -> list[CodeJourney]:
    found: ListJourneys = import_string(settings.CODE_JOURNEYS)
    return found(actor)


def find_journey(actor: Actor, journey_key: str) -> CodeJourney | None:
    """Find the journey a code names, the code before the key; None when there is no such one."""
    journeys = list_journeys(actor) if journey_key else []
    by_code = (one for one in journeys if one.code == journey_key)
    by_key = (one for one in journeys if one.key == journey_key)
    return next(by_code, None) or next(by_key, None)
