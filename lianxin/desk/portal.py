"""The patient's home on the phone."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from lianxin.desk.queries.home import load_home
from lianxin.outreach import actions as outreach
from lianxin.outreach import queries as outreach_queries
from lianxin.patients import actions as patients
from lianxin.patients.models import Holder
from lianxin.web.http import PortalRequest, portal_view

NEXT_PAGES = {
    "who": "patients:who",
    "verify": "patients:verify",
    "consent": "compliance:phone_consent",
}


@require_GET
@portal_view
def home(request: PortalRequest) -> HttpResponse:
    """Show the merged card; a new phone is led through who, verify and consent first.

    A link shows whom it was sent for, where the phone is held for several.
    """
    if request.GET.get("d"):
        show_whom_it_was_for(request.holder, request.GET["d"])
    page = load_home(request.holder, get_language() or "zh-hans")
    if page.step in NEXT_PAGES and not request.GET.get("later"):
        claimed_as = f"?as={page.claimed_as}" if page.claimed_as else ""
        return redirect(reverse(NEXT_PAGES[page.step]) + claimed_as)
    if page.card is not None:
        outreach.open_card(page.card, by=request.holder, delivery_key=request.GET.get("d", ""))
    return render(request, "desk/phone_home.html", {"page": page})


def show_whom_it_was_for(holder: Holder, key: str) -> None:
    delivery = outreach_queries.find_by_delivery_key(holder, key)
    if delivery is not None and delivery.patient_id is not None:
        patients.show_patient(holder, delivery.patient_id)
