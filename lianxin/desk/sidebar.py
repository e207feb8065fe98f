"""The pages beside a chat in WeCom: who the member is, whose chat it is, words for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from lianxin.channels import entries, oauth, page_signing
from lianxin.channels.adapters.provider_http import ProviderError
from lianxin.channels.forms.pages import PageForm
from lianxin.channels.models import Account
from lianxin.channels.queries import facts_of
from lianxin.conversations.actions import offer_words
from lianxin.conversations.panes import make_guard
from lianxin.conversations.queries import scripts as library
from lianxin.conversations.rules import scripts as blanks
from lianxin.core import access_log
from lianxin.core.errors import RefusedError
from lianxin.core.scope import scope
from lianxin.desk.forms import ContactForm, WordsForm
from lianxin.desk.queries import sidebar as queries
from lianxin.patients.actions import verify_at_bedside
from lianxin.patients.models import Patient
from lianxin.patients.queries import Door, access_patient, face_of, find_door
from lianxin.staff import sessions
from lianxin.staff.actions import open_client_session
from lianxin.staff.models import Staff
from lianxin.staff.queries import find_by_wecom
from lianxin.web.http import StaffRequest, staff_view
from lianxin.web.middleware import content_security_policy

PAGE = "desk/sidebar.html"
ENTRANCE = entries.Entrance("lx_sidebar_enter", salt="desk.sidebar", path=sessions.CLIENT_PATH)
# Remembers through which account the client came, so that it finds back in by itself.
DOOR_COOKIE = "lx_sidebar_door"
DOOR_SECONDS = 365 * 24 * 3600
# Where a sign-in may lead: the sidebar itself, or one patient in it.
OWN_PATH = re.compile(r"^/sidebar/(?:patients/[0-9A-Za-z_-]+/)?$")
HOME = sessions.CLIENT_PATH


# --- Signing in ----------------------------------------------------------------------------------


@require_GET
@never_cache
def enter(request: HttpRequest, key: str) -> HttpResponse:
    """Send the client to WeCom, with a random state that only this browser knows."""
    door = find_door(key)
    if door is None or door.account.kind != Account.Kind.WECOM:
        return say_closed(request, "unknown", 404)
    state = entries.make_state()
    back = settings.BASE_URL + reverse("desk:sidebar_oauth", args=[key])
    response = redirect(oauth.authorize_url(door.account, back, state))
    to = safe_path(request.GET.get("to", ""))
    entries.remember_start(response, ENTRANCE, state=state, to=to, door=key)
    return response


def safe_path(to: str) -> str:
    return to if OWN_PATH.match(to) else HOME


@require_GET
@never_cache
def finish_oauth(request: HttpRequest, key: str) -> HttpResponse:
    """Let the member in when WeCom says who it is and the house knows that person."""
    to = entries.read_start(request, ENTRANCE, key)
    door = find_door(key)
    code = request.GET.get("code", "")
    if to is None or door is None or not code:
        return say_closed(request, "expired", 403)
    try:
        identity = oauth.identify_facts(door.facts, code)
    except ProviderError:
        return say_closed(request, "provider", 503)
    if identity is None:
        return say_closed(request, "expired", 403)
    return let_in(request, door, identity.staff_userid or "", to)


def let_in(request: HttpRequest, door: Door, userid: str, to: str) -> HttpResponse:
    """Open a session for the member; the sign-in that was begun here cannot be used again."""
    with scope(door.hospital_id):
        staff = find_by_wecom(door.hospital_id, userid)
        token = open_client_session(staff) if staff else ""
    response = redirect(to) if token else say_closed(request, "stranger", 403)
    if token:
        sessions.remember_member(response, token)
        response.set_cookie(
            DOOR_COOKIE,
            door.account.key,
            max_age=DOOR_SECONDS,
            path=HOME,
            httponly=True,
            secure=settings.SESSION_COOKIE_SECURE,
            samesite="Lax",
        )
    else:
        sessions.forget_member(response)
    entries.forget_start(response, ENTRANCE)
    return response


def say_closed(request: HttpRequest, reason: str, status: int) -> HttpResponse:
    return render(request, "desk/sidebar_closed.html", {"reason": reason}, status=status)


def reenter(request: HttpRequest) -> HttpResponse | None:
    """Sign the client in again through the account it came by; None when we do not know it.

    The setting UNKNOWN_STAFF names this function.
    """
    key = request.COOKIES.get(DOOR_COOKIE, "")
    if not request.path.startswith(HOME) or not re.fullmatch(r"[0-9A-Za-z_-]+", key):
        return None
    if request.method == "GET" and not request.headers.get("HX-Request"):
        to = urlencode({"to": request.path})
        return redirect(f"{reverse('desk:sidebar_enter', args=[key])}?{to}")
    response = HttpResponse(status=401)
    response["HX-Redirect"] = HOME
    return response


# --- The page ------------------------------------------------------------------------------------


@require_GET
@never_cache
@staff_view("patient.read")
def home(request: StaffRequest) -> HttpResponse:
    """Show the frame; its script asks the client whose chat is open."""
    account = account_of(request)
    return show_page(request, {"account": account, "is_frame": True})


def account_of(request: StaffRequest) -> Account | None:
    key = request.COOKIES.get(DOOR_COOKIE, "")
    return queries.find_chat_account(request.staff.hospital_id, key[:40])


def show_page(request: StaffRequest, context: dict[str, Any]) -> HttpResponse:
    """Render a whole page. The bridge of a client that brings none may run here, and only here."""
    bridge = settings.PROVIDER_URLS.get("bridge", "")
    response = render(request, PAGE, context | {"bridge_url": bridge})
    if bridge:
        parts = urlsplit(bridge)
        origin = f"{parts.scheme}://{parts.netloc}"
        response["Content-Security-Policy"] = content_security_policy(scripts=origin)
    return response


@require_POST
@never_cache
@staff_view("patient.read", opens_scope=False)
def signatures(request: StaffRequest) -> HttpResponse:
    """Sign the address of this page, for the client to check."""
    form = PageForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"error": _("没有说是哪一页。")}, status=422)
    with scope(request.staff.hospital_id):
        account = account_of(request)
        facts = facts_of(account) if account else None
    if facts is None:
        raise RefusedError(_("还没有接入企业微信。请管理员到「设置」里接入。"))
    try:
        signed = page_signing.sign(facts, form.cleaned_data["url"])
    except ProviderError:
        sentence = _("企业微信暂时没有给出签名，请一分钟后刷新。")
        return JsonResponse({"error": sentence}, status=503)
    return JsonResponse(
        {
            kind: {"timestamp": one.timestamp, "nonceStr": one.nonce, "signature": one.signature}
            for kind, one in signed.items()
        }
    )


@require_POST
@never_cache
@staff_view("patient.read")
def contact(request: StaffRequest) -> HttpResponse:
    """Show who the open chat is with: one patient, several to choose from, or nobody we know."""
    form = ContactForm(request.POST)
    account = account_of(request)
    if not form.is_valid() or account is None:
        return render(request, f"{PAGE}#unknown", {"is_unreadable": True}, status=422)
    found = queries.find_contact(account, form.cleaned_data["external_id"])
    access_log.record_views(
        request.staff, [one.holding.patient_id for one in found.choices], page="desk:sidebar"
    )
    if len(found.choices) == 1:
        holding = found.choices[0].holding
        patient = access_patient(request.staff, holding.patient.key)
        return render(request, f"{PAGE}#card", card_context(request, patient, found))
    context = {"contact": found, "may_verify": request.staff.may("patient.verify")}
    part = "choices" if found.choices else "unknown"
    return render(request, f"{PAGE}#{part}", context | composer_context(request, found))


@require_GET
@never_cache
@staff_view("patient.read")
def patient(request: StaffRequest, key: str) -> HttpResponse:
    """Show one patient: chosen among several, found by search, or from a message's link."""
    found = access_patient(request.staff, key)
    access_log.record_views(request.staff, [found.pk], page="desk:sidebar")
    context = card_context(request, found)
    if request.htmx:
        return render(request, f"{PAGE}#card", context)
    return show_page(request, context | {"account": account_of(request), "is_frame": False})


