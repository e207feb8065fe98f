"""A definition as a page shows it: days down, morning card, daytime and evening card across."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lianxin.journeys.rules.definition import Definition, Step


@dataclass(frozen=True, slots=True)
class Tally:
    """How often a step was due on one day, and how often it was done."""

    done: int = 0
    settled: int = 0

    @property
    def percent(self) -> int | None:
        return round(100 * self.done / self.settled) if self.settled else None

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.done + other.done, self.settled + other.settled)


Tallies = Mapping[tuple[str, int], Tally]


@dataclass(frozen=True, slots=True)
class Cell:
    """One box: the steps that share a card, or one step of the daytime."""

    steps: tuple[Step, ...]
    tally: Tally = Tally()


@dataclass(slots=True)
class Row:
    """One day, or several in a row on which the same happens."""

    first: int
    last: int
    morning: Cell | None = None
    day: list[Cell] = field(default_factory=list)
    evening: Cell | None = None
    # The earlier day on which exactly the same happened: then the row is one line.
    same_as: int | None = None


def make_grid(definition: Definition, tallies: Tallies) -> list[Row]:
    rows: list[Row] = []
    shown: dict[tuple[str, ...], int] = {}
    for day in days_of(definition):
        steps = steps_on(definition, day)
        keys = tuple(step.key for step in steps)
        last = rows[-1] if rows else None
        if last and last.last == day - 1 and keys == keys_on(definition, last.first):
            last.last = day
            add_tallies(last, tallies, day)
            continue
        row = make_row(day, steps, tallies)
        row.same_as = shown.get(keys)
        shown.setdefault(keys, day)
        rows.append(row)
    return rows


def days_of(definition: Definition) -> list[int]:
    return sorted({day for step in definition.steps if step.timing for day in step.timing.days})


def steps_on(definition: Definition, day: int) -> list[Step]:
    return [step for step in definition.steps if step.timing and day in step.timing.days]


def keys_on(definition: Definition, day: int) -> tuple[str, ...]:
    return tuple(step.key for step in steps_on(definition, day))


def make_row(day: int, steps: Sequence[Step], tallies: Tallies) -> Row:
    return Row(
        first=day,
        last=day,
        morning=make_cell([s for s in steps if s.slot == "morning"], tallies, day),
        day=[cell for s in steps if not s.slot and (cell := make_cell([s], tallies, day))],
        evening=make_cell([s for s in steps if s.slot == "evening"], tallies, day),
    )


def make_cell(steps: Sequence[Step], tallies: Tallies, day: int) -> Cell | None:
    if not steps:
        return None
    tally = sum((tallies.get((step.key, day), Tally()) for step in steps), Tally())
    return Cell(tuple(steps), tally)


def add_tallies(row: Row, tallies: Tallies, day: int) -> None:
    """Add one more day's numbers to the boxes of a row that stands for several."""
    row.morning = with_day(row.morning, tallies, day)
    row.evening = with_day(row.evening, tallies, day)
    row.day = [cell for one in row.day if (cell := with_day(one, tallies, day))]


def with_day(cell: Cell | None, tallies: Tallies, day: int) -> Cell | None:
    if cell is None:
        return None
    more = make_cell(cell.steps, tallies, day)
    return Cell(cell.steps, cell.tally + more.tally) if more else cell
