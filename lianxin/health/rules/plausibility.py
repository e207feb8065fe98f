"""Whether typed numbers can be believed: fine, please check, or refused. Nothing is corrected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TYPO_FACTOR = 10


@dataclass(frozen=True)
class Hint:
    """Why a number is doubted; `values` is what a tap on the offer would enter."""

    code: str
    field: str
    values: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Verdict:
    """`may_insist`: the person may keep these numbers after having looked again."""

    state: str
    hints: tuple[Hint, ...] = ()
    may_insist: bool = False
    values: Mapping[str, float] = field(default_factory=dict)


def judge_values(
    fields: list[dict[str, Any]],
    orders: list[dict[str, Any]],
    values: Mapping[str, float],
    last: Mapping[str, float] | None = None,
) -> Verdict:
    """Judge typed numbers against the metric's gate. `last` is yesterday's or today's reading."""
    missing = [f["code"] for f in fields if not f.get("optional") and f["code"] not in values]
    if missing:
        return Verdict("refuse", tuple(Hint("missing", code) for code in missing))
    known = {f["code"]: f for f in fields}
    kept = {code: round_to(known[code], value) for code, value in values.items() if code in known}
    return judge_kept(known, orders, kept, last)


def judge_kept(
    known: Mapping[str, dict[str, Any]],
    orders: list[dict[str, Any]],
    kept: Mapping[str, float],
    last: Mapping[str, float] | None,
) -> Verdict:
    outside = [judge_range(known[code], value) for code, value in kept.items()]
    doubts = [hint for hint in outside if hint]
    if any(hint.code == "range" for hint in doubts):
        return Verdict("refuse", tuple(doubts), values=kept)
    if doubts:
        return Verdict("check", tuple(doubts), values=kept)
    disorder = [hint for order in orders if (hint := judge_order(order, kept))]
    if disorder:
        insist = all(kept[order["larger"]] > kept[order["smaller"]] for order in orders)
        return Verdict("check", tuple(disorder), may_insist=insist, values=kept)
    changes = [hint for f in known.values() if (hint := judge_change(f, kept, last or {}))]
    if changes:
        return Verdict("check", tuple(changes), may_insist=True, values=kept)
    return Verdict("ok", values=kept)


def round_to(field_row: Mapping[str, Any], value: float) -> float:
    return round(float(value), int(field_row.get("decimals", 0)))


def is_inside(field_row: Mapping[str, Any], value: float) -> bool:
    return bool(field_row["lowest"] <= value <= field_row["highest"])


def judge_range(field_row: Mapping[str, Any], value: float) -> Hint | None:
    """Tell a slip of the finger (ten times off, or the other unit) from nonsense."""
    code = str(field_row["code"])
    if is_inside(field_row, value):
        return None
    other = field_row.get("other_unit")
    if other and other["lowest"] <= value <= other["highest"]:
        return Hint("unit", code)
    for guess in (value / TYPO_FACTOR, value * TYPO_FACTOR):
        if is_inside(field_row, guess):
            return Hint("typo", code, {code: round_to(field_row, guess)})
    return Hint("range", code)


def judge_order(order: Mapping[str, Any], values: Mapping[str, float]) -> Hint | None:
    """Doubt a smaller number that is not clearly smaller; offer the swap, never do it."""
    larger, smaller = str(order["larger"]), str(order["smaller"])
    if larger not in values or smaller not in values:
        return None
    if values[larger] > values[smaller] + order["apart"]:
        return None
    if values[smaller] > values[larger] + order["apart"]:
        return Hint("swap", smaller, {larger: values[smaller], smaller: values[larger]})
    return Hint("close", smaller)


def judge_change(
    field_row: Mapping[str, Any], values: Mapping[str, float], last: Mapping[str, float]
) -> Hint | None:
    limit, code = field_row.get("day_change_percent"), str(field_row["code"])
    if not limit or code not in values or not last.get(code):
        return None
    change = abs(values[code] - last[code]) / last[code] * 100
    return Hint("change", code) if change > limit else None