def card_context(
    request: StaffRequest, patient: Patient, found: queries.Contact | None = None
) -> dict[str, Any]:
    """Build the card. Only whom the chat is proved to belong to is written to from here."""
    card = queries.load_card(request.staff, patient)
    is_theirs = found is not None and any(
        one.holding.patient_id == patient.pk for one in found.choices
    )
    context = {
        "card": card,
        "contact": found,
        "is_theirs": is_theirs,
        "may_verify": request.staff.may("patient.verify"),
    }
    return context | (composer_context(request, found, patient) if is_theirs else {})


@require_POST
@never_cache
@staff_view("patient.read")
def search(request: StaffRequest) -> HttpResponse:
    """Find a patient by whole name, phone or number, for a contact nobody has linked."""
    faces = queries.find_patients(request.staff, request.POST.get("search", "")[:60])
    access_log.record_views(request.staff, [face.id for face in faces], page="desk:sidebar")
    context = {
        "faces": faces,
        "is_searched": True,
        "contact_id": request.POST.get("external_id", "")[:64],
    }
    return render(request, f"{PAGE}#found", context)


@require_POST
@never_cache
@staff_view("patient.read")
def chosen(request: StaffRequest, key: str) -> HttpResponse:
    """Show one patient beside the open chat, and whether it is proved that it is theirs."""
    patient = access_patient(request.staff, key)
    found = contact_of(request)
    access_log.record_views(request.staff, [patient.pk], page="desk:sidebar")
    return render(request, f"{PAGE}#card", card_context(request, patient, found))


def contact_of(request: StaffRequest) -> queries.Contact:
    form, account = ContactForm(request.POST), account_of(request)
    if not form.is_valid() or account is None:
        raise RefusedError(_("不知道现在是和谁的聊天，请关掉侧边栏再打开一次。"))
    return queries.find_contact(account, form.cleaned_data["external_id"])


