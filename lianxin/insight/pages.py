"""Readings in words: tiles, change, course, people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from lianxin.insight import catalog
from lianxin.insight.catalog import Metric
from lianxin.insight.queries import Behind, Reading
from lianxin.insight.rules import showing
from lianxin.patients.queries import PatientFace, names_of
from lianxin.staff.models import Staff
from lianxin.web.navigation import find_url
from lianxin.web.parts import Option

TONES = {"better": "ok", "worse": "warn"}
ICONS = {
    "better": "circle-check",
    "worse": "alert-triangle",
    "up": "arrow-up",
    "down": "arrow-down",
}


@dataclass(frozen=True)
class MetricWords:
    """A metric's definition in the reader's language."""

    code: str
    version: int
    name: str
    definition: str
    numerator: str
    denominator: str
    covers: str
    people: str


def words_of(metric: Metric) -> MetricWords:
    return MetricWords(
        code=metric.code,
        version=metric.version,
        name=_(metric.name),
        definition=_(metric.definition),
        numerator=_(metric.numerator),
        denominator=_(metric.denominator),
        covers=_(metric.covers),
        people=_(metric.people),
    )


@dataclass(frozen=True)
class Point:
    """One piece of the course: its figure in words and a bar of 0 to 100."""

    starts: datetime
    ends: datetime
    value: str
    parts: str
    percent: int | None
    is_hidden: bool


@dataclass(frozen=True)
class Tile:
    """One number as the page shows it, in the order of the house: name, value, change, parts."""

    words: MetricWords
    value: str
    unit: str
    second: str
    change: str
    change_tone: str
    change_icon: str
    parts: str
    missing: str
    url: str
    people_url: str
    course: list[Point]
    is_hidden: bool

    @property
    def code(self) -> str:
        return self.words.code


def make_tile(reading: Reading, days: int, staff: Staff) -> Tile:
    metric, verdict = reading.metric, reading.verdict
    may_drill = staff.may("patient.read") and not reading.is_hidden
    people = f"{reverse('insight:people', args=[metric.code])}?days={days}"
    return Tile(
        words=words_of(metric),
        value=reading.value,
        unit=unit_of(metric),
        second=make_second(reading),
        change=make_change(reading),
        change_tone=TONES.get(verdict, ""),
        change_icon=ICONS.get(verdict, ""),
        parts=make_parts(reading),
        missing=make_missing(reading),
        url=f"?days={days}&metric={metric.code}",
        people_url=people if may_drill and reading.now.denominator else "",
        course=make_course(reading),
        is_hidden=reading.is_hidden,
    )


def unit_of(metric: Metric) -> str:
    return {"rate": "%", "minutes": _("分钟")}.get(metric.kind, _(metric.unit))


def make_second(reading: Reading) -> str:
    """Return the slow end beside the median; a median alone hides it."""
    if reading.is_hidden or reading.metric.kind != "minutes" or reading.now.p90 is None:
        return ""
    return _("P90 %(minutes)s 分钟") % {"minutes": showing.show_minutes(reading.now.p90)}


def make_change(reading: Reading) -> str:
    """Say the change honestly, also when it says nothing."""
    if reading.is_hidden:
        return _("少于 %(count)s，不显示") % {"count": catalog.hidden_below()}
    verdict, change = reading.verdict, reading.change
    plain = {
        "no_basis": _("上一期没有数据，不比较"),
        "too_few": _("件数少，不判断升降"),
        "within_error": _("变化在误差内"),
    }
    if verdict in plain or change is None:
        return plain.get(verdict, "")
    size = f"{abs(change):.1f}" if reading.metric.kind != "count" else f"{abs(change):.0f}"
    sentences = {
        "rate": (_("比上一期高 %(size)s 个百分点"), _("比上一期低 %(size)s 个百分点")),
        "minutes": (_("比上一期慢 %(size)s 分钟"), _("比上一期快 %(size)s 分钟")),
        "count": (_("比上一期多 %(size)s"), _("比上一期少 %(size)s")),
    }
    more, less = sentences[reading.metric.kind]
    return (more if change > 0 else less) % {"size": size}


def make_parts(reading: Reading) -> str:
    if reading.is_hidden:
        return showing.NOTHING
    figure = reading.now
    return f"{figure.numerator:,} / {figure.denominator:,} {_(reading.metric.unit)}"


def make_missing(reading: Reading) -> str:
    """Say what the number leaves out, so that nobody thinks it is nothing."""
    count = reading.now.missing
    if reading.is_hidden or not count:
        return ""
    sentences = {
        "first_response": _("%(count)d 次没有回复，另计"),
        "alert_response": _("%(count)d 条还没人接手"),
        "log_completeness": _("%(count)d 人一次都没记"),
        "consult_count": _("%(count)d 次还没结束"),
    }
    sentence = sentences.get(reading.metric.code, "")
    return sentence % {"count": count} if sentence else ""


def make_course(reading: Reading) -> list[Point]:
    """Draw the pieces against the largest of them; hidden and empty pieces have no bar."""
    sizes = [size_of(reading.metric.kind, figure) for _period, figure in reading.course]
    largest = max((size for size in sizes if size), default=0.0)
    scale = 1.0 if reading.metric.kind == "rate" else largest
    return [
        make_point(reading.metric, period, figure, size, scale)
        for (period, figure), size in zip(reading.course, sizes, strict=True)
    ]


def size_of(kind: str, figure: showing.Figure) -> float | None:
    if showing.is_hidden(figure, catalog.hidden_below()) or not figure.denominator:
        return None
    if kind == "rate":
        return figure.rate
    return figure.median if kind == "minutes" else float(figure.denominator)


def make_point(
    metric: Metric,
    period: showing.Period,
    figure: showing.Figure,
    size: float | None,
    scale: float,
) -> Point:
    is_hidden = showing.is_hidden(figure, catalog.hidden_below())
    shown = showing.show_value(metric.kind, figure)
    return Point(
        starts=period.starts,
        ends=period.ends,
        value=_("少于 %(count)s") % {"count": catalog.hidden_below()} if is_hidden else shown,
        parts="" if is_hidden else f"{figure.numerator:,} / {figure.denominator:,}",
        percent=None if size is None or not scale else round(100 * size / scale),
        is_hidden=is_hidden,
    )


def make_lead(readings: Sequence[Reading]) -> str:
    """Open with what to look at first."""
    worse = [_(reading.metric.name) for reading in readings if reading.verdict == "worse"]
    if worse:
        return _("先看变差的：%(names)s") % {"names": _("、").join(worse)}
    waiting = next((r for r in readings if r.metric.code == "first_response"), None)
    if waiting is not None and waiting.now.missing:
        count = waiting.now.missing
        return _("先看没有回复的咨询：%(count)d 次") % {"count": count}
    return _("没有明显变差的指标")


def make_periods(days: int, choices: Sequence[int], metric: str) -> list[Option]:
    return [
        Option(
            _("%(days)s 天") % {"days": choice},
            f"?days={choice}&metric={metric}",
            is_current=choice == days,
        )
        for choice in choices
    ]


@dataclass(frozen=True)
class PersonRow:
    face: PatientFace
    count: int
    url: str


def name_people(staff: Staff, behind: Sequence[Behind]) -> list[PersonRow]:
    """Name the patients, masked, with two queries."""
    faces = names_of(staff.hospital_id, [one.patient_id for one in behind])
    base = find_url("patients:list")
    return [
        PersonRow(faces[one.patient_id], one.count, f"{base}{faces[one.patient_id].key}/")
        for one in behind
        if one.patient_id in faces
    ]


def make_csv_row(reading: Reading) -> list[str | int]:
    words, figure = words_of(reading.metric), reading.now
    hidden = reading.is_hidden
    return [
        words.name,
        reading.value,
        unit_of(reading.metric),
        "" if hidden else figure.numerator,
        "" if hidden else figure.denominator,
        "" if hidden else figure.missing,
        words.definition,
        f"{words.code} v{words.version}",
    ]
