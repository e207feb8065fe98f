"""The chat window on other sites, and the same talk as a page: for people without a cookie.

In a frame on a foreign site a browser keeps our cookies away. So the window has a token of its own
in the browser's storage, which each site has apart, and sends it as a header. No cookie means
that no other site can ask in somebody's name either: there is no CSRF token here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lianxin.channels import queries as channels
from lianxin.channels.models import Account
from lianxin.channels.rules import BadSignatureError, list_origins, read_signature
from lianxin.conversations import actions, portal
from lianxin.conversations.actions.visiting import CHAT, TooOftenError
from lianxin.conversations.forms import TextForm
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.errors import NotFoundError
from lianxin.core.models import Hospital
from lianxin.patients import actions as patients
from lianxin.patients import queries as people
from lianxin.patients import sessions
from lianxin.patients.models import Holder, HolderSession
from lianxin.patients.portal import DOOR_COOKIE
from lianxin.web import errors
from lianxin.web.http import PortalRequest, answer, find_holder, portal_view
from lianxin.web.live import make_ticket
from lianxin.web.middleware import content_security_policy

PAGE = "conversations/visitor.html"
RETURN_PAGE = "conversations/visitor_return.html"
LINES = "conversations/visitor.html#lines"
# 32 random bytes in base64url: what visitor.js makes, and what our own tokens look like.
TOKEN = re.compile(r"[0-9A-Za-z_-]{43}")
UNPROCESSABLE, TOO_MANY, ENDED, FORBIDDEN = 422, 429, 401, 403


class VisitorRequest(HttpRequest):
    """A request of somebody who needs not be known; the web chat in the address is open."""

    account: Account


View = Callable[[VisitorRequest], HttpResponse]


@dataclass(frozen=True)
class Host:
    """Whose house a visitor is in: what the frame of a page asks of a holder."""

    hospital: Hospital


def visitor_view(view: View) -> Callable[[HttpRequest, str], HttpResponseBase]:
    """Serve anybody who comes to an open web chat, in one transaction of its hospital."""

    @never_cache
    @wraps(view)
    def serve(request: HttpRequest, key: str) -> HttpResponseBase:
        request.__dict__["frame_kind"] = errors.PORTAL
        account = channels.find_open_account(Account.Kind.WEBCHAT, key)
        if account is None:
            return errors.respond(request, 404)
        request.__dict__.update(account=account, holder=Host(account.hospital))
        with translation.override(language_of(request)):
            actor = SystemActor(account.hospital_id)
            return answer(request, actor, None, lambda: view(request))  # type: ignore[arg-type]

    return serve


def language_of(request: HttpRequest) -> str:
    """Take the language that the site's script asks for, else the one of this browser."""
    asked = request.GET.get("language", "")
    known = {code for code, _name in settings.LANGUAGES}
    return asked if asked in known else translation.get_language() or settings.LANGUAGE_CODE


# --- The page, and the same in a frame -----------------------------------------------------------


@require_GET
@visitor_view
def page(request: VisitorRequest) -> HttpResponse:
    """Show the chat as a page of its own; a phone that is known goes to its own talk."""
    holder = find_holder(request)
    if holder is not None and holder.hospital_id == request.account.hospital_id:
        return redirect("conversations:phone_chat")
    return render(request, PAGE, {"account": request.account, "is_framed": False})


@require_GET
@visitor_view
def frame(request: VisitorRequest) -> HttpResponse:
    """Show the chat in a frame of the sites that the account names, and of no others."""
    response = render(request, PAGE, {"account": request.account, "is_framed": True})
    origins = list_origins(str(request.account.config.get("origins", "")))
    response["Content-Security-Policy"] = content_security_policy(framed_by=origins)
    return response


# --- The talk ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Visitor:
    """Who writes: nobody yet, a holder, or one whose window was closed behind them."""

    token: str
    session: HolderSession | None
    holder: Holder | None

    @property
    def is_over(self) -> bool:
        return self.session is not None and self.holder is None


def find_visitor(request: VisitorRequest, token: str) -> Visitor | None:
    """Return who holds the token; None for what is no token of ours at all."""
    if not TOKEN.fullmatch(token):
        return None
    session = people.find_session(token, CHAT)
    if session is None:
        return Visitor(token, None, None)
    if session.hospital_id != request.account.hospital_id:
        return None
    is_open = session.ended_at is None and session.expires_at > time.now()
    holder = people.load_holder(session.hospital_id, session.holder_id) if is_open else None
    return Visitor(token, session, holder)


def token_of(request: HttpRequest) -> str:
    return request.headers.get("X-Chat-Token", "")


