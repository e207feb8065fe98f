from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from typing import Any

from lianxin.channels import actions
from lianxin.channels.models import Account
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import Hospital
from lianxin.core.scope import scope

SIGNING_SECRET = "k" * 43


def make_webchat(hospital: Hospital, origins: str = "https://www.hospital.example") -> Account:
    """Open a web chat that one site may frame and sign for."""
    with scope(hospital):
        return actions.open_account(
            hospital.pk,
            Account.Kind.WEBCHAT,
            "网页咨询",
            config={"origins": origins},
            secrets={"signing_secret": SIGNING_SECRET},
            base_url="",
            by=SystemActor(hospital.pk),
        )


def make_token() -> str:
    """Make what a visitor's browser makes for itself."""
    return secrets.token_urlsafe(32)


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign_visitor(
    secret: str, claims: dict[str, Any] | str, *, header: dict[str, Any] | None = None
) -> str:
    """Sign as a hospital's own site does; text claims are signed as they are."""
    head = {"alg": "HS256", "typ": "JWT"} if header is None else header
    body = claims if isinstance(claims, str) else json.dumps(claims)
    signed = f"{encode(json.dumps(head).encode())}.{encode(body.encode())}"
    made = hmac.digest(secret.encode(), signed.encode(), hashlib.sha256)
    return f"{signed}.{encode(made)}"


def make_signature(account: Account, number: str, *, name: str = "") -> str:
    """Sign now for a patient number."""
    made_at = int(time.now().timestamp())
    claims = {
        "aud": account.key,
        "sub": number,
        "iat": made_at,
        "exp": made_at + 60,
        "jti": name or secrets.token_urlsafe(16),
    }
    return sign_visitor(SIGNING_SECRET, claims)
