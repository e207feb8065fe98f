"""Which approved rows speak about a reading, how loudly, and whether a second reading is due."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from typing import Any

from lianxin.health.rules import averages
from lianxin.health.rules.condition import holds, limits_of, with_limits
from lianxin.health.rules.values import (
    Person,
    Reading,
    Rule,
    higher_level,
    lower_level,
)

UNSURE = "unsure"


@dataclass(frozen=True)
class Situation:
    """Everything a rule may look at. `symptoms` is None while nobody has answered."""

    metric: str
    person: Person
    reading: Reading | None
    history: Sequence[Reading]
    now: datetime
    zone: tzinfo
    symptoms: frozenset[str] | None = None
    overrides: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    silent_days: int | None = None


@dataclass(frozen=True)
class Finding:
    """One row that speaks. `waits`: it counts only after a second reading, symptom or time-out."""

    rule_code: str
    rule_version: int
    family: str
    level: str
    waits: bool = False
    call_120: bool = False
    symptom_group: str = ""
    again_after_days: int = 0


@dataclass(frozen=True)
class Bounds:
    """Reviewed settings the evaluator needs beside the rows."""

    home_mean: Mapping[str, Any]
    variability: Mapping[str, Any]
    back_dated_hours: float
    back_dated_level: str


def evaluate(rules: Sequence[Rule], situation: Situation, bounds: Bounds) -> list[Finding]:
    """Judge every row; of one family only the first by rank speaks, and some yield to others."""
    found: dict[str, tuple[int, Finding, frozenset[str]]] = {}
    for rule in rules:
        finding = judge(rule, situation, bounds)
        if finding is None:
            continue
        if rule.family not in found or rule.rank < found[rule.family][0]:
            found[rule.family] = (rule.rank, finding, rule.yields_to)
    spoken = [finding for _, finding, yields in found.values() if not yields & set(found)]
    return [cap_back_dated(finding, situation, bounds) for finding in spoken]


def judge(rule: Rule, situation: Situation, bounds: Bounds) -> Finding | None:
    if not applies(rule, situation):
        return None
    level = SCOPES[rule.scope](rule, situation, bounds)
    if not level:
        return None
    return with_symptoms(rule, situation, level)


def applies(rule: Rule, situation: Situation) -> bool:
    """Tell whether the row is about this person; what nobody has said counts as the stricter."""
    person, body = situation.person, rule.body
    if rule.metric != situation.metric and rule.scope != "symptoms":
        return False
    if person.age is not None and person.age < body.get("least_age", 0):
        return False
    flags = frozenset(body.get("flags_any", ()))
    if flags and person.flags is not None and not flags & person.flags:
        return False
    return not body.get("off_until_set") or rule.code in situation.overrides


def with_symptoms(rule: Rule, situation: Situation, level: str) -> Finding | None:
    """Let a tick raise the level at once and stand in for the second reading."""
    asked: Mapping[str, Any] = rule.body.get("symptoms", {})
    ticked = bool(situation.symptoms)
    if asked.get("required") and not ticked:
        return None
    raised = ticked and bool(asked)
    return Finding(
        rule_code=rule.code,
        rule_version=rule.version,
        family=rule.family,
        level=higher_level(level, asked.get("level", level)) if raised else level,
        waits=rule.needs_second and not raised,
        call_120=raised and bool(rule.body.get("call_120") or asked.get("call_120")),
        symptom_group=rule.symptom_group,
        again_after_days=int(rule.body.get("again_after_days", 0)),
    )


def cap_back_dated(finding: Finding, situation: Situation, bounds: Bounds) -> Finding:
    """Keep an old value from calling anybody out: a quiet level, no wait, no 120 text."""
    reading = situation.reading
    if reading is None or not is_back_dated(reading.at, situation.now, bounds.back_dated_hours):
        return finding
    if situation.symptoms:
        return finding
    level = lower_level(finding.level, bounds.back_dated_level)
    return replace(finding, level=level, waits=False, call_120=False)


def is_back_dated(at: datetime, now: datetime, hours: float) -> bool:
    return now - at > timedelta(hours=hours)


def condition_of(rule: Rule, situation: Situation) -> Mapping[str, Any]:
    condition: Mapping[str, Any] = rule.body["when"]
    limits = situation.overrides.get(rule.code)
    return with_limits(condition, limits) if limits else condition


def judge_reading(rule: Rule, situation: Situation, bounds: Bounds) -> str:
    del bounds
    reading = situation.reading
    if reading is None:
        return ""
    return rule.level if holds(condition_of(rule, situation), reading.values) else ""


def judge_symptoms(rule: Rule, situation: Situation, bounds: Bounds) -> str:
    """Speak for a symptom without a number; with a number the metric's own rows speak."""
    del bounds
    return rule.level if situation.symptoms and situation.reading is None else ""


