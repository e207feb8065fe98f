"""The chat archive (会话内容存档): the port to its source, and the decrypting that is our own step.

What was said comes only through the provider's native SDK. A source gives sealed records; the
random key of each is sealed to one version of the hospital's public key, which we open here.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from lianxin.channels.adapters.base import as_text

RECALL = "recall"
KEY_UNKNOWN = "archive_key_unknown"
SOURCE_REFUSED = "archive_source_refused"
LIBRARY_MISSING = "archive_library_missing"


class ArchiveRefused(Exception):  # noqa: N818 - a refusal, told by its code alone
    """The source or a record could not be read. `code` carries nothing personal."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class EncryptedRecord:
    """One record as the source gives it: its place in the row, and two sealed texts."""

    seq: int
    message_id: str
    key_version: int
    sealed_key: str = field(repr=False)
    sealed_message: str = field(repr=False)


@dataclass(frozen=True)
class ArchivedLine:
    """One decrypted record. `recalls` names the message that it takes back."""

    message_id: str
    action: str
    sender: str
    receivers: tuple[str, ...]
    group_id: str
    sent_at: datetime
    kind: str
    text: str = field(default="", repr=False)
    recalls: str = ""


class FinanceSdk(Protocol):
    """The vendor's own interface, as its library has it: a return code, 0 is good, and a text.

    Made with (library, corp id, the archive's secret); raises OSError where there is no library.
    """

    def get_chat_data(self, seq: int, limit: int) -> tuple[int, str]:
        """Return JSON: the records after `seq`."""

    def decrypt_data(self, key: str, sealed_message: str) -> tuple[int, str]:
        """Return one message as JSON."""

    def close(self) -> None:
        """Give back what the library holds."""


class ArchiveSource(Protocol):
    """Where sealed records come from."""

    def fetch(self, seq: int, limit: int) -> Sequence[EncryptedRecord]:
        """Return what comes after `seq`, in order, at most `limit`."""

    def open(self, key: str, sealed_message: str) -> str:
        """Open one message with its random key; how it is sealed only the vendor knows."""


@dataclass(frozen=True)
class SdkSource:
    """A source over the vendor's interface, whoever stands behind it."""

    sdk: FinanceSdk

    def fetch(self, seq: int, limit: int) -> list[EncryptedRecord]:
        return read_records(self.told(self.sdk.get_chat_data(seq, limit)))

    def open(self, key: str, sealed_message: str) -> str:
        return self.told(self.sdk.decrypt_data(key, sealed_message))

    def told(self, answer: tuple[int, str]) -> str:
        code, text = answer
        if code != 0:
            raise ArchiveRefused(SOURCE_REFUSED)
        return text


def as_whole(value: Any) -> int:
    """Return a whole number from 0 on, also from digits in quotes; anything else is 0."""
    text = as_text(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0


def read_json(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise ArchiveRefused("archive_unreadable") from None
    if not isinstance(found, dict):
        raise ArchiveRefused("archive_unreadable")
    return found


def read_records(answer: str) -> list[EncryptedRecord]:
    """Read what GetChatData gives. An error code in it is a refusal of the whole."""
    found = read_json(answer)
    if as_text(found.get("errcode") or 0) != "0":
        raise ArchiveRefused(SOURCE_REFUSED)
    rows = found.get("chatdata")
    return [
        EncryptedRecord(
            seq=as_whole(row.get("seq")),
            message_id=as_text(row.get("msgid")),
            key_version=as_whole(row.get("publickey_ver")),
            sealed_key=as_text(row.get("encrypt_random_key")),
            sealed_message=as_text(row.get("encrypt_chat_msg")),
        )
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict)
    ]


def open_key(keys: Mapping[int, RSAPrivateKey], record: EncryptedRecord) -> str:
    """Open a record's random key with the private key of its version (RSA, PKCS#1 v1.5)."""
    private = keys.get(record.key_version)
    if private is None:
        raise ArchiveRefused(KEY_UNKNOWN)
    try:
        sealed = base64.b64decode(record.sealed_key, validate=True)
        return private.decrypt(sealed, padding.PKCS1v15()).decode()
    except (ValueError, binascii.Error):
        raise ArchiveRefused("archive_key_wrong") from None


def read_line(plain: str) -> ArchivedLine:
    """Read one decrypted message; what a kind of message holds beside text is left alone."""
    found = read_json(plain)
    kind = as_text(found.get("msgtype"))
    receivers, content = found.get("tolist"), found.get(kind)
    body: dict[str, Any] = content if isinstance(content, dict) else {}
    return ArchivedLine(
        message_id=as_text(found.get("msgid")),
        action=as_text(found.get("action")),
        sender=as_text(found.get("from")),
        receivers=tuple(map(as_text, receivers if isinstance(receivers, list) else [])),
        group_id=as_text(found.get("roomid")),
        sent_at=at_milliseconds(found.get("msgtime")),
        kind=kind,
        text=as_text(body.get("content")) if kind == "text" else "",
        recalls=as_text(body.get("pre_msgid")),
    )


def at_milliseconds(value: Any) -> datetime:
    try:
        return datetime.fromtimestamp(as_whole(value) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def open_record(
    source: ArchiveSource, keys: Mapping[int, RSAPrivateKey], record: EncryptedRecord
) -> ArchivedLine:
    return read_line(source.open(open_key(keys, record), record.sealed_message))
