"""From a phone's cookie to its holder. The frames find this by a dotted setting."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from lianxin.core.scope import scope
from lianxin.patients import queries
from lianxin.patients.models import Holder

COOKIE = "lx_phone"
COOKIE_AGE = 30 * 24 * 3600


def holder_of_request(request: HttpRequest) -> Holder | None:
    """Return whose phone this is, with the hospital loaded; None for a stranger."""
    token = request.COOKIES.get(COOKIE, "")
    known = queries.find_holder_by_token(token) if token else None
    if known is None:
        return None
    with scope(known.hospital_id):
        return queries.load_holder(known.hospital_id, known.pk)


def is_guest(request: HttpRequest) -> bool:
    """Tell whether this phone came from a chat window and nobody knows yet whose it is."""
    session = queries.find_session(request.COOKIES.get(COOKIE, ""))
    return session is not None and session.is_guest


def remember_phone(response: HttpResponse, token: str) -> None:
    """Put the cookie on the answer: not for scripts, not for other sites."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=COOKIE_AGE,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def forget_phone(response: HttpResponse) -> None:
    response.delete_cookie(COOKIE, samesite="Lax")
