"""Ids: short random ones that are safe to show, and time-ordered ones for the journal."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any

from django.db import models

# No 0/O, 1/l/I: people read these aloud over the phone.
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
KEY_LENGTH = 12
KEYS = len(ALPHABET) ** KEY_LENGTH
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
RANDOM_BITS = 22

if TYPE_CHECKING:
    TextField = models.CharField[str, str]
else:
    TextField = models.CharField


def make_key() -> str:
    """Make a public id of 12 characters (59 bits), for URLs and screens."""
    rest = secrets.randbelow(KEYS)
    signs = []
    for _ in range(KEY_LENGTH):
        rest, sign = divmod(rest, len(ALPHABET))
        signs.append(ALPHABET[sign])
    return "".join(signs)


def make_event_id(at: datetime) -> int:
    """Make a 63-bit id: milliseconds since 2020, then 22 random bits. Sorts roughly by time."""
    return next(make_event_ids(at))


def make_event_ids(at: datetime) -> Iterator[int]:
    """Make ids for the rows of one instant; millions come before one comes again.

    Random ids alone collide: of fifty rows written for one page, once in a few thousand pages.
    """
    milliseconds = max(0, int((at - EPOCH).total_seconds() * 1000)) << RANDOM_BITS
    first = secrets.randbits(RANDOM_BITS)
    return (milliseconds | (first + n) % (1 << RANDOM_BITS) for n in count())


class KeyField(TextField):
    """The public id of a row. Integer ids never leave the database."""

    def __init__(self, **options: Any) -> None:
        defaults: dict[str, Any] = {
            "max_length": KEY_LENGTH,
            "default": make_key,
            "unique": True,
            "editable": False,
        }
        super().__init__(**(defaults | options))
