"""The patient's side of the talk: write, read the answers, 120 always in sight."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from lianxin.conversations import actions, queries
from lianxin.conversations.forms import TextForm
from lianxin.conversations.models import Message
from lianxin.conversations.queries import Said
from lianxin.core.ids import make_key
from lianxin.patients.models import Holder
from lianxin.patients.queries import find_current_patient, household_of
from lianxin.web.http import PortalRequest, portal_view

PAGE = "conversations/phone_chat.html"


@dataclass(frozen=True)
class PhoneBubble:
    """One message on the phone."""

    said: Said

    @property
    def is_mine(self) -> bool:
        return self.said.message.is_from_patient

    @property
    def is_card(self) -> bool:
        return bool(self.said.message.card_code)

    @property
    def lines(self) -> list[str]:
        return self.said.body.split("\n")

    @property
    def is_waiting(self) -> bool:
        return self.said.message.delivery_state == Message.State.QUEUED


@require_http_methods(["GET", "POST"])
@never_cache
@portal_view
def chat(request: PortalRequest) -> HttpResponse:
    """Show the talk; a post adds what the patient wrote, once."""
    if request.method == "GET":
        return show(request, TextForm())
    form = TextForm(request.POST)
    if not form.is_valid():
        return show(request, form, status=422)
    key = form.cleaned_data["client_key"] or make_key()
    actions.write_from_page(request.holder, form.cleaned_data["text"], client_key=key)
    if request.htmx:
        return show(request, TextForm())
    return redirect("conversations:phone_chat")


def show(request: PortalRequest, form: TextForm, status: int = 200) -> HttpResponse:
    patient = find_current_patient(request.holder)
    context = {
        "people": household_of(request.holder, patient.pk if patient else None),
        "bubbles": make_bubbles(request.holder),
        "form": form,
        "client_key": make_key(),
        "holder": request.holder,
    }
    template = f"{PAGE}#talk" if request.htmx else PAGE
    return render(request, template, context, status=status)


def make_bubbles(holder: Holder) -> list[PhoneBubble]:
    """Return what this phone may see; what waited here has now arrived."""
    thread = queries.find_thread_of_holder(holder.hospital_id, holder.pk)
    if thread is None:
        return []
    said = queries.list_messages_for_holder(thread)
    actions.note_shown(holder.hospital_id, [one.message for one in said])
    return [PhoneBubble(one) for one in said]


@require_GET
@never_cache
@portal_view
def chat_messages(request: PortalRequest) -> HttpResponse:
    """Return the messages alone: after a live update, or every few seconds without one."""
    return render(request, f"{PAGE}#bubbles", {"bubbles": make_bubbles(request.holder)})
