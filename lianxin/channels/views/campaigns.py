"""Console page: posts on public platforms, their links, and what each brought."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from lianxin.channels import actions, queries
from lianxin.channels.forms.campaigns import CampaignForm
from lianxin.channels.models import Campaign
from lianxin.channels.platforms import find_platform, never_say
from lianxin.channels.queries import CampaignCount
from lianxin.core import time
from lianxin.core.errors import ForbiddenError
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
        given = form.cleaned_data
        actions.create_campaign(
            form.code_chosen,
            platform=given["platform"],
            title=given["title"],
            department=form.department_chosen,
            starts_on=given["starts_on"],
            ends_on=given["ends_on"],
            by=request.staff,
        )
        messages.success(request, _("链接已建好，可以放进帖子里。"))
        return redirect("channels:campaigns")
    context = {
        "rows": as_rows(request, queries.list_campaigns(request.staff)),
        "form": form,
        "has_codes": bool(form.codes),
        "never_say": never_say(),
        "may_manage": may_manage,
    }
    status = 422 if form.is_bound else 200
    return render(request, "channels/campaigns.html", context, status=status)
