"""What an account of each kind is opened with: a data file, read once, and what fits it."""

from __future__ import annotations

import re
import secrets
import string
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
LETTERS = string.ascii_letters + string.digits
TOKEN_CHARACTERS = 32
# 43 letters and digits are the 32 bytes of an AES key in base64.
AES_KEY_CHARACTERS = 43


@dataclass(frozen=True)
class Shape:
    """What a value looks like, and what it is instead when it looks like something else."""

    name: str
    pattern: str
    unlike: tuple[tuple[str, str], ...] = ()
    source: str = ""


@dataclass(frozen=True)
class AccountField:
    """One thing an account is opened with.

    `is_made`: made here when it is left empty; `is_list`: several, one a line.
    """

    name: str
    shape: str = ""
    is_secret: bool = False
    is_made: bool = False
    is_required: bool = True
    is_list: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fault:
    """Why a value does not fit. `looks_like` names another thing, when it is that one."""

    field: str
    looks_like: str = ""


@lru_cache(maxsize=1)
def read_file() -> dict[str, Any]:
    text = (HERE / "account_fields.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


@lru_cache(maxsize=1)
def load_shapes() -> dict[str, Shape]:
    rows: dict[str, dict[str, Any]] = read_file()["shapes"]
    return {
        name: Shape(name, row["pattern"], tuple(row.get("unlike", {}).items()), row["source"])
        for name, row in rows.items()
    }


@lru_cache(maxsize=8)
def fields_of(kind: str) -> tuple[AccountField, ...]:
    rows: list[dict[str, Any]] = read_file()["kinds"][kind]
    return tuple(AccountField(**row | {"choices": tuple(row.get("choices", ()))}) for row in rows)


def own_address(platform: str) -> str:
    """Return where the platform itself answers, empty when there is nobody to ask."""
    return str(read_file()["addresses"].get(platform, ""))


def card_keys() -> frozenset[str]:
    return frozenset(read_file()["card_keys"])


def sms_value_count() -> int:
    return int(read_file()["sms_values"])


def find_fault(field: AccountField, value: str) -> Fault | None:
    """Return what is wrong with a value; an empty one is the form's matter."""
    if not value or not field.shape:
        return None
    shape = load_shapes()[field.shape]
    for pattern, other in shape.unlike:
        if re.fullmatch(pattern, value):
            return Fault(field.name, other)
    return None if re.fullmatch(shape.pattern, value) else Fault(field.name)


def make_token() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(TOKEN_CHARACTERS))


def make_aes_key() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(AES_KEY_CHARACTERS))


MAKERS = {
    "token": make_token,
    "encoding_aes_key": make_aes_key,
    # As long and as random: the 256 bits that HS256 wants at least.
    "signing_secret": make_aes_key,
}
