"""Ids: short random ones that are safe to show, and time-ordered ones for the journal."""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any

from django.db import models

# No 0/O, 1/l/I: people read these aloud over the phone.
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
KEY_LENGTH = 12
KEYS = len(ALPHABET) ** KEY_LENGTH
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
NUMBER_BITS = 22

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


class Numbers:
    """Numbers that count on from a random start, another one in every process."""

    def __init__(self) -> None:
        self.restart()
        os.register_at_fork(after_in_child=self.restart)

    def restart(self) -> None:
        self.counter = count(secrets.randbits(NUMBER_BITS))

    def next(self) -> int:
        return next(self.counter) % (1 << NUMBER_BITS)


numbers = Numbers()


def make_event_id(at: datetime) -> int:
    """Make a 63-bit id: milliseconds since 2020, then a 22-bit number. Sorts roughly by time.

    A process gives four million ids before a number comes again. Random numbers alone would
    collide: of fifty rows written at one instant for one page, once in a few thousand pages.
    """
    milliseconds = max(0, int((at - EPOCH).total_seconds() * 1000))
    return (milliseconds << NUMBER_BITS) | numbers.next()


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

    def db_type(self, connection: Any) -> str:
        """Return the type by its long name: for `varchar` Django makes a second index, for LIKE."""
        del connection
        return f"character varying({self.max_length})"
