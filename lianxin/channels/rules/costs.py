"""What is billed: segments of a text, started minutes, and how a month stands to its budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from math import ceil

OPEN, WARNED, REACHED = "open", "warned", "reached"
MEAN_STEP = Decimal("0.000001")
"""A mean is rounded up to this part of a fen, so that no rounding allows more than the money."""


@dataclass(frozen=True)
class Segments:
    """How a long text is cut: alone it may have more characters than as a part of several."""

    single: int
    part: int

    @classmethod
    def of(cls, row: Mapping[str, int]) -> Segments:
        return cls(row["single"], row["part"])

    def count(self, text: str) -> int:
        """Count in characters, also of Latin texts, as the provider does; nothing is one."""
        if len(text) <= self.single:
            return 1
        return ceil(len(text) / self.part)


@dataclass(frozen=True)
class Spending:
    """One account in one month, in fen. `budget_fen` None: nobody has set one."""

    spent_fen: Decimal = Decimal(0)
    count: int = 0
    unit_fen: Decimal | None = None
    budget_fen: int | None = None

    @property
    def message_fen(self) -> Decimal | None:
        """Return what one more message costs: the mean of the month, at least one unit."""
        if self.unit_fen is None:
            return None
        mean = self.spent_fen / self.count if self.count else Decimal(0)
        return max(mean.quantize(MEAN_STEP, ROUND_CEILING), self.unit_fen)

    def stands(self, warn_percent: int) -> str:
        """Say how the month stands to its budget."""
        if self.budget_fen is None:
            return OPEN
        if self.spent_fen >= self.budget_fen:
            return REACHED
        return WARNED if self.spent_fen * 100 >= self.budget_fen * warn_percent else OPEN

    def as_messages(self) -> tuple[int, int] | None:
        """Return (how many the budget allows, how many are used); None without budget or price."""
        each = self.message_fen
        if self.budget_fen is None or not each:
            return None
        used = self.spent_fen // each + (self.spent_fen % each > 0)
        return int(self.budget_fen // each), int(used)