@csrf_exempt
@require_http_methods(["GET", "POST"])
@visitor_view
def talk(request: VisitorRequest) -> HttpResponse:
    """Return the talk of this window; a post adds what was written, once."""
    visitor = find_visitor(request, token_of(request))
    if visitor is None:
        return say(UNPROCESSABLE, _("这个窗口打不开对话，请刷新页面。"))
    if visitor.is_over:
        return say(ENDED, _("这个窗口的对话已经结束。"))
    if request.method == "GET":
        return tell(visitor.holder)
    return take(request, visitor)


def take(request: VisitorRequest, visitor: Visitor) -> HttpResponse:
    form = TextForm(request.POST)
    key = form.cleaned_data["client_key"] if form.is_valid() else ""
    if not key:
        told = form.errors.get("text") or [_("这条消息没有编号，请刷新页面后再发。")]
        return say(UNPROCESSABLE, str(told[0]))
    try:
        holder = visitor.holder or actions.admit_guest(request.account, visitor.token)
        actions.write_as_visitor(request.account, holder, form.cleaned_data["text"], client_key=key)
    except TooOftenError as error:
        return say(TOO_MANY, str(error))
    return tell(holder)


def tell(holder: Holder | None) -> HttpResponse:
    """Give the whole talk, and where to hear of changes. A guest who wrote nothing has none."""
    if holder is None:
        return JsonResponse({"html": "", "live": "", "is_verified": False})
    bubbles = portal.make_bubbles(holder)
    ticket, topic = make_ticket(holder.hospital_id, holder.key), f"holder:{holder.key}"
    live = f"{settings.EDGE_ORIGIN}/live/?topic={quote(topic)}&ticket={quote(ticket)}"
    return JsonResponse(
        {
            "html": render_to_string(LINES, {"bubbles": bubbles}),
            "live": live,
            "is_verified": bool(people.patients_of(holder)),
        }
    )


def say(status: int, sentence: str, code: str = "") -> HttpResponse:
    return JsonResponse({"error": sentence, "status": status, "code": code}, status=status)


@csrf_exempt
@require_POST
@visitor_view
def leave(request: VisitorRequest) -> HttpResponse:
    """Close this window's talk: the next person at this browser begins anew."""
    patients.close_session(token_of(request))
    return HttpResponse(status=204)


# --- Who it is -----------------------------------------------------------------------------------


@csrf_exempt
@require_POST
@visitor_view
def sign_in(request: VisitorRequest) -> HttpResponse:
    """Let in whom the hospital's own site has signed in, and give the window its token."""
    account = request.account
    secret = channels.facts_of(account).secret("signing_secret")
    try:
        signed = read_signature(
            request.POST.get("token", ""), secret, audience=account.key, now=time.now()
        )
    except BadSignatureError as error:
        return say(FORBIDDEN, refused_words(), error.code)
    token = actions.admit_signed(account, signed)
    if token is None:
        return say(FORBIDDEN, refused_words(), "used")
    return JsonResponse({"token": token})


def refused_words() -> str:
    return _("没能确认您在网站上的登录。现在可以以访客身份咨询，或刷新网页再试。")


@csrf_exempt
@require_POST
@visitor_view
def enter(request: VisitorRequest) -> HttpResponse:
    """Take a guest from the window to the patient pages in a tab of their own, to be verified.

    The window's token comes in the body of a form of ours, so it stands in no address; a form of
    another site, which could put somebody into a stranger's talk, is refused.
    """
    if request.headers.get("Origin", "") != origin_of(settings.BASE_URL):
        return errors.respond(request, FORBIDDEN)
    visitor = find_visitor(request, request.POST.get("token", ""))
    if visitor is None or visitor.is_over:
        raise NotFoundError
    holder = visitor.holder or actions.admit_guest(request.account, visitor.token)
    is_guest = visitor.session is None or visitor.session.is_guest
    response = redirect("/p/" if people.patients_of(holder) else "patients:who")
    sessions.remember_phone(response, patients.open_session(holder, is_guest=is_guest))
    response.delete_cookie(DOOR_COOKIE, samesite="Lax")
    return response


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@require_http_methods(["GET", "POST"])
@never_cache
@portal_view
def come_back(request: PortalRequest, key: str) -> HttpResponse:
    """Ask whether to go on with this phone's talk in the window that opened this page."""
    account = channels.find_open_account(Account.Kind.WEBCHAT, key)
    if account is None or account.hospital_id != request.holder.hospital_id:
        raise NotFoundError
    patient = people.find_current_patient(request.holder)
    context = {
        "account": account,
        "name": people.face_of(patient).masked_name if patient else "",
        "token": actions.open_talk(request.holder) if request.method == "POST" else "",
    }
    response = render(request, RETURN_PAGE, context)
    # The window that opened this page may stand in a frame on another site.
    response["Cross-Origin-Opener-Policy"] = "unsafe-none"
    return response
