"""Masks and durations: what may stand in a list, and how long is long."""

from __future__ import annotations

import re

MINUTE, HOUR, DAY = 60, 3600, 86400


def mask_name(name: str) -> str:
    """Keep the first and the last sign: 张*明, 欧*; a name in letters keeps its first letter."""
    name = name.strip()
    if not name:
        return ""
    if name.isascii():
        return " ".join(f"{part[0]}***" for part in name.split())
    if len(name) <= 2:
        return f"{name[0]}*"
    return f"{name[0]}*{name[-1]}"


def mask_phone(phone: str) -> str:
    """Keep three digits in front and four behind: 138****1234."""
    digits = re.sub(r"\D", "", phone)
    if len(digits) < 8:
        return "****" if digits else ""
    return f"{digits[:-8]}****{digits[-4:]}"


def split_duration(seconds: int) -> tuple[int, str, int]:
    """Return count, unit and the rest in the next unit; under an hour counts up to 1 minute."""
    if seconds < HOUR:
        return max(1, seconds // MINUTE), "minute", 0
    if seconds < DAY:
        return seconds // HOUR, "hour", seconds % HOUR // MINUTE
    return seconds // DAY, "day", seconds % DAY // HOUR
