"""Switches that belong to no room, the offline page and the component page."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from lianxin.web.http import StaffRequest, staff_view
from lianxin.web.showcase import showcase

YEAR_SECONDS = 365 * 24 * 3600
THEMES = ("auto", "light", "dark")


def go_back(request: HttpRequest) -> HttpResponse:
    """Return to the page that holds the switch."""
    target = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    return HttpResponseRedirect(target if is_ours else "/")


def remember(request: HttpRequest, cookie: str, value: str) -> HttpResponse:
    """Keep a choice on this device for a year."""
    response = go_back(request)
    response.set_cookie(
        cookie, value, max_age=YEAR_SECONDS, samesite="Lax", secure=request.is_secure()
    )
    return response


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    known = [code for code, _ in settings.LANGUAGES]
    chosen = request.POST.get("language", "")
    language = chosen if chosen in known else settings.LANGUAGE_CODE
    return remember(request, settings.LANGUAGE_COOKIE_NAME, language)


@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    chosen = request.POST.get("theme", "")
    return remember(request, "lx_theme", chosen if chosen in THEMES else "auto")


@require_POST
def choose_elder_mode(request: HttpRequest) -> HttpResponse:
    return remember(request, "lx_elder", "1" if request.POST.get("elder") == "1" else "0")


@require_GET
def offline(request: HttpRequest) -> HttpResponse:
    return render(request, "web/offline.html")


@require_GET
@staff_view()
def components(request: StaffRequest) -> HttpResponse:
    return render(request, "web/component_page.html", showcase())
