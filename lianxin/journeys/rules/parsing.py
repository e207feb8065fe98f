"""Reads a definition strictly: what is not understood is a problem that names its step."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import Any

from lianxin.journeys.rules.definition import (
    ANCHORS,
    FORMAT,
    KINDS,
    SLOTS,
    TRIGGERS,
    WAYS,
    Definition,
    Slot,
    SlotName,
    Step,
    Timing,
    Trigger,
)

KEY = re.compile(r"[a-z][a-z0-9-]{0,39}")
ITEM = re.compile(r"[a-z][a-z0-9_:-]{0,59}")
CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
LANGUAGES = ("zh-hans", "en")
MOST_DAYS = 3660
MOST_STEPS = 400
MOST_WINDOW_MINUTES = 7 * 24 * 60

TOP = {
    "format", "key", "name", "anchor", "purposes", "triggers", "reentry_after_days", "slots",
    "steps", "source", "needs_approval",
}  # fmt: skip
COMMON = {"key", "kind", "title"}
TIMED = COMMON | {"days", "catches_up"}
FIELDS: Mapping[str, set[str]] = {
    "content": TIMED | {"item", "way", "at", "window_minutes"},
    "card": TIMED | {"item", "slot"},
    "task": TIMED | {"task", "at", "window_minutes"},
    "wait": COMMON | {"wait_days"},
}
TRIGGER_FIELDS: Mapping[str, set[str]] = {"group": {"kind", "group", "ends_on_leaving"}}
GROUP_KEY = re.compile(r"[a-z0-9]{12}")
ITEM_FIELD: Mapping[str, str] = {"content": "item", "card": "item", "task": "task"}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, where. `step` is empty for the journey itself; `code` has its words."""

    step: str
    field: str
    code: str


