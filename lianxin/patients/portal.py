"""Patient pages: signing in from WeChat, who holds the phone, and proving it."""

from __future__ import annotations

from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lianxin.channels import entries, oauth
from lianxin.channels.adapters.provider_http import ProviderError
from lianxin.channels.models import Account
from lianxin.core.errors import NotFoundError, RefusedError
from lianxin.core.scope import scope
from lianxin.patients import actions, forms, queries, rules, sessions
from lianxin.patients.queries import Door
from lianxin.web.http import PortalRequest, portal_view
from lianxin.web.navigation import find_url

ENTRANCE = entries.Entrance("lx_enter", salt="patients.entry")
# Remembers which account a phone came through, so that it finds back in without a form.
DOOR_COOKIE = "lx_door"
DOOR_SECONDS = 365 * 24 * 3600
# Content that a stranger may read, for instance behind a forwarded link.
PUBLIC_PREFIX = "/p/read/"
FIRST_STEPS = [True, False, False]
SECOND_STEP = [True, True, False]


# --- Signing in ----------------------------------------------------------------------------------


@require_GET
@never_cache
def enter(request: HttpRequest, key: str) -> HttpResponse:
    """Send the phone to the provider, with a random state that only this browser knows."""
    door = queries.find_door(key)
    if door is None:
        return say_closed(request, "unknown", 404)
    state = entries.make_state()
    url = oauth.authorize_url(
        door.account,
        settings.BASE_URL + reverse("patients:oauth", args=[key]),
        state,
        wants_union_id=door.account.kind == Account.Kind.OFFICIAL_ACCOUNT,
    )
    response = redirect(url)
    to = rules.safe_portal_path(request.GET.get("to", ""))
    entries.remember_start(response, ENTRANCE, state=state, to=to, door=key)
    return response


@require_GET
@never_cache
def finish_oauth(request: HttpRequest, key: str) -> HttpResponse:
    """Let the phone in when the provider says who it is and we know that person."""
    to = entries.read_start(request, ENTRANCE, key)
    door = queries.find_door(key)
    code = request.GET.get("code", "")
    if to is None or door is None or not code:
        return say_closed(request, "expired", 403)
    try:
        identity = oauth.identify_facts(door.facts, code)
    except ProviderError:
        return say_closed(request, "provider", 503)
    if identity is None:
        return say_closed(request, "expired", 403)
    if identity.is_snapshot:
        return say_closed(request, "snapshot", 403)
    return let_in(request, door, identity, to)


def let_in(
    request: HttpRequest, door: Door, identity: oauth.OAuthIdentity, to: str
) -> HttpResponse:
    with scope(door.hospital_id):
        names = (identity.external_id, identity.open_id)
        holder = queries.find_holder_by_identity(door.hospital_id, names, identity.union_id)
        token = actions.open_session(holder) if holder else None
    if token is None:
        return turn_away(request, to)
    response = redirect(to)
    sessions.remember_phone(response, token)
    response.set_cookie(
        DOOR_COOKIE,
        door.account.key,
        max_age=DOOR_SECONDS,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )
    entries.forget_start(response, ENTRANCE)
    return response


def turn_away(request: HttpRequest, to: str) -> HttpResponse:
    """Show a stranger public content only, and nobody's pages."""
    response = (
        redirect(to) if to.startswith(PUBLIC_PREFIX) else say_closed(request, "stranger", 403)
    )
    sessions.forget_phone(response)
    response.delete_cookie(DOOR_COOKIE, samesite="Lax")
    return response


def say_closed(request: HttpRequest, reason: str, status: int) -> HttpResponse:
    return render(request, "patients/closed.html", {"reason": reason}, status=status)


def reenter(request: HttpRequest) -> HttpResponse | None:
    """Sign a phone in again through the account it came by; None when we do not know it.

    The setting UNKNOWN_HOLDER names this function.
    """
    key = request.COOKIES.get(DOOR_COOKIE, "")
    if request.method != "GET" or not key or request.headers.get("HX-Request"):
        return None
    to = urlencode({"to": request.get_full_path()})
    return redirect(f"{reverse('patients:enter', args=[key])}?{to}")


@require_GET
@never_cache
def use_pass(request: HttpRequest, token: str) -> HttpResponse:
    """Let the mini-program's web-view in, once. A page of another site cannot send anybody here."""
    is_sent = request.headers.get("Sec-Fetch-Site") == "cross-site"
    found = "" if is_sent else actions.use_pass(token)
    if not found:
        return say_closed(request, "expired", 403)
    response = redirect(rules.safe_portal_path(request.GET.get("to", "")))
    sessions.remember_phone(response, found)
    return response


@require_POST
@portal_view
def leave(request: PortalRequest) -> HttpResponse:
    """Sign this phone out."""
    actions.close_session(request.COOKIES.get(sessions.COOKIE, ""))
    response = say_closed(request, "left", 200)
    sessions.forget_phone(response)
    response.delete_cookie(DOOR_COOKIE, samesite="Lax")
    return response


