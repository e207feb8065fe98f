"""From a signed-in browser to a member of staff. The frames find this by a dotted setting."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from lianxin.core.scope import scope
from lianxin.staff import queries
from lianxin.staff.actions import CLIENT_SESSION_LASTS
from lianxin.staff.models import SignIn, Staff

# Whom WeCom has named has not given a password: that opens these pages and no others.
CLIENT_PATH = "/sidebar/"
CLIENT_COOKIE = "lx_sidebar"


def staff_of_request(request: HttpRequest) -> Staff | None:
    """Return who is signed in, with hospital and department loaded; None for a stranger."""
    if request.path.startswith(CLIENT_PATH):
        member = member_of_client(request)
        if member is not None:
            return member
    user = request.user
    if not isinstance(user, SignIn) or not user.is_authenticated:
        return None
    with scope(user.hospital_id):
        return queries.find_by_sign_in(user.hospital_id, user.pk)


def member_of_client(request: HttpRequest) -> Staff | None:
    token = request.COOKIES.get(CLIENT_COOKIE, "")
    known = queries.find_client_session(token) if token else None
    if known is None:
        return None
    with scope(known.hospital_id):
        return queries.find_signed_in(known.hospital_id, known.staff_id)


def remember_member(response: HttpResponse, token: str) -> None:
    """Put the cookie on the answer: for these pages alone, not for scripts, not for other sites."""
    response.set_cookie(
        CLIENT_COOKIE,
        token,
        max_age=int(CLIENT_SESSION_LASTS.total_seconds()),
        path=CLIENT_PATH,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def forget_member(response: HttpResponse) -> None:
    response.delete_cookie(CLIENT_COOKIE, path=CLIENT_PATH, samesite="Lax")
