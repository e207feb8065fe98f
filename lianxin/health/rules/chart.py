"""Geometry of the trend picture: panels on one time axis, gaps never joined. No markup here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

LEFT, RIGHT, TOP, PANEL_GAP, AXIS = 40, 62, 28, 14, 26
SLOT_SHIFT = {"morning": -0.18, "evening": 0.18}


@dataclass(frozen=True)
class Mark:
    """The readings of one day and slot (or of one span of days), with their extremes."""

    on: date
    slot: str
    values: Mapping[str, float]
    lowest: Mapping[str, float]
    highest: Mapping[str, float]
    count: int = 1
    days: int = 1


@dataclass(frozen=True)
class Dot:
    x: float
    y: float
    slot: str
    title: str


@dataclass(frozen=True)
class Bar:
    x: float
    top: float
    bottom: float


@dataclass(frozen=True)
class Box:
    x: float
    y: float
    width: float
    height: float
    label: str = ""

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)

    @property
    def right(self) -> float:
        return round(self.x + self.width, 1)

    @property
    def bottom(self) -> float:
        return round(self.y + self.height, 1)


@dataclass(frozen=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True)
class Panel:
    field: str
    label: str
    box: Box
    band: Box | None
    goal: Tick | None
    ticks: tuple[Tick, ...]
    lines: tuple[str, ...]
    dots: tuple[Dot, ...]
    bars: tuple[Bar, ...]

    @property
    def layers(self) -> list[tuple[bool, list[Dot]]]:
        """Return (are they the evening's?, dots): the evening's hollow ones lie above."""
        evening = [dot for dot in self.dots if dot.slot == "evening"]
        return [(False, [dot for dot in self.dots if dot.slot != "evening"]), (True, evening)]


@dataclass(frozen=True)
class Lane:
    """One row of dose marks: (x, state)."""

    label: str
    y: float
    marks: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Chart:
    width: float
    height: float
    panels: tuple[Panel, ...]
    gaps: tuple[Box, ...]
    window: Box | None
    dropped: Box | None
    days: tuple[Tick, ...]
    flags: tuple[Tick, ...]
    lanes: tuple[Lane, ...]
    plot: Box

    @property
    def window_y(self) -> float:
        """Where the line lies that shows which days the mean uses."""
        return self.plot.y - 6

    @property
    def label_y(self) -> float:
        return self.plot.y - 12

    @property
    def gap_label_y(self) -> float:
        return self.plot.y + 22


@dataclass(frozen=True)
class PanelPlan:
    """What one panel is about; `limit` is the upper end of the target band."""

    field: str
    label: str
    limit: float | None = None
    height: float = 110


@dataclass(frozen=True)
class Plan:
    first_on: date
    last_on: date
    panels: Sequence[PanelPlan]
    width: float = 820
    window: tuple[date, date] | None = None
    dropped_on: date | None = None
    flags: Sequence[tuple[date, str]] = ()
    lanes: Sequence[tuple[str, Mapping[date, str]]] = ()
    gap_label: str = ""
    day_labels: int = 7


@dataclass(frozen=True)
class Axis:
    """Days to x."""

    first_on: date
    days: int
    left: float
    width: float

    def x(self, day: date, shift: float = 0.0) -> float:
        step = self.width / self.days
        return round(self.left + ((day - self.first_on).days + 0.5 + shift) * step, 1)

    def span(self, first: date, last: date) -> tuple[float, float]:
        step = self.width / self.days
        start = self.left + (first - self.first_on).days * step
        return round(start, 1), round(((last - first).days + 1) * step, 1)


def draw(plan: Plan, marks: Sequence[Mark], gaps: Sequence[tuple[date, date]]) -> Chart:
    """Place everything; what has no reading is a box with a name, never a line."""
    days = (plan.last_on - plan.first_on).days + 1
    axis = Axis(plan.first_on, days, LEFT, plan.width - LEFT - RIGHT)
    top, panels = float(TOP), []
    for panel_plan in plan.panels:
        panels.append(draw_panel(panel_plan, marks, gaps, axis, top))
        top += panel_plan.height + PANEL_GAP
    plot = Box(LEFT, TOP, axis.width, top - PANEL_GAP - TOP)
    lanes = tuple(
        draw_lane(label, states, axis, top + 6 + index * 16)
        for index, (label, states) in enumerate(plan.lanes)
    )
    height = top + len(lanes) * 16 + AXIS
    return Chart(
        width=plan.width,
        height=height,
        panels=tuple(panels),
        gaps=tuple(draw_gap(gap, axis, plot, plan.gap_label) for gap in gaps),
        window=span_box(plan.window, axis, plot),
        dropped=span_box((plan.dropped_on, plan.dropped_on), axis, plot)
        if plan.dropped_on
        else None,
        days=day_ticks(plan, axis),
        flags=tuple(Tick(axis.x(on), text) for on, text in plan.flags),
        lanes=lanes,
        plot=plot,
    )


def span_box(span: tuple[date, date] | None, axis: Axis, plot: Box) -> Box | None:
    """Box of these days within the plot, None when they lie outside."""
    if span is None:
        return None
    last_on = axis.first_on + timedelta(days=axis.days - 1)
    first, last = max(span[0], axis.first_on), min(span[1], last_on)
    if first > last:
        return None
    x, width = axis.span(first, last)
    return Box(x, plot.y, width, plot.height)


def draw_gap(gap: tuple[date, date], axis: Axis, plot: Box, label: str) -> Box:
    x, width = axis.span(*gap)
    days = (gap[1] - gap[0]).days + 1
    text = label.format(days=days) if label and width >= 40 else ""
    return Box(x, plot.y, width, plot.height, text)


def draw_lane(label: str, states: Mapping[date, str], axis: Axis, y: float) -> Lane:
    inside = [
        (axis.x(day), state)
        for day, state in sorted(states.items())
        if 0 <= (day - axis.first_on).days < axis.days
    ]
    return Lane(label, y, tuple(inside))


def day_ticks(plan: Plan, axis: Axis) -> tuple[Tick, ...]:
    step = max(1, math.ceil(axis.days / plan.day_labels))
    days = [plan.last_on - timedelta(days=offset) for offset in range(0, axis.days, step)]
    return tuple(Tick(axis.x(day), f"{day:%m-%d}") for day in reversed(days))


def scale_of(values: Sequence[float], limit: float | None) -> tuple[float, float]:
    """Choose round ends that hold every value, the limit, and a little air."""
    known = [*values, *([limit] if limit is not None else [])]
    if not known:
        return 0.0, 1.0
    step = 10 if max(known) > 60 else 1
    low = math.floor((min(known) - step / 2) / step) * step
    high = math.ceil((max(known) + step / 2) / step) * step
    return float(low), float(high)


def draw_panel(
    plan: PanelPlan,
    marks: Sequence[Mark],
    gaps: Sequence[tuple[date, date]],
    axis: Axis,
    top: float,
) -> Panel:
    mine = [mark for mark in marks if plan.field in mark.values]
    ends = [m.lowest[plan.field] for m in mine] + [m.highest[plan.field] for m in mine]
    low, high = scale_of(ends, plan.limit)

    def y(value: float) -> float:
        return round(top + plan.height * (high - value) / (high - low), 1)

    box = Box(axis.left, top, axis.width, plan.height)
    band = goal = None
    if plan.limit is not None:
        band = Box(box.x, y(plan.limit), box.width, round(top + plan.height - y(plan.limit), 1))
        goal = Tick(y(plan.limit), f"{plan.limit:g}")
    return Panel(
        field=plan.field,
        label=plan.label,
        box=box,
        band=band,
        goal=goal,
        ticks=tuple(Tick(y(value), f"{value:g}") for value in (low, high)),
        lines=tuple(
            " ".join(f"{axis.x(day)},{y(value)}" for day, value in run)
            for run in runs_of(mine, plan.field, gaps)
            if len(run) > 1
        ),
        dots=tuple(
            Dot(
                axis.x(m.on, SLOT_SHIFT.get(m.slot, 0.0)),
                y(m.values[plan.field]),
                m.slot,
                f"{m.on:%m-%d} {m.values[plan.field]:.0f}",
            )
            for m in mine
        ),
        bars=tuple(
            Bar(axis.x(m.on), y(m.highest[plan.field]), y(m.lowest[plan.field]))
            for m in mine
            if m.days > 1
        ),
    )


def runs_of(
    marks: Sequence[Mark], field: str, gaps: Sequence[tuple[date, date]]
) -> list[list[tuple[date, float]]]:
    """Daily means in unbroken runs: a gap between two days starts a new line."""
    sums: dict[date, tuple[float, int]] = {}
    for mark in marks:
        total, count = sums.get(mark.on, (0.0, 0))
        sums[mark.on] = (total + mark.values[field] * mark.count, count + mark.count)
    runs: list[list[tuple[date, float]]] = []
    for day in sorted(sums):
        total, count = sums[day]
        broken = not runs or any(runs[-1][-1][0] < first <= day for first, _ in gaps)
        if broken:
            runs.append([])
        runs[-1].append((day, total / count))
    return runs


def thin(marks: Sequence[Mark], days: int) -> list[Mark]:
    """Fold single days into spans of `days`, keeping every extreme."""
    spans: dict[date, list[Mark]] = {}
    for mark in marks:
        start = mark.on - timedelta(days=mark.on.toordinal() % days)
        spans.setdefault(start, []).append(mark)
    return [fold(start, found, days) for start, found in sorted(spans.items())]


def fold(start: date, marks: Sequence[Mark], days: int) -> Mark:
    fields = sorted({code for mark in marks for code in mark.values})
    values, lowest, highest = {}, {}, {}
    for code in fields:
        mine = [mark for mark in marks if code in mark.values]
        values[code] = sum(m.values[code] * m.count for m in mine) / sum(m.count for m in mine)
        lowest[code] = min(m.lowest[code] for m in mine)
        highest[code] = max(m.highest[code] for m in mine)
    middle = start + timedelta(days=days // 2)
    return Mark(middle, "", values, lowest, highest, sum(m.count for m in marks), days)