@require_POST
@never_cache
@staff_view("patient.verify")
def link(request: StaffRequest, key: str) -> HttpResponse:
    """Bind the contact's phone to the patient in front of the nurse, by the digits it shows."""
    patient = access_patient(request.staff, key)
    found = contact_of(request)
    if found.holder is None:
        raise RefusedError(_("连心还没有收到这位联系人，请一分钟后再试。"))
    typed = request.POST.get("digits", "")[:20]
    verify_at_bedside(patient, typed, by=request.staff, holder_id=found.holder.pk)
    access_log.record_views(request.staff, [patient.pk], page="desk:sidebar")
    fresh = contact_of(request)
    return render(request, f"{PAGE}#card", card_context(request, patient, fresh))


# --- Words ---------------------------------------------------------------------------------------


def composer_context(
    request: StaffRequest, found: queries.Contact | None, patient: Patient | None = None
) -> dict[str, Any]:
    """Offer the scripts this member may use, filled in for this patient, and the invitation."""
    may_write = request.staff.may("message.send") and found is not None
    return {
        "may_write": may_write,
        "contact_id": found.external_id if found else "",
        "patient_key": patient.key if patient else "",
        "scripts": library.list_scripts_for(request.staff) if may_write else [],
        "may_keep_scripts": request.staff.may("script.edit"),
    }


@require_POST
@never_cache
@staff_view("message.send")
def take_script(request: StaffRequest) -> HttpResponse:
    """Put a script into the composer with its blanks filled in; nothing has left yet."""
    staff, patient = request.staff, patient_of(request)
    known = values_of(staff, patient)
    script = library.find_script_for(staff, request.POST.get("script", "")[:40])
    if script is None and request.POST.get("script") != "invitation":
        raise RefusedError(_("这条话术已经停用，请刷新后再选。"))
    text = script.text if script else invitation(request)
    context = {
        "text": blanks.fill(text, known),
        "script_key": script.key if script else "",
        "contact_id": request.POST.get("external_id", "")[:64],
        "patient_key": patient.key if patient else "",
        "may_write": True,
    }
    return render(request, f"{PAGE}#composer", context)


def patient_of(request: StaffRequest) -> Patient | None:
    key = request.POST.get("patient", "")[:40]
    return access_patient(request.staff, key) if key else None


def values_of(staff: Staff, patient: Patient | None) -> Mapping[str, str]:
    """Say what the blanks are filled with; of the name the first letter is all that is needed."""
    if patient is None:
        return library.values_for(staff)
    return library.values_for(staff, name=face_of(patient).masked_name[:1], sex=patient.sex)


def invitation(request: StaffRequest) -> str:
    """Invite somebody we do not know to say who they are, on a page of ours."""
    account = account_of(request)
    url = settings.BASE_URL + (
        reverse("patients:enter", args=[account.key]) if account else reverse("desk:phone_home")
    )
    words = _("您好，我是{医院}的{我}。请点开这里确认您是谁，我们就能陪您做好复诊和记录：")
    return f"{words}{url}"


@require_POST
@never_cache
@staff_view("message.send")
def words(request: StaffRequest) -> HttpResponse:
    """Check the words and hand them to the page's script, which puts them into the chat."""
    form = WordsForm(request.POST)
    shown = {
        "text": request.POST.get("text", ""),
        "script_key": request.POST.get("script", "")[:40],
        "contact_id": request.POST.get("external_id", "")[:64],
        "patient_key": request.POST.get("patient", "")[:40],
        "may_write": True,
    }
    if not form.is_valid():
        return render(request, f"{PAGE}#composer", shown | {"form": form}, status=422)
    text = form.cleaned_data["text"]
    guard = make_guard(request.staff.hospital_id, text)
    if guard.blocking:
        return render(request, f"{PAGE}#composer", shown | {"guard": guard}, status=422)
    found = contact_of(request)
    if found.address is None:
        raise RefusedError(_("连心还没有收到这位联系人，请一分钟后再试。"))
    offer_words(
        text,
        patient=writes_to(request, found),
        script=library.find_script_for(request.staff, form.cleaned_data["script"]),
        address_id=found.address.pk,
        by=request.staff,
    )
    return render(
        request, f"{PAGE}#composer", shown | {"text": "", "script_key": "", "ready": text}
    )


def writes_to(request: StaffRequest, found: queries.Contact) -> Patient | None:
    """Return the patient of the chat. One who is stopped counts, whoever else the page named."""
    patients = [one.holding.patient for one in found.choices]
    stopped = [one for one in patients if one.is_stopped]
    if stopped:
        return stopped[0]
    named = patient_of(request)
    ids = {one.pk for one in patients}
    if named is not None and named.pk not in ids:
        raise RefusedError(_("还没有核验这位联系人就是这位患者，不能从这里写给他。"))
    return named
