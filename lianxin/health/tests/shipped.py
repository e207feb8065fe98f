"""The shipped rows as the rules take them, for tests without a database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from lianxin.health.catalog import shipped
from lianxin.health.rules.evaluate import Bounds, Finding, Situation, evaluate
from lianxin.health.rules.values import Person, Reading, Rule, Slots

SHANGHAI = ZoneInfo("Asia/Shanghai")
SETTINGS: Mapping[str, Mapping[str, Any]] = {row.code: row.body for row in shipped("settings")}
METRICS: Mapping[str, Mapping[str, Any]] = {row.code: row.body for row in shipped("metrics")}
TEXTS: Mapping[str, Mapping[str, str]] = {row.code: row.body for row in shipped("texts")}
RULES = [Rule(row.code, row.version, row.body) for row in shipped("rules")]
SLOTS = Slots.of(SETTINGS["slots"])
BOUNDS = Bounds(
    home_mean=SETTINGS["home_mean"],
    variability=SETTINGS["variability"],
    back_dated_hours=SETTINGS["alerting"]["back_dated_hours"],
    back_dated_level=SETTINGS["alerting"]["back_dated_level"],
)
# A Tuesday evening in Shanghai.
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def bp(systolic: float, diastolic: float, at: datetime = NOW) -> Reading:
    return Reading(at, {"systolic": systolic, "diastolic": diastolic}, SLOTS.name_at(at, SHANGHAI))


def on_day(day: int, hour: int, minute: int = 0) -> datetime:
    """Shanghai clock in November 2026."""
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


def full_week(
    systolic: float = 130, diastolic: float = 80, *, first: int = 17, days: int = 7
) -> list[Reading]:
    """Two readings each morning and evening."""
    return [
        bp(systolic, diastolic, on_day(day, hour, minute))
        for day in range(first, first + days)
        for hour in (7, 20)
        for minute in (0, 2)
    ]


def findings(
    reading: Reading | None,
    *,
    history: list[Reading] | None = None,
    symptoms: set[str] | None = None,
    age: int | None = 68,
    flags: set[str] | None = frozenset(),  # type: ignore[assignment]  # read only
    now: datetime = NOW,
    metric: str = "bp",
    overrides: Mapping[str, Mapping[str, float]] | None = None,
    silent_days: int | None = None,
) -> list[Finding]:
    known = [*(history or []), *([reading] if reading else [])]
    situation = Situation(
        metric=metric,
        person=Person(age, None if flags is None else frozenset(flags)),
        reading=reading,
        history=known,
        now=now,
        zone=SHANGHAI,
        symptoms=None if symptoms is None else frozenset(symptoms),
        overrides=overrides or {},
        silent_days=silent_days,
    )
    return evaluate(RULES, situation, BOUNDS)


def spoken(found: list[Finding]) -> dict[str, str]:
    return {finding.rule_code: finding.level for finding in found}