class DefinitionError(ValueError):
    """The definition cannot be used; `problems` says why, all at once."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{p.step or '-'}.{p.field}: {p.code}" for p in problems))
        self.problems = problems


@dataclass
class Reader:
    """Reads fields of one mapping and collects what it could not understand."""

    row: Mapping[str, Any]
    step: str = ""
    problems: list[Problem] = field(default_factory=list)

    def fail(self, name: str, code: str) -> None:
        self.problems.append(Problem(self.step, name, code))

    def only(self, allowed: set[str]) -> None:
        for name in self.row:
            if name not in allowed:
                self.fail(str(name), "unknown_field")

    def text(self, name: str, pattern: re.Pattern[str]) -> str:
        value = self.row.get(name)
        if value is None:
            self.fail(name, "missing")
        elif not isinstance(value, str) or not pattern.fullmatch(value):
            self.fail(name, "not_a_key")
        else:
            return value
        return ""

    def choice(self, name: str, allowed: tuple[Any, ...], default: Any = None) -> Any:
        value = self.row.get(name, default)
        if value in allowed:
            return value
        self.fail(name, "missing" if value is None else "not_one_of")
        return allowed[0]

    def number(self, name: str, lowest: int, highest: int, default: int | None = None) -> int:
        value = self.row.get(name, default)
        if value is None:
            self.fail(name, "missing")
        elif isinstance(value, bool) or not isinstance(value, int):
            self.fail(name, "not_a_number")
        elif not lowest <= value <= highest:
            self.fail(name, "out_of_range")
        else:
            return value
        return lowest

    def boolean(self, name: str, *, default: bool = False) -> bool:
        value = self.row.get(name, default)
        if isinstance(value, bool):
            return value
        self.fail(name, "not_yes_or_no")
        return default

    def clock(self, name: str) -> time:
        value = self.row.get(name)
        found = CLOCK.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            self.fail(name, "missing" if value is None else "not_a_time")
            return time()
        return time(int(found[1]), int(found[2]))

    def words(self, name: str) -> tuple[tuple[str, str], ...]:
        value = self.row.get(name)
        if not isinstance(value, dict) or not value:
            self.fail(name, "missing")
            return (("zh-hans", "?"),)
        for language, words in value.items():
            if language not in LANGUAGES or not isinstance(words, str) or not words.strip():
                self.fail(name, "not_text")
                return (("zh-hans", "?"),)
        if "zh-hans" not in value:
            self.fail(name, "no_chinese")
        return tuple(sorted(value.items()))

    def rows(self, name: str, most: int) -> list[Mapping[str, Any]]:
        value = self.row.get(name)
        if not isinstance(value, list) or not value:
            self.fail(name, "missing")
            return []
        if len(value) > most:
            self.fail(name, "too_many")
            return []
        if not all(isinstance(row, dict) for row in value):
            self.fail(name, "not_a_list_of_fields")
            return []
        return value


def parse_definition(document: Any) -> Definition:
    """Return the definition, or raise with every problem it has."""
    if not isinstance(document, dict):
        raise DefinitionError([Problem("", "", "not_a_list_of_fields")])
    reader = Reader(document)
    reader.only(TOP)
    if document.get("format") != FORMAT:
        reader.fail("format", "unknown_format")
    slots = read_slots(reader)
    definition = Definition(
        key=reader.text("key", KEY),
        name=reader.words("name"),
        anchor=reader.choice("anchor", ANCHORS),
        purposes=read_purposes(reader),
        triggers=read_triggers(reader),
        reentry_after_days=read_reentry(reader),
        slots=slots,
        steps=read_steps(reader, slots),
        source=reader.words("source") if "source" in document else (),
        needs_approval=reader.boolean("needs_approval", default=True),
    )
    check_steps(reader, definition)
    if reader.problems:
        raise DefinitionError(reader.problems)
    return definition


def read_purposes(reader: Reader) -> tuple[str, ...]:
    value = reader.row.get("purposes", [])
    if isinstance(value, list) and all(isinstance(p, str) and ITEM.fullmatch(p) for p in value):
        return tuple(value)
    reader.fail("purposes", "not_a_key")
    return ()


def read_reentry(reader: Reader) -> int | None:
    if reader.row.get("reentry_after_days", "never") == "never":
        return None
    return reader.number("reentry_after_days", 0, MOST_DAYS)


def read_triggers(reader: Reader) -> tuple[Trigger, ...]:
    triggers = []
    for row in reader.rows("triggers", 20):
        inner = Reader(row, "", reader.problems)
        kind = inner.choice("kind", TRIGGERS)
        inner.only(TRIGGER_FIELDS.get(kind, {"kind", "name"}))
        name = inner.text("name", re.compile(r"[a-z_.]{1,60}")) if kind in {"event", "date"} else ""
        group = inner.text("group", GROUP_KEY) if "group" in row and kind == "group" else ""
        triggers.append(Trigger(kind, name, group, inner.boolean("ends_on_leaving")))
    return tuple(triggers)


def read_slots(reader: Reader) -> tuple[Slot, ...]:
    value = reader.row.get("slots", {})
    if not isinstance(value, dict) or not set(value) <= set(SLOTS):
        reader.fail("slots", "not_one_of")
        return ()
    slots = []
    for name in SLOTS:
        row = value.get(name)
        if row is None:
            continue
        inner = Reader(row if isinstance(row, dict) else {}, "", reader.problems)
        slot = Slot(name, inner.clock("opens"), inner.clock("closes"))
        if slot.opens >= slot.closes:
            reader.fail(f"slots.{name}", "closes_before_it_opens")
        slots.append(slot)
    return tuple(slots)


def read_steps(reader: Reader, slots: tuple[Slot, ...]) -> tuple[Step, ...]:
    """Read the steps in their order; a wait moves day 0 of all that follow."""
    steps, offset = [], 0
    for number, row in enumerate(reader.rows("steps", MOST_STEPS), 1):
        step = read_step(row, number, slots, offset, reader.problems)
        offset += step.wait_days
        steps.append(step)
    return tuple(steps)


def read_step(
    row: Mapping[str, Any],
    number: int,
    slots: tuple[Slot, ...],
    offset: int,
    problems: list[Problem],
) -> Step:
    name = row.get("key")
    reader = Reader(row, name if isinstance(name, str) and name else f"#{number}", problems)
    kind = reader.choice("kind", KINDS)
    reader.only(FIELDS[kind])
    key, title = reader.text("key", KEY), reader.words("title")
    if kind == "wait":
        return Step(key, kind, title, wait_days=reader.number("wait_days", 1, MOST_DAYS))
    slot: SlotName = reader.choice("slot", SLOTS) if kind == "card" else ""
    return Step(
        key=key,
        kind=kind,
        title=title,
        item=reader.text(ITEM_FIELD[kind], ITEM),
        slot=slot,
        way=reader.choice("way", WAYS, "page"),
        timing=read_timing(reader, slot, slots, offset),
    )


def read_timing(reader: Reader, slot: SlotName, slots: tuple[Slot, ...], offset: int) -> Timing:
    days = tuple(offset + day for day in read_days(reader))
    catches_up = reader.boolean("catches_up")
    if not slot:
        minutes = reader.number("window_minutes", 1, MOST_WINDOW_MINUTES, 24 * 60)
        return Timing(days, reader.clock("at"), timedelta(minutes=minutes), catches_up)
    hours = next((s for s in slots if s.name == slot), None)
    if hours is None:
        reader.fail("slot", "no_such_slot")
        return Timing(days, time(), timedelta(minutes=1))
    return Timing(days, hours.opens, minutes_between(hours.opens, hours.closes), catches_up)


def minutes_between(opens: time, closes: time) -> timedelta:
    minutes = (closes.hour - opens.hour) * 60 + closes.minute - opens.minute
    return timedelta(minutes=max(minutes, 1))


def read_days(reader: Reader) -> tuple[int, ...]:
    """Read a list of days, or a range {first, last, every}."""
    value = reader.row.get("days")
    if isinstance(value, dict):
        inner = Reader(value, reader.step, reader.problems)
        inner.only({"first", "last", "every"})
        first = inner.number("first", 0, MOST_DAYS)
        last = inner.number("last", 0, MOST_DAYS)
        every = inner.number("every", 1, 366, 1)
        if last < first:
            reader.fail("days", "ends_before_it_starts")
        return tuple(range(first, max(first, last) + 1, every))
    return read_day_list(reader, value)


def read_day_list(reader: Reader, value: Any) -> tuple[int, ...]:
    if not isinstance(value, list) or not value:
        reader.fail("days", "missing")
        return (0,)
    if not all(type(day) is int and 0 <= day <= MOST_DAYS for day in value):
        reader.fail("days", "out_of_range")
        return (0,)
    if len(set(value)) != len(value):
        reader.fail("days", "day_twice")
    return tuple(sorted(set(value)))


def check_steps(reader: Reader, definition: Definition) -> None:
    """Find what each step alone cannot show: doubles, and a wait that nothing follows."""
    seen: set[str] = set()
    for step in definition.steps:
        if step.key in seen:
            reader.problems.append(Problem(step.key, "key", "key_twice"))
        seen.add(step.key)
    if definition.steps and definition.steps[-1].kind == "wait":
        reader.problems.append(Problem(definition.steps[-1].key, "kind", "nothing_follows"))
    for step in definition.steps:
        if step.timing and step.timing.catches_up and len(step.timing.days) > 1:
            reader.problems.append(Problem(step.key, "catches_up", "catches_up_one_day_only"))
    check_cards(reader, definition)


def check_cards(reader: Reader, definition: Definition) -> None:
    taken: dict[tuple[str, int, str], str] = {}
    for step in definition.steps:
        for day in step.timing.days if step.timing and step.kind == "card" else ():
            other = taken.setdefault((step.slot, day, step.item), step.key)
            if other != step.key:
                reader.problems.append(Problem(step.key, "item", "on_the_same_card_twice"))
                break
