"""Provider times and lengths, read from the data file beside the adapters."""

from __future__ import annotations

from datetime import timedelta

from lianxin.channels.adapters.reactions import load_facts
from lianxin.channels.rules import WelcomeTimes


def seconds(name: str) -> timedelta:
    return timedelta(seconds=load_facts()[name])


def count(name: str) -> int:
    return load_facts()[name]


def days(name: str) -> timedelta:
    return timedelta(days=load_facts()[name])


def hours(name: str) -> timedelta:
    return timedelta(hours=load_facts()[name])


def welcome_times() -> WelcomeTimes:
    return WelcomeTimes(seconds("welcome_seconds"), seconds("welcome_reclaim_seconds"))
