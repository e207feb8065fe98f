"""Console pages: posts on public platforms, their links, and what each brought."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from lianxin.channels import actions, queries
from lianxin.channels.forms.campaigns import CampaignForm, ChangeCampaignForm, StandingForm
from lianxin.channels.forms.live_codes import SeenForm
from lianxin.channels.models import Campaign
from lianxin.channels.platforms import find_platform, never_say
from lianxin.channels.queries import CampaignCount
from lianxin.channels.queries.campaigns import access_managed_campaign, find_standing_code
from lianxin.core import time
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.web.http import StaffRequest, staff_view


@dataclass(frozen=True)
class CampaignRow:
    campaign: Campaign
    platform: str
    link: str
    count: CampaignCount


def as_rows(request: StaffRequest, found: list[Campaign]) -> list[CampaignRow]:
    counts = queries.count_campaigns(request.staff.hospital, found)
    language = get_language() or "zh-hans"
    return [
        CampaignRow(
            one,
            find_platform(one.platform).word(language),
            queries.campaign_link(one),
            counts[one.pk],
        )
        for one in found
    ]


@require_http_methods(["GET", "POST"])
@staff_view("channel.read")
def campaigns(request: StaffRequest) -> HttpResponse:
    may_manage = request.staff.may("channel.manage")
    if request.method == "POST" and not may_manage:
        raise ForbiddenError
    today = time.today(request.staff.hospital)
    form = CampaignForm(request.staff, request.POST or None, initial={"starts_on": today})
    if request.method == "POST" and form.is_valid():
        actions.create_campaign(form.content, by=request.staff)
        messages.success(request, _("链接已建好，可以放进帖子里。"))
        return redirect("channels:campaigns")
    standing = find_standing_code(request.staff.hospital_id)
    initial = {"code": standing.key if standing else ""}
    context = {
        "standing": standing,
        "standing_form": StandingForm(request.staff, initial=initial, auto_id="id_standing_%s"),
        "rows": as_rows(request, queries.list_campaigns(request.staff)),
        "form": form,
        "has_codes": bool(form.codes),
        "never_say": never_say(),
        "may_manage": may_manage,
    }
    status = 422 if form.is_bound else 200
    return render(request, "channels/campaigns.html", context, status=status)


@require_http_methods(["GET", "POST"])
@staff_view("channel.manage")
def edit_campaign(request: StaffRequest, key: str) -> HttpResponse:
    found = access_managed_campaign(request.staff, key)
    form = ChangeCampaignForm(request.staff, found, request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.change_campaign(found, form.content, seen=form.number, by=request.staff)
        messages.success(request, _("已保存。链接没有变，帖子不用改。"))
        return redirect("channels:campaigns")
    context = {
        "form": form,
        "row": as_rows(request, [found])[0],
        "standing": find_standing_code(found.hospital_id),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "channels/edit_campaign.html", context, status=status)


@require_POST
@staff_view("channel.manage")
def close_campaign(request: StaffRequest, key: str) -> HttpResponse:
    found = access_managed_campaign(request.staff, key)
    actions.close_campaign(found, seen=SeenForm(request.POST).number, by=request.staff)
    messages.success(request, _("已关闭。数字都留着。"))
    return redirect("channels:campaigns")


@require_POST
@staff_view("channel.manage")
def reopen_campaign(request: StaffRequest, key: str) -> HttpResponse:
    found = access_managed_campaign(request.staff, key)
    actions.reopen_campaign(found, seen=SeenForm(request.POST).number, by=request.staff)
    messages.success(request, _("已重新启用。"))
    return redirect("channels:campaigns")


@require_POST
@staff_view("channel.manage")
def choose_standing_code(request: StaffRequest) -> HttpResponse:
    form = StandingForm(request.staff, request.POST)
    if not form.is_valid():
        raise RefusedError(_("请选一个正在使用的活码。"))
    actions.choose_standing_code(request.staff.hospital_id, form.code_chosen, by=request.staff)
    messages.success(request, _("已保存。"))
    return redirect("channels:campaigns")