# --- Who, and proving it -------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@portal_view
def who(request: PortalRequest) -> HttpResponse:
    form = forms.WhoForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return redirect(verify_url(form.cleaned_data["relation"]))
    context = {
        "form": form,
        "dots": FIRST_STEPS,
        "has_patients": bool(queries.patients_of(request.holder)),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "patients/phone_who.html", context, status=status)


def verify_url(relation: str, *, bedside: bool = False) -> str:
    name = "patients:bedside" if bedside else "patients:verify"
    return f"{reverse(name)}?as={relation}"


def relation_of(request: HttpRequest) -> str:
    """Return who the person said to be; without that the page does not exist."""
    relation = request.GET.get("as", "")
    if relation not in rules.RELATIONS:
        raise NotFoundError
    return relation


@require_http_methods(["GET", "POST"])
@portal_view
def verify(request: PortalRequest) -> HttpResponse:
    """Take the code. Wrong, used up and never sent look the same."""
    relation = relation_of(request)
    if request.method == "GET":
        return show_verify(request, relation)
    form = forms.CodeForm(request.POST)
    if form.is_valid():
        if actions.verify_by_code(request.holder, form.cleaned_data["code"]):
            return renew_phone(request, go_on(request))
        form.add_error("code", _("验证码不对，或者已经过期。"))
    return show_verify(request, relation, code=form, status=422)


def renew_phone(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Give a guest's phone a new cookie with the proof; copies of the old one end."""
    token = actions.renew_session(request.COOKIES.get(sessions.COOKIE, ""))
    if token:
        sessions.remember_phone(response, token)
    return response


@require_POST
@portal_view
def send_code(request: PortalRequest) -> HttpResponse:
    relation = relation_of(request)
    form = forms.ClaimForm(request.POST)
    if not form.is_valid():
        return show_verify(request, relation, claim=form, status=422)
    actions.send_phone_code(request.holder, relation=relation, **form.cleaned_data)
    return show_verify(request, relation, claim=form, was_sent=True)


def show_verify(
    request: PortalRequest,
    relation: str,
    *,
    claim: forms.ClaimForm | None = None,
    code: forms.CodeForm | None = None,
    was_sent: bool = False,
    status: int = 200,
) -> HttpResponse:
    context = {
        "relation": relation,
        "claim": claim or forms.ClaimForm(initial=request.POST.dict()),
        "code": code or forms.CodeForm(),
        "was_sent": was_sent,
        "dots": SECOND_STEP,
        "code_url": f"{reverse('patients:send_code')}?as={relation}",
        "verify_url": verify_url(relation),
        "bedside_url": "" if sessions.is_guest(request) else verify_url(relation, bedside=True),
    }
    template = "patients/phone_verify.html#body" if request.htmx else "patients/phone_verify.html"
    return render(request, template, context, status=status)


@require_GET
@never_cache
@portal_view
def bedside(request: PortalRequest) -> HttpResponse:
    """Show the six digits, and look every few seconds whether the nurse has typed them."""
    relation = relation_of(request)
    if sessions.is_guest(request):
        # Several windows may be one guest, and nobody could tell which of them the nurse read.
        raise RefusedError(_("从网页咨询进来的，请用手机验证码核验。"))
    number = actions.show_bedside_number(request.holder, relation)
    context = {
        "relation": relation,
        "number": f"{number[:3]} {number[3:]}",
        "dots": SECOND_STEP,
        "verify_url": verify_url(relation),
    }
    return render(request, "patients/phone_bedside.html", context)


@require_GET
@never_cache
@portal_view
def bedside_state(request: PortalRequest) -> HttpResponse:
    """Answer the waiting page: 204 while nothing happened, else where to go."""
    if not queries.was_verified_at_bedside(request.holder):
        return HttpResponse(status=204)
    response = HttpResponse(status=204)
    response["HX-Redirect"] = next_url()
    return response


@require_POST
@portal_view
def switch(request: PortalRequest, key: str) -> HttpResponse:
    actions.switch_patient(request.holder, key)
    return redirect(rules.safe_portal_path(request.POST.get("next", ""), home_url()))


@require_http_methods(["GET", "POST"])
@portal_view
def end(request: PortalRequest, key: str) -> HttpResponse:
    """Ask, then give a patient up."""
    holding = queries.access_holding(request.holder, key)
    if request.method == "POST":
        actions.end_holding(holding, by=request.holder)
        return redirect(home_url())
    face = queries.face_of(holding.patient)
    context = {"holding": holding, "name": face.name if holding.verified_at else ""}
    return render(request, "patients/phone_end.html", context)


def go_on(request: PortalRequest) -> HttpResponse:
    """Leave the form for the next step, also when htmx sent it."""
    if not request.htmx:
        return redirect(next_url())
    response = HttpResponse(status=204)
    response["HX-Redirect"] = next_url()
    return response


def next_url() -> str:
    return find_url("compliance:phone_consent") or home_url()


def home_url() -> str:
    return find_url("desk:phone_home") or find_url("compliance:phone_me") or "/p/"
