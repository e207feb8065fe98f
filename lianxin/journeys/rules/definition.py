"""A journey's definition as values. It is data: written by people, read by `parsing`."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import Literal

FORMAT = 1

StepKind = Literal["content", "card", "task", "wait"]
SlotName = Literal["", "morning", "evening"]
AnchorName = Literal["discharged_on", "enrolled_on"]
# Content waits on the patient page, or asks the gate for a message of its own.
ContentWay = Literal["page", "message"]
TriggerKind = Literal["live_code", "group", "event", "date", "manual"]

WAYS: tuple[ContentWay, ...] = ("page", "message")
KINDS: tuple[StepKind, ...] = ("content", "card", "task", "wait")
SLOTS: tuple[SlotName, ...] = ("morning", "evening")
ANCHORS: tuple[AnchorName, ...] = ("discharged_on", "enrolled_on")
TRIGGERS: tuple[TriggerKind, ...] = ("live_code", "group", "event", "date", "manual")


@dataclass(frozen=True, slots=True)
class Slot:
    """The clock times between which a merged card may wait on the patient page."""

    name: SlotName
    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class Timing:
    """When a step is due: on these days after the anchor, at this local time, for so long."""

    days: tuple[int, ...]
    at: time
    window: timedelta
    # A step of the past is done at once for somebody who joins late.
    catches_up: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens. `item` is a content key, a card item or a kind of task."""

    key: str
    kind: StepKind
    title: tuple[tuple[str, str], ...]
    item: str = ""
    slot: SlotName = ""
    way: ContentWay = "page"
    timing: Timing | None = None
    wait_days: int = 0

    def title_in(self, language: str) -> str:
        return words_in(self.title, language)


@dataclass(frozen=True, slots=True)
class Trigger:
    """What starts the journey. `name` is the event or the date field."""

    kind: TriggerKind
    name: str = ""
    # A customer group's key; empty: any group. Who has left all of these may end by it.
    group: str = ""
    ends_on_leaving: bool = False


@dataclass(frozen=True, slots=True)
class Definition:
    """A whole journey, checked."""

    key: str
    name: tuple[tuple[str, str], ...]
    anchor: AnchorName
    purposes: tuple[str, ...]
    triggers: tuple[Trigger, ...]
    # Days after the end before the same journey may start again; None: never.
    reentry_after_days: int | None
    slots: tuple[Slot, ...]
    steps: tuple[Step, ...]
    source: tuple[tuple[str, str], ...] = ()
    needs_approval: bool = True
    step_by_key: dict[str, Step] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        by_key = {step.key: step for step in self.steps}
        self.step_by_key.update(by_key)  # house: stray-write fills a dictionary, not a row

    @property
    def last_day(self) -> int:
        """The day after the anchor on which the last step is due."""
        return max((max(s.timing.days) for s in self.steps if s.timing), default=0)

    def name_in(self, language: str) -> str:
        return words_in(self.name, language)


def words_in(words: tuple[tuple[str, str], ...], language: str) -> str:
    """Return the words in the language, else in Chinese, else whatever there is."""
    by_language = dict(words)
    return (
        by_language.get(language) or by_language.get("zh-hans") or next(iter(dict(words).values()))
    )


def timing_token(definition: Definition) -> str:
    """Name the schedule alone: the same after any edit of words, another after one of times."""
    facts = [
        [
            step.key,
            list(step.timing.days),
            step.timing.at.isoformat(),
            step.timing.window.total_seconds(),
            step.timing.catches_up,
        ]
        for step in definition.steps
        if step.timing
    ]
    document = json.dumps([definition.anchor, sorted(facts)], separators=(",", ":"))
    return hashlib.sha256(document.encode()).hexdigest()[:16]
