"""What the trend picture and its words are given, for the phone, the console and the desk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from lianxin.core import time
from lianxin.health import queries
from lianxin.health.models import Alert
from lianxin.health.queries import Book, Intake, Trend
from lianxin.health.queries.book import name_in
from lianxin.health.rules import chart, words
from lianxin.health.rules.chart import Chart, Mark, PanelPlan, Plan
from lianxin.health.rules.condition import holds
from lianxin.health.rules.evaluate import over_goal
from lianxin.health.rules.values import Slot
from lianxin.patients.models import Patient

RANGES = (7, 30, 90, 365)
# A longer span is drawn by weeks: the mean as a line, the extremes as bars.
WEEKLY_FROM = 120
WEEK = 7


@dataclass(frozen=True)
class Fact:
    """One number under the picture, with what it rests on."""

    label: str
    value: str
    basis: str
    tone: str = ""


@dataclass(frozen=True)
class TableRow:
    on: date
    morning: str
    evening: str
    mean: str
    is_morning_over: bool
    is_evening_over: bool
    is_dropped: bool


@dataclass(frozen=True)
class TrendPanel:
    """One data set told four times: sentence, numbers, picture, table."""

    patient: Patient
    trend: Trend
    words: words.Words
    chart: Chart
    facts: tuple[Fact, ...]
    mean: str
    goal: str
    unit: str
    morning: str
    evening: str
    is_morning_over: bool
    is_evening_over: bool
    days: int
    metric_name: str
    latest: str
    latest_at: datetime | None

    @property
    def rows(self) -> list[TableRow]:
        """The same data as a table, laid out only where it is shown."""
        return list_rows(self.trend)

    @property
    def summary(self) -> str:
        """What a screen reader hears instead of the picture."""
        return " ".join((self.words.headline, *self.words.sentences))

    @property
    def ranges(self) -> list[tuple[int, bool]]:
        return [(days, days == self.days) for days in RANGES]


@dataclass(frozen=True)
class Known:
    """What a page has loaded already, so that the panel does not ask for it again."""

    book: Book | None = None
    alerts: Sequence[Alert] | None = None
    intake: Intake | None = None


def load_panel(
    patient: Patient,
    *,
    days: int = 30,
    metric: str = "bp",
    width: float = 820,
    known: Known | None = None,
) -> TrendPanel:
    """Load the trend of one patient and lay it out. The caller has checked who may see it."""
    known = known or Known()
    book = known.book or queries.load_book(patient.hospital_id)
    trend = queries.load_trend(book, patient, metric, days=days)
    language = get_language() or "zh-hans"
    told = words.tell_week(
        trend.week,
        fields=trend.fields,
        limits=trend.limits,
        texts=book.texts,
        language=language,
        variability=book.settings["variability"],
        settings=book.settings["home_mean"],
        has_readings=trend.latest is not None,
    )
    fields = book.fields(metric)
    over = over_goal(trend.limits)
    return TrendPanel(
        patient=patient,
        trend=trend,
        words=told,
        chart=draw_trend(book, trend, patient, width, language, known),
        facts=tuple(list_facts(book, trend)),
        mean=shown(trend, trend.week.values) if trend.week.is_valid else "",
        goal=words.show_values(trend.limits, trend.fields, {}),
        unit=name_in(fields[0]["unit"], language),
        morning=shown(trend, trend.week.morning),
        evening=shown(trend, trend.week.evening),
        is_morning_over=holds(over, trend.week.morning),
        is_evening_over=holds(over, trend.week.evening),
        days=days,
        metric_name=name_in(book.metric(metric)["name"], language),
        latest=shown(trend, trend.latest.values) if trend.latest else "",
        latest_at=time.local(patient.hospital, trend.latest.at) if trend.latest else None,
    )


def shown(trend: Trend, values: Mapping[str, float]) -> str:
    return words.show_values(values, trend.fields, trend.limits)


def draw_trend(
    book: Book, trend: Trend, patient: Patient, width: float, language: str, known: Known
) -> Chart:
    fields = {field["code"]: field for field in book.fields(trend.metric)}
    is_weekly = trend.days > WEEKLY_FROM
    marks = chart.thin(trend.marks, WEEK) if is_weekly else list(trend.marks)
    gaps = [gap for gap in trend.gaps if not is_weekly or (gap[1] - gap[0]).days >= WEEK]
    heights = (132.0, 84.0) if width > 500 else (96.0, 70.0)
    plan = Plan(
        first_on=trend.first_on,
        last_on=trend.last_on,
        panels=[
            PanelPlan(
                code,
                name_in(fields[code]["name"], language),
                trend.limits.get(code),
                heights[min(place, 1)],
            )
            for place, code in enumerate(trend.fields)
        ],
        width=width,
        window=(trend.week.used_from, trend.week.last_on) if trend.week.used else None,
        dropped_on=trend.week.dropped_on,
        flags=alert_flags(patient, trend, known.alerts),
        lanes=dose_lanes(patient, trend, known.intake) if not is_weekly else (),
        gap_label=_("{days} 天没量"),
        day_labels=7 if width > 500 else 4,
    )
    return chart.draw(plan, marks, gaps)


def level_word(level: str) -> str:
    """Say the level in words; the colour is never the only sign."""
    names = {
        "red": _("红色告警"),
        "orange": _("橙色告警"),
        "yellow": _("黄色提醒"),
        "blue": _("提示"),
    }
    return names.get(level, level)


def alert_flags(
    patient: Patient, trend: Trend, alerts: Sequence[Alert] | None
) -> list[tuple[date, str]]:
    """Mark the red and orange alerts on the days they were raised, newest word only per day."""
    by_day: dict[date, str] = {}
    for alert in queries.list_alerts_of(patient) if alerts is None else alerts:
        on = alert.raised_at.astimezone(trend_zone(patient)).date()
        loud = alert.level in {Alert.Level.RED, Alert.Level.ORANGE}
        if loud and trend.first_on <= on <= trend.last_on:
            by_day.setdefault(on, level_word(alert.level))
    return sorted(by_day.items())


def trend_zone(patient: Patient) -> ZoneInfo:
    return ZoneInfo(patient.hospital.time_zone)


def dose_lanes(
    patient: Patient, trend: Trend, intake: Intake | None
) -> list[tuple[str, Mapping[date, str]]]:
    names = {
        "morning": _("早药"),
        "noon": _("午药"),
        "evening": _("晚药"),
        "bedtime": _("睡前药"),
    }
    intake = intake or queries.load_intake(patient, trend.first_on, trend.last_on)
    return [(names[slot], days) for slot, days in queries.adherence_of(intake).items()]


def list_facts(book: Book, trend: Trend) -> list[Fact]:
    """Collect the numbers a doctor expects, each with its n."""
    week, none = trend.week, "—"
    flag = book.settings["variability"]["difference_flag"]
    spread = trend.spread
    good, count = trend.at_goal
    slots = {slot.name: slot for slot in book.slots.items}
    return [
        Fact(
            _("早晨平均"),
            shown(trend, week.morning) or none,
            slot_basis(slots["morning"], week.morning_used),
        ),
        Fact(
            _("晚上平均"),
            shown(trend, week.evening) or none,
            slot_basis(slots["evening"], week.evening_used),
        ),
        Fact(
            _("早晚差"),
            none if trend.difference is None else f"{trend.difference:+.0f}",
            _("提示线 %(limit)s") % {"limit": flag},
            "warn" if trend.difference is not None and abs(trend.difference) > flag else "",
        ),
        Fact(
            _("日间波动"),
            none if spread.deviation is None else f"SD {spread.deviation:.1f}",
            ngettext("%(count)d 天", "%(count)d 天", spread.days) % {"count": spread.days}
            if spread.deviation is None
            else f"CV {spread.variation_percent:.1f}% · ARV {spread.step:.1f} · n={spread.days}",
        ),
        Fact(
            _("读数达标"),
            f"{round(100 * good / count)}%" if count else none,
            f"{good}/{count}",
        ),
        Fact(
            _("记录天数"),
            f"{trend.days_measured}/{trend.days}",
            _("缺 %(days)d 天") % {"days": trend.days - trend.days_measured},
        ),
    ]


def slot_basis(slot: Slot, count: int) -> str:
    first, last = slot.from_minute // 60, slot.to_minute // 60
    return f"n={count} · {first:02d}–{last:02d}"


def list_rows(trend: Trend) -> list[TableRow]:
    """Tell the same data as a table, newest day first, missing days named."""
    by_day: dict[date, dict[str, Mark]] = {}
    for mark in trend.marks:
        by_day.setdefault(mark.on, {})[mark.slot] = mark
    return [
        table_row(trend, date.fromordinal(day), by_day.get(date.fromordinal(day), {}))
        for day in range(trend.last_on.toordinal(), trend.first_on.toordinal() - 1, -1)
    ]


def table_row(trend: Trend, on: date, marks: Mapping[str, Mark]) -> TableRow:
    morning = marks["morning"].values if "morning" in marks else {}
    evening = marks["evening"].values if "evening" in marks else {}
    over = over_goal(trend.limits)
    return TableRow(
        on=on,
        morning=shown(trend, morning),
        evening=shown(trend, evening),
        mean=shown(trend, day_mean(list(marks.values()), trend.fields)),
        is_morning_over=holds(over, morning),
        is_evening_over=holds(over, evening),
        is_dropped=on == trend.week.dropped_on,
    )


def day_mean(marks: Sequence[Mark], fields: Sequence[str]) -> dict[str, float]:
    count = sum(mark.count for mark in marks)
    return {
        code: sum(mark.values[code] * mark.count for mark in marks) / count
        for code in fields
        if count and all(code in mark.values for mark in marks)
    }
