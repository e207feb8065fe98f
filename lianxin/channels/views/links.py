"""Console pages: a live code's acquisition link, where it is put, and the quota."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from lianxin.channels import actions, queries, reasons
from lianxin.channels.forms.links import PlaceForm
from lianxin.channels.models import Account, AcquisitionLink, LinkPlace, LiveCode
from lianxin.channels.queries import links as link_queries
from lianxin.channels.queries.links import PlaceCount
from lianxin.channels.rules.links import address_of, opener_of
from lianxin.channels.words import links as words
from lianxin.channels.words import live_codes as code_words
from lianxin.channels.words.links import QuotaWords
from lianxin.core import time
from lianxin.core.errors import NotFoundError
from lianxin.web.http import StaffRequest, staff_view


@dataclass(frozen=True)
class LinkPanel:
    """A code's link, as its pages show it."""

    link: AcquisitionLink | None
    sentence: str
    address: str
    opener: str
    quota: QuotaWords
    # Whether the page is to ask again in a moment.
    is_awaited: bool
    # Nobody knows yet whether it can be told, or why it could not.
    failure: str

    @property
    def is_on(self) -> bool:
        return self.link is not None and self.link.is_wanted


@dataclass(frozen=True)
class PlaceRow:
    place: LinkPlace
    address: str
    count: PlaceCount


def link_panel(code: LiveCode) -> LinkPanel:
    link = link_queries.find_link_of(code)
    is_ready = link is not None and link.is_wanted and code.is_active
    address = address_of(link.url, code.state_key) if link is not None and is_ready else ""
    making = link is not None and link.state == AcquisitionLink.State.MAKING
    leaving = link is not None and not link.is_wanted and bool(link.link_id)
    waits = bool(link is not None and link.failure_code)
    return LinkPanel(
        link=link,
        sentence=words.link_sentence(link, is_code_active=code.is_active),
        address=address,
        opener=opener_of(address),
        quota=words.quota_words(link_queries.find_quota(code.account), code.hospital, time.now()),
        is_awaited=code.is_active and (making or leaving) and not waits,
        failure=reasons.sentence_of(link.failure_code) if link and waits else "",
    )


def access_wecom_code(request: StaffRequest, key: str) -> LiveCode:
    """Return the code; other accounts have no links."""
    found = queries.access_live_code(request.staff, key)
    if found.account.kind != Account.Kind.WECOM:
        raise NotFoundError
    return found


@require_GET
@staff_view("channel.read")
def link(request: StaffRequest, key: str) -> HttpResponse:
    """Show the link; htmx asks again while it is being made."""
    found = access_wecom_code(request, key)
    template = "channels/link.html#link" if request.htmx else "channels/link.html"
    return render(request, template, link_context(request, found, PlaceForm()))


def link_context(request: StaffRequest, code: LiveCode, form: PlaceForm) -> dict[str, object]:
    now = time.now()
    panel = link_panel(code)
    places = link_queries.list_places(panel.link) if panel.link is not None else []
    counts = link_queries.count_places(places)
    url = panel.link.url if panel.link is not None and panel.address else ""
    answering = queries.answering_of(code.hospital_id, [code], now)[code.pk]
    return {
        "code": code,
        "panel": panel,
        "finding": words.FINDINGS.get(panel.link.finding, "") if panel.link else "",
        "answering": code_words.answering_sentence(code, answering),
        "places": [
            PlaceRow(place, address_of(url, place.key), counts[place.pk]) for place in places
        ],
        "count": queries.count_by_live_code(code.hospital_id, [code.pk], now)[code.pk],
        "form": form,
        "may_manage": request.staff.may("channel.manage"),
    }


@require_POST
@staff_view("channel.manage")
def want_link(request: StaffRequest, key: str) -> HttpResponse:
    actions.want_link(access_wecom_code(request, key), by=request.staff)
    messages.success(request, _("链接正在生成，几秒后就能用。"))
    return redirect("channels:link", key=key)


@require_POST
@staff_view("channel.manage")
def drop_link(request: StaffRequest, key: str) -> HttpResponse:
    code = access_wecom_code(request, key)
    actions.drop_link(link_queries.access_link_of(code), by=request.staff)
    messages.success(request, _("已停用链接，二维码照常用。"))
    return redirect("channels:link", key=key)


@require_POST
@staff_view("channel.manage")
def add_place(request: StaffRequest, key: str) -> HttpResponse:
    code = access_wecom_code(request, key)
    form = PlaceForm(request.POST)
    if not form.is_valid():
        context = link_context(request, code, form)
        return render(request, "channels/link.html", context, status=422)
    actions.create_place(
        link_queries.access_link_of(code), form.cleaned_data["name"], by=request.staff
    )
    messages.success(request, _("已加上，复制它的链接放过去。"))
    return redirect("channels:link", key=key)
