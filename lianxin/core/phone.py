"""Telephone numbers: one form for each, and what can be done with it."""

from __future__ import annotations

import re
import unicodedata

MOBILE = re.compile(r"1[3-9]\d{9}")
LANDLINE = re.compile(r"0\d{9,11}")
ABROAD = re.compile(r"\+[1-9]\d{6,14}")
BETWEEN_DIGITS = re.compile(r"[\s().\-‐-―]")


def normalise_phone(text: str) -> str | None:
    """Return the number in its one form (13812341234, 01055500188, +4917…); None is no number."""
    phone = BETWEEN_DIGITS.sub("", unicodedata.normalize("NFKC", text))
    for prefix in ("+86", "0086"):
        phone = phone.removeprefix(prefix)
    if len(phone) == 13 and phone.startswith("86"):
        phone = phone[2:]
    if phone.startswith("00"):
        phone = f"+{phone[2:]}"
    known = any(shape.fullmatch(phone) for shape in (MOBILE, LANDLINE, ABROAD))
    return phone if known and phone.isascii() else None


def is_mobile(phone: str) -> bool:
    """Tell whether a text message can reach the number."""
    return bool(MOBILE.fullmatch(phone))
