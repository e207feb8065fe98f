"""What a person's work consists of, as the rooms hand it over. The rooms' own list is

`lianxin.handing_over`, which the setting HANDOVER names: it lies above all rooms.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.utils.functional import Promise
from django.utils.module_loading import import_string

from lianxin.core.actor import Actor
from lianxin.staff.models import Staff


@dataclass(frozen=True)
class Work:
    """One kind of work: how much of it somebody has, and how it becomes a colleague's."""

    code: str
    word: str | Promise
    # The columns that say whose it is, as `app.Model.field`.
    columns: tuple[str, ...]
    count: Callable[[Staff], int]
    # (leaver, taker or None, by) → how many were moved. None: to the team, or to nobody.
    move: Callable[[Staff, Staff | None, Actor], int]


@dataclass(frozen=True)
class Kept:
    """Columns that name a person and stay as they are, and why."""

    why: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Handovers:
    works: tuple[Work, ...]
    kept: tuple[Kept, ...]


def handovers() -> Handovers:
    found: Handovers = import_string(settings.HANDOVER)
    return found