def judge_occasion(rule: Rule, situation: Situation, bounds: Bounds) -> str:
    """Several readings of one sitting over the limit, or the mean of the last days over it."""
    del bounds
    reading, body = situation.reading, rule.body
    if reading is None:
        return ""
    condition = condition_of(rule, situation)
    since = reading.at - timedelta(minutes=body["within_minutes"])
    sitting = [r for r in situation.history if since <= r.at <= reading.at]
    over = [r for r in sitting if holds(condition, r.values)]
    if holds(condition, reading.values) and len(over) >= body["readings"]:
        return rule.level
    first_on = reading.local_day(situation.zone) - timedelta(days=body["mean_days"] - 1)
    days = [r for r in situation.history if r.local_day(situation.zone) >= first_on]
    spans = len({r.local_day(situation.zone) for r in days}) >= body["mean_days"]
    if not spans or len(days) < body["mean_readings"]:
        return ""
    return rule.level if holds(condition, averages.field_means(days)) else ""


def week_of(situation: Situation, bounds: Bounds) -> averages.HomeMean:
    today = situation.now.astimezone(situation.zone).date()
    last_on = averages.week_end(situation.history, today=today, zone=situation.zone)
    return averages.home_mean(
        situation.history, last_on=last_on, zone=situation.zone, settings=bounds.home_mean
    )


def judge_home_mean(rule: Rule, situation: Situation, bounds: Bounds) -> str:
    week = week_of(situation, bounds)
    spoken = week.is_valid and holds(condition_of(rule, situation), week.values)
    return rule.level if spoken else ""


def judge_slot_means(rule: Rule, situation: Situation, bounds: Bounds) -> str:
    week = week_of(situation, bounds)
    values = {f"morning_{code}": value for code, value in week.morning.items()}
    values |= {f"evening_{code}": value for code, value in week.evening.items()}
    spoken = week.is_valid and holds(condition_of(rule, situation), values)
    return rule.level if spoken else ""


def judge_swings(rule: Rule, situation: Situation, bounds: Bounds) -> str:
    """Spread of the daily means, or morning against evening, beyond the doctor's own limit."""
    week = week_of(situation, bounds)
    used = [
        r
        for r in situation.history
        if r.slot and week.used_from <= r.local_day(situation.zone) <= week.last_on
    ]
    spread = averages.variability(
        used, "systolic", zone=situation.zone, least_days=bounds.variability["least_days"]
    ).deviation
    apart = averages.difference(week, "systolic")
    values: dict[str, float] = {}
    if spread is not None:
        values["spread"] = spread
    if apart is not None:
        values["difference"] = abs(apart)
    return rule.level if week.is_valid and holds(condition_of(rule, situation), values) else ""


def judge_silence(rule: Rule, situation: Situation, bounds: Bounds) -> str:
    """Say how loud the silence is: the step with the most days that has been reached."""
    del bounds
    if situation.silent_days is None:
        return ""
    reached = [step for step in rule.body["steps"] if situation.silent_days >= step["days"]]
    return str(max(reached, key=lambda step: step["days"])["level"]) if reached else ""


SCOPES: Mapping[str, Callable[[Rule, Situation, Bounds], str]] = {
    "reading": judge_reading,
    "symptoms": judge_symptoms,
    "occasion": judge_occasion,
    "home_mean": judge_home_mean,
    "slot_means": judge_slot_means,
    "swings": judge_swings,
    "silence": judge_silence,
}


def goal_limits(rules: Sequence[Rule], situation: Situation) -> Mapping[str, float]:
    """Name the mean that is over the goal for this person: the strictest row that applies."""
    limits: dict[str, float] = {}
    for rule in rules:
        if rule.scope == "home_mean" and applies(rule, situation):
            for code, limit in limits_of(condition_of(rule, situation)).items():
                limits[code] = min(limit, limits.get(code, limit))
    return limits


def over_goal(limits: Mapping[str, float]) -> dict[str, Any]:
    """Write the limits as the condition of being over the goal."""
    return {"any": [{"field": code, "at_least": limit} for code, limit in limits.items()]}
