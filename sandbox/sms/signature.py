"""TC3-HMAC-SHA256 as Tencent Cloud describes it: checked, not trusted."""

from __future__ import annotations

import hmac
import re
from datetime import UTC, datetime
from hashlib import sha256

from starlette.requests import Request

AUTHORIZATION = re.compile(
    r"TC3-HMAC-SHA256 Credential=(?P<id>[^/]+)/(?P<date>[0-9-]+)/(?P<service>[a-z]+)/tc3_request, "
    r"?SignedHeaders=(?P<headers>[a-z0-9;-]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), sha256).digest()


def sign(secret_key: str, date: str, service: str, text: str) -> str:
    """Derive the day's key for this service and sign with it."""
    day_key = _mac(f"TC3{secret_key}".encode(), date)
    request_key = _mac(_mac(day_key, service), "tc3_request")
    return hmac.new(request_key, text.encode(), sha256).hexdigest()


def make_text_to_sign(
    method: str,
    path: str,
    query: str,
    headers: list[tuple[str, str]],
    body: bytes,
    timestamp: str,
    scope: str,
) -> str:
    lines = "".join(f"{name}:{value.strip().lower()}\n" for name, value in headers)
    names = ";".join(name for name, _ in headers)
    canonical = "\n".join((method, path, query, lines, names, sha256(body).hexdigest()))
    digest = sha256(canonical.encode()).hexdigest()
    return f"TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{digest}"


def find_fault(request: Request, body: bytes, path: str, secret_key: str) -> str:
    """Return the provider's error code, or nothing when the signature is right."""
    found = AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if found is None:
        return "AuthFailure.InvalidAuthorization"
    names = found["headers"].split(";")
    if not {"content-type", "host"} <= set(names):
        return "AuthFailure.InvalidAuthorization"
    timestamp = request.headers.get("x-tc-timestamp", "")
    if not timestamp.isdigit():
        return "MissingParameter"
    if datetime.fromtimestamp(int(timestamp), UTC).date().isoformat() != found["date"]:
        return "AuthFailure.SignatureFailure"
    scope = f"{found['date']}/{found['service']}/tc3_request"
    headers = [(name, request.headers.get(name, "")) for name in names]
    text = make_text_to_sign(
        request.method, path, request.url.query, headers, body, timestamp, scope
    )
    right = sign(secret_key, found["date"], found["service"], text)
    return "" if hmac.compare_digest(right, found["signature"]) else "AuthFailure.SignatureFailure"


def find_secret_id(request: Request) -> str:
    found = AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    return found["id"] if found else ""
