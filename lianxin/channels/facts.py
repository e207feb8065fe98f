"""Provider times and lengths, read from the data file beside the adapters."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from pathlib import Path

import yaml

from lianxin.channels.rules import WelcomeTimes

LIMITS = Path(__file__).parent / "adapters" / "provider_limits.yaml"


@lru_cache(maxsize=1)
def load_facts() -> dict[str, int]:
    return {
        name: int(value)
        for name, value in yaml.safe_load(LIMITS.read_text(encoding="utf-8"))["facts"].items()
    }


def seconds(name: str) -> timedelta:
    return timedelta(seconds=load_facts()[name])


def days(name: str) -> timedelta:
    return timedelta(days=load_facts()[name])


def welcome_times() -> WelcomeTimes:
    return WelcomeTimes(seconds("welcome_seconds"), seconds("welcome_reclaim_seconds"))
