"""The signature by which a hospital's own site says who has signed in there.

A JSON Web Token (RFC 7519) signed with HS256 (RFC 7515, 7518 3.2) and nothing else: one algorithm,
one audience, minutes of life, a name of its own. Whatever is missing or odd is refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

# A page is loaded and the chat opened within this time; what is found later in a log is worthless.
LONGEST = timedelta(minutes=5)
# How far two well-kept clocks may differ.
LEEWAY = timedelta(seconds=30)
MOST_CHARACTERS = 2000
PIECE = re.compile(r"[0-9A-Za-z_-]+")
NAME = re.compile(r"[0-9A-Za-z_.-]{16,64}")
CLAIMS = frozenset({"aud", "sub", "iat", "exp", "jti"})


class BadSignatureError(Exception):
    """Why a signature is not believed: malformed, algorithm, signature, claims, expired …"""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class SignedVisitor:
    """Whom the site has signed in: the hospital's own number of the patient."""

    number: str = field(repr=False)
    name: str
    expires_at: datetime


def read_signature(token: str, secret: str, *, audience: str, now: datetime) -> SignedVisitor:
    """Believe a token or raise why not. An account without a secret believes none."""
    pieces = token.split(".") if len(token) <= MOST_CHARACTERS else []
    if len(pieces) != 3 or not all(PIECE.fullmatch(piece) for piece in pieces):
        raise BadSignatureError("malformed")
    if read_json(pieces[0]) not in ({"alg": "HS256"}, {"alg": "HS256", "typ": "JWT"}):
        raise BadSignatureError("algorithm")
    made = hmac.digest(secret.encode(), f"{pieces[0]}.{pieces[1]}".encode(), hashlib.sha256)
    if not secret or not hmac.compare_digest(made, read_bytes(pieces[2])):
        raise BadSignatureError("signature")
    return read_claims(read_json(pieces[1]), audience, now)


def read_claims(claims: Mapping[str, Any], audience: str, now: datetime) -> SignedVisitor:
    if set(claims) != CLAIMS or claims["aud"] != audience:
        raise BadSignatureError("claims")
    number, name = claims["sub"], claims["jti"]
    if not isinstance(number, str) or not 0 < len(number) <= 64:
        raise BadSignatureError("claims")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise BadSignatureError("claims")
    made_at, expires_at = read_instant(claims["iat"]), read_instant(claims["exp"])
    if not timedelta() < expires_at - made_at <= LONGEST or made_at > now + LEEWAY:
        raise BadSignatureError("claims")
    if now >= expires_at + LEEWAY:
        raise BadSignatureError("expired")
    return SignedVisitor(number, name, expires_at)


def read_instant(value: Any) -> datetime:
    """Read whole seconds since 1970; true and 1.5 are none."""
    if type(value) is not int or not 0 < value < 2**33:
        raise BadSignatureError("claims")
    return datetime.fromtimestamp(value, UTC)


def read_bytes(piece: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(piece + "=" * (-len(piece) % 4))
    except (ValueError, binascii.Error):
        raise BadSignatureError("malformed") from None


def read_json(piece: str) -> dict[str, Any]:
    """Read an object whose names stand once each: two readers must not see two meanings."""
    try:
        value = json.loads(read_bytes(piece), object_pairs_hook=refuse_doubles)
    except (ValueError, RecursionError):
        raise BadSignatureError("malformed") from None
    if not isinstance(value, dict):
        raise BadSignatureError("malformed")
    return value


def refuse_doubles(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def list_origins(text: str) -> list[str]:
    """Return the sites that may frame the chat, as the account's field has them."""
    return text.split()
