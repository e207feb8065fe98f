"""Conditions written as data: `any`, `all`, `not` over comparisons of named numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "at_least": lambda value, limit: value >= limit,
    "above": lambda value, limit: value > limit,
    "at_most": lambda value, limit: value <= limit,
    "below": lambda value, limit: value < limit,
}


def holds(condition: Mapping[str, Any], values: Mapping[str, float]) -> bool:
    """Tell whether the condition is met; a number that is not there meets nothing."""
    if "any" in condition:
        return any(holds(part, values) for part in condition["any"])
    if "all" in condition:
        return all(holds(part, values) for part in condition["all"])
    if "not" in condition:
        return not holds(condition["not"], values)
    if condition["field"] not in values:
        return False
    return all(
        compare(values[condition["field"]], condition[name])
        for name, compare in COMPARISONS.items()
        if name in condition
    )


def check_condition(condition: Mapping[str, Any]) -> None:
    """Raise ValueError where a row is not a condition, so that no rule is silently deaf."""
    for word in ("any", "all"):
        if word in condition:
            if not condition[word]:
                raise ValueError(f"empty {word}")
            for part in condition[word]:
                check_condition(part)
            return
    if "not" in condition:
        check_condition(condition["not"])
        return
    if "field" not in condition or not any(name in condition for name in COMPARISONS):
        raise ValueError(f"not a comparison: {dict(condition)}")


def with_limits(condition: Mapping[str, Any], limits: Mapping[str, float]) -> dict[str, Any]:
    """Put a doctor's own limits in place of the row's numbers, by field."""
    for word in ("any", "all"):
        if word in condition:
            return {word: [with_limits(part, limits) for part in condition[word]]}
    if "not" in condition:
        return {"not": with_limits(condition["not"], limits)}
    if condition["field"] not in limits:
        return dict(condition)
    limit = limits[condition["field"]]
    return dict(condition) | {name: limit for name in COMPARISONS if name in condition}


def limits_of(condition: Mapping[str, Any]) -> dict[str, float]:
    """Name the lowest limit by field, for the target band and the sentence."""
    found: dict[str, float] = {}
    for part in [*condition.get("any", ()), *condition.get("all", ())]:
        for field, limit in limits_of(part).items():
            found[field] = min(limit, found.get(field, limit))
    if "field" in condition:
        numbers = [float(condition[name]) for name in COMPARISONS if name in condition]
        found[condition["field"]] = min(numbers)
    return found
