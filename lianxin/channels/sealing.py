"""How channels seal: secrets and raw callbacks by the hospital, payloads by the address's key."""

from __future__ import annotations

import json
from typing import Any

from lianxin.core import keys
from lianxin.core.keys import Keyring

SECRETS_FIELD = "channels.account.secrets"
ARCHIVE_SECRET_FIELD = "channels.archive.secret"  # noqa: S105 - the field's name
ARCHIVE_KEY_FIELD = "channels.archive.key"
TOKEN_FIELD = "channels.token"  # noqa: S105 - the field's name
CALLBACK_FIELD = "channels.callback"
PAYLOAD_FIELD = "channels.arrival"
CARD_FIELD = "channels.card"
GROUP_FIELD = "channels.group"
ADDRESS = "address"
# Payloads end with the relationship; what the law keeps is kept by the conversation.
RETENTION = "engagement"


def seal_json(hospital_id: int, value: dict[str, Any], *, field: str) -> bytes:
    return keys.hospital_seal(hospital_id, json.dumps(value, ensure_ascii=False), field=field)


def open_json(hospital_id: int, sealed: bytes, *, field: str) -> dict[str, Any]:
    if not sealed:
        return {}
    opened: dict[str, Any] = json.loads(keys.hospital_open(hospital_id, sealed, field=field))
    return opened


def seal_payload(
    ring: Keyring, hospital_id: int, address_id: int | None, payload: dict[str, Any]
) -> bytes:
    if address_id is None:
        return seal_json(hospital_id, payload, field=PAYLOAD_FIELD)
    text = json.dumps(payload, ensure_ascii=False)
    return ring.seal((ADDRESS, address_id), RETENTION, text, field=PAYLOAD_FIELD)


def open_payload(
    ring: Keyring, hospital_id: int, address_id: int | None, sealed: bytes
) -> dict[str, Any]:
    """Open a payload; empty when the address was erased."""
    if address_id is None:
        return open_json(hospital_id, sealed, field=PAYLOAD_FIELD)
    text = ring.open((ADDRESS, address_id), RETENTION, sealed, field=PAYLOAD_FIELD)
    opened: dict[str, Any] = json.loads(text) if text else {}
    return opened
