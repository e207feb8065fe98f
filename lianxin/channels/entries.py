"""Ties one sign-in at a provider to one browser: a link with somebody else's code opens nothing."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

ENTRY_SECONDS = 600


@dataclass(frozen=True)
class Entrance:
    """One kind of sign-in: the cookie that remembers its beginning, and for which pages."""

    cookie: str
    salt: str
    path: str = "/"


def make_state() -> str:
    return secrets.token_urlsafe(16)


def remember_start(
    response: HttpResponse, entrance: Entrance, *, state: str, to: str, door: str
) -> None:
    """Write down in this browser what was begun here, and where it shall lead."""
    response.set_cookie(
        entrance.cookie,
        signing.dumps({"state": state, "to": to, "door": door}, salt=entrance.salt),
        max_age=ENTRY_SECONDS,
        path=entrance.path,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def read_start(request: HttpRequest, entrance: Entrance, door: str) -> str | None:
    """Return where this browser wanted to go, if it is the one that started the sign-in."""
    try:
        entry: dict[str, str] = signing.loads(
            request.COOKIES.get(entrance.cookie, ""), salt=entrance.salt, max_age=ENTRY_SECONDS
        )
    except signing.BadSignature:
        return None
    given = request.GET.get("state", "")
    is_same = secrets.compare_digest(entry["state"].encode(), given.encode())
    return entry["to"] if is_same and entry["door"] == door else None


def forget_start(response: HttpResponse, entrance: Entrance) -> None:
    response.delete_cookie(entrance.cookie, path=entrance.path, samesite="Lax")
