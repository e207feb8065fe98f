"""How a member of staff's number is sealed, and how it is found again."""

from __future__ import annotations

from lianxin.core import keys

PHONE = "staff.phone"


def seal_phone(hospital_id: int, number: str) -> bytes:
    return keys.hospital_seal(hospital_id, number, field=PHONE)


def open_phone(hospital_id: int, sealed: bytes) -> str:
    return keys.hospital_open(hospital_id, sealed, field=PHONE)


def blind_phone(hospital_id: int, number: str) -> bytes:
    return keys.blind(hospital_id, number, field=PHONE)
