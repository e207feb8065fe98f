"""The landing page behind a post: for everybody, neutral, and counted without anybody's data."""

from __future__ import annotations

import re

import segno
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from lianxin.channels import actions, queries
from lianxin.channels.models import Account, LiveCode
from lianxin.channels.platforms import find_platform
from lianxin.channels.queries.campaigns import find_standing_code
from lianxin.core import time
from lianxin.core.models import Hospital
from lianxin.web import errors
from lianxin.web.http import answer, has_nul
from lianxin.web.strangers import Stranger

# Those that fetch a page to show its title somewhere are not visitors.
NOT_A_VISITOR = re.compile(r"bot|spider|crawl|preview|fetch|monitor", re.IGNORECASE)


@require_safe
def landing(request: HttpRequest, key: str) -> HttpResponseBase:
    request.__dict__["frame_kind"] = errors.PORTAL
    hospital = None if has_nul(request) else queries.find_hospital_of_campaign(key)
    if hospital is None:
        return errors.respond(request, 404)
    stranger = Stranger(hospital)
    request.__dict__["holder"] = stranger
    return answer(request, stranger, None, lambda: show_landing(request, hospital, key))


def show_landing(request: HttpRequest, hospital: Hospital, key: str) -> HttpResponse:
    campaign = queries.access_campaign_page(hospital.pk, key)
    today = time.today(hospital)
    is_reader = not NOT_A_VISITOR.search(request.headers.get("User-Agent", ""))
    if request.method == "GET" and is_reader:
        actions.count_visit(campaign, today)
    ended = campaign.ends_on is not None and campaign.ends_on < today
    is_over = ended or campaign.closed_at is not None
    picture = "" if is_over else draw(campaign.live_code)
    context = {
        "hospital": hospital,
        "picture": picture,
        # Who comes late is not turned away: the code that is always there takes them.
        "standing": "" if picture else draw(find_standing_code(hospital.pk)),
        "is_wechat": find_platform(campaign.platform).opens_wechat
        or "MicroMessenger" in request.headers.get("User-Agent", ""),
        "has_webchat": queries.find_account_of_kind(hospital.pk, Account.Kind.WEBCHAT) is not None,
    }
    response = render(request, "channels/landing.html", context)
    response["Cache-Control"] = "no-store"
    return response


def draw(code: LiveCode | None) -> str:
    """Draw the live code as a picture inside the page; empty while it cannot be used."""
    if code is None or not code.is_active or not code.qr_content:
        return ""
    made = segno.make(code.qr_content, error="m", micro=False)
    return made.svg_data_uri(scale=6, border=2)
