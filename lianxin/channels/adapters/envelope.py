"""Tencent's callback envelope: who signed it, what is inside, and what makes it the same again."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from typing import Any

from lianxin.channels.adapters.base import (
    MAX_CALLBACK_BYTES,
    AccountFacts,
    CallbackRefused,
    CallbackRequest,
    Opened,
)
from lianxin.channels.adapters.crypto import Crypt, CryptError, is_same, sign
from lianxin.channels.adapters.xml import XmlRefused, field_text, parse_xml

EVENT_KEY_CHARACTERS = 40


@lru_cache(maxsize=512)
def crypt_of(token: str, encoding_aes_key: str, receive_id: str) -> Crypt:
    return Crypt(token, encoding_aes_key, receive_id)


def account_crypt(account: AccountFacts, receive_id: str) -> Crypt:
    try:
        return crypt_of(account.secret("token"), account.secret("encoding_aes_key"), receive_id)
    except (CryptError, ValueError):
        raise CallbackRefused("account not set up") from None


def check_size(body: bytes) -> None:
    if len(body) > MAX_CALLBACK_BYTES:
        raise CallbackRefused("too large", 413)


def parse_body(body: bytes) -> dict[str, Any]:
    check_size(body)
    try:
        return parse_xml(body, limit=MAX_CALLBACK_BYTES)
    except XmlRefused:
        raise CallbackRefused("xml", 400) from None


def verify_plain(account: AccountFacts, request: CallbackRequest) -> None:
    """Check the signature that covers no body: of a verification, and of plain mode."""
    query, token = request.query, account.secret("token")
    expected = sign(token, query.get("timestamp", ""), query.get("nonce", ""))
    if not token or not is_same(query.get("signature", ""), expected):
        raise CallbackRefused("signature")


def open_sealed(account: AccountFacts, request: CallbackRequest, receive_id: str) -> Opened:
    """Verify, decrypt and key an encrypted callback."""
    encrypted = field_text(parse_body(request.body), "Encrypt")
    body = open_text(account, request, receive_id, encrypted)
    try:
        message = parse_xml(body)
    except XmlRefused:
        raise CallbackRefused("inner xml", 400) from None
    return opened(message, body)


def open_text(
    account: AccountFacts, request: CallbackRequest, receive_id: str, encrypted: str
) -> str:
    """Verify the signature over a cipher text and return the plain text."""
    crypt = account_crypt(account, receive_id)
    query = request.query
    try:
        crypt.verify(
            query.get("msg_signature", ""),
            query.get("timestamp", ""),
            query.get("nonce", ""),
            encrypted,
        )
        return crypt.decrypt(encrypted).decode()
    except CryptError as error:
        raise CallbackRefused(str(error)) from None
    except UnicodeDecodeError:
        raise CallbackRefused("not UTF-8", 400) from None


def opened(message: dict[str, Any], body: str) -> Opened:
    # Customer service keeps its 20-second codes back until its messages are fetched.
    is_urgent = "WelcomeCode" in message or field_text(message, "Event") == "kf_msg_or_event"
    return Opened(event_key_of(message), body, is_urgent=is_urgent)


def event_key_of(message: dict[str, Any]) -> str:
    """Name the event by what it says, so that a repeat has the same name whatever its order."""
    message_id = field_text(message, "MsgId")
    if message_id:
        identity = f"message:{message_id}"
    else:
        # Two results of one second differ only inside their lists.
        parts = (
            f"{name}={value if isinstance(value, str) else json.dumps(value, sort_keys=True)}"
            for name, value in message.items()
        )
        identity = "\n".join(sorted(parts))
    return hashlib.sha256(identity.encode()).hexdigest()[:EVENT_KEY_CHARACTERS]
