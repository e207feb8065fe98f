"""Tencent Cloud's request signature, TC3-HMAC-SHA256; one scheme for all its services."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

ALGORITHM = "TC3-HMAC-SHA256"
CONTENT_TYPE = "application/json; charset=utf-8"
SIGNED_HEADERS = "content-type;host"


def digest(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def sign_request(
    *, service: str, secret_id: str, secret_key: str, host: str, body: bytes, at: datetime
) -> dict[str, str]:
    """Return the Authorization header and what it covers. `at` is UTC."""
    timestamp, day = str(int(at.timestamp())), at.strftime("%Y-%m-%d")
    canonical = "\n".join(
        [
            "POST",
            "/",
            "",
            f"content-type:{CONTENT_TYPE}\nhost:{host}\n",
            SIGNED_HEADERS,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    scope = f"{day}/{service}/tc3_request"
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"TC3{secret_key}".encode()
    for part in (day, service, "tc3_request"):
        key = digest(key, part)
    signature = digest(key, f"{ALGORITHM}\n{timestamp}\n{scope}\n{hashed}").hex()
    return {
        "Authorization": (
            f"{ALGORITHM} Credential={secret_id}/{scope}, "
            f"SignedHeaders={SIGNED_HEADERS}, Signature={signature}"
        ),
        "Content-Type": CONTENT_TYPE,
        "Host": host,
        "X-TC-Timestamp": timestamp,
    }
