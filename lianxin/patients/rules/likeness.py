"""Whether two rows may be one person: what agrees, what speaks against it, how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Confidence = Literal["certain", "likely", "possible"]
POSSIBLE: Confidence = "possible"
CERTAIN: Confidence = "certain"


@dataclass(frozen=True)
class Side:
    """What is known of one row. Names, phones and numbers are blind indexes, never plain."""

    name: bytes | None = None
    phone: bytes | None = None
    numbers: frozenset[bytes] = frozenset()
    birth_on: date | None = None
    sex: str = "unknown"
    # Who holds a phone and was verified as the patient.
    own_holders: frozenset[int] = frozenset()
    has_proved_phone: bool = False
    # The phone stands under other names too: a family's, or a ward's.
    has_shared_phone: bool = False
    has_died: bool = False


@dataclass(frozen=True)
class LikenessRow:
    """One reviewed row: what must agree, and how sure it makes us."""

    code: str
    needs: frozenset[str]
    confidence: Confidence
    is_automatic: bool


@dataclass(frozen=True)
class LikenessRules:
    version: str
    rows: tuple[LikenessRow, ...]
    # Conflicts after which no more than a possibility is left.
    capping: frozenset[str]
    words: Mapping[str, str] = field(default_factory=dict)
    later_days: int = 7


@dataclass(frozen=True)
class Judged:
    """What two rows look like together; `may_join` without a person is true only for certainty."""

    code: str
    confidence: Confidence
    agrees: tuple[str, ...]
    differs: tuple[str, ...]
    may_join: bool


def judge(one: Side, other: Side, rules: LikenessRules) -> Judged | None:
    """Say how alike two rows are; None when nothing speaks for one person."""
    agrees = list_agreements(one, other)
    differs = list_conflicts(one, other)
    row = next((row for row in rules.rows if row.needs <= set(agrees)), None)
    if row is None:
        return None
    is_capped = bool(rules.capping & set(differs))
    return Judged(
        code=row.code,
        confidence=POSSIBLE if is_capped else row.confidence,
        agrees=tuple(agrees),
        differs=tuple(differs),
        may_join=row.is_automatic and row.confidence == CERTAIN and not differs,
    )


def list_agreements(one: Side, other: Side) -> list[str]:
    has_phone = is_same(one.phone, other.phone)
    signals = {
        "same_number": bool(one.numbers & other.numbers),
        "same_wechat": bool(one.own_holders & other.own_holders),
        "same_proved_phone": has_phone and one.has_proved_phone and other.has_proved_phone,
        "same_phone": has_phone,
        "same_name": is_same(one.name, other.name),
        "same_birthday": is_same(one.birth_on, other.birth_on),
    }
    return [name for name, agrees in signals.items() if agrees]


def list_conflicts(one: Side, other: Side) -> list[str]:
    """Return what speaks against one person; what one side does not know speaks for nothing."""
    conflicts = {
        "different_number": bool(one.numbers and other.numbers) and not one.numbers & other.numbers,
        "different_birthday": is_different(one.birth_on, other.birth_on),
        "different_sex": is_different(known_sex(one), known_sex(other)),
        "different_name": is_different(one.name, other.name),
        "shared_phone": is_same(one.phone, other.phone)
        and (one.has_shared_phone or other.has_shared_phone),
        "died": one.has_died or other.has_died,
    }
    return [name for name, is_there in conflicts.items() if is_there]


def is_same(one: object | None, other: object | None) -> bool:
    return one is not None and one == other


def is_different(one: object | None, other: object | None) -> bool:
    return one is not None and other is not None and one != other


def known_sex(side: Side) -> str | None:
    return None if side.sex == "unknown" else side.sex


def asks_again(decided: Sequence[str], agrees: Sequence[str]) -> bool:
    """Tell whether more agrees than when somebody said that these are two people."""
    return bool(set(agrees) - set(decided))
