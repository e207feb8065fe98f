"""Console pages of the inbox: the list, one thread with its composer, the patient beside it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages as django_messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lianxin.channels.actions import request_session
from lianxin.channels.queries import access_servicer
from lianxin.channels.rules.customer_service import ENDED, QUEUE, SERVED
from lianxin.conversations import actions, panes, queries, words
from lianxin.conversations.forms import (
    AboutForm,
    AssignForm,
    CloseForm,
    ReplyForm,
    ScriptForm,
    TextForm,
)
from lianxin.conversations.models import Script, Thread
from lianxin.conversations.queries import ThreadFilter
from lianxin.conversations.queries.ratings import count_by_staff, list_low
from lianxin.conversations.queries.scripts import access_script, list_scripts
from lianxin.core import access_log, time
from lianxin.core.errors import RefusedError
from lianxin.core.ids import make_key
from lianxin.patients.queries import Member
from lianxin.staff.models import Staff
from lianxin.staff.queries import access_staff, list_departments
from lianxin.web.http import StaffRequest, staff_view
from lianxin.web.navigation import find_url
from lianxin.web.parts import Chip

PAGE = "conversations/inbox.html"
# How many days back the ratings are counted.
SPANS = ("30", "7", "90")


def wanted_filter(request: StaffRequest) -> ThreadFilter:
    """Read the filter from the address; anything unknown is the default."""
    tab, show = request.GET.get("tab", ""), request.GET.get("show", "")
    return ThreadFilter(
        tab=tab if tab in queries.TABS else queries.first_tab(request.staff),
        show=show if show in queries.SHOWS else "",
        account_kind=request.GET.get("account", "")[:20],
    )


def page_number(request: StaffRequest) -> int:
    text = request.GET.get("page", "1")
    return max(1, min(int(text), 500)) if text.isdecimal() and len(text) < 7 else 1


def list_context(request: StaffRequest, current: Thread | None = None) -> dict[str, Any]:
    """Build the left pane and write down whom it showed."""
    pane = panes.make_list(
        request.staff, wanted_filter(request), page_number(request), current, language(request)
    )
    shown = panes.newly_shown(pane, request.GET.get("since", ""))
    access_log.record_views(request.staff, shown, page="conversations:inbox")
    return {"pane": pane}


def language(request: StaffRequest) -> str:
    del request
    return translation.get_language() or "zh-hans"


@require_GET
@never_cache
@staff_view("message.read")
def inbox(request: StaffRequest) -> HttpResponse:
    """Show the list; the right side says what to do first."""
    return render(request, PAGE, list_context(request) | {"thread": None})


@require_GET
@never_cache
@staff_view("message.read")
def lines(request: StaffRequest) -> HttpResponse:
    """Return the list alone: after a live update, or by a filter."""
    found = request.GET.get("thread", "")
    current = queries.access_thread(request.staff, found) if found else None
    return render(request, f"{PAGE}#list", list_context(request, current))


@require_GET
@never_cache
@staff_view("insight.read")
def ratings(request: StaffRequest) -> HttpResponse:
    """Show how patients found their talks, by member of staff."""
    found = request.GET.get("days", "")
    days = int(found) if found in SPANS else int(SPANS[0])
    since = time.now() - timedelta(days=days)
    chips = [
        Chip(_("近 %(count)s 天") % {"count": span}, f"?days={span}", is_current=int(span) == days)
        for span in sorted(SPANS, key=int)
    ]
    rows = count_by_staff(request.staff, since)
    # Who may not read talks comes from the numbers, everybody else from the inbox.
    above = (_("会话"), "conversations:inbox")
    if not request.staff.may("message.read"):
        above = (_("数据"), "insight:overview")
    context = {
        "crumbs": [(above[0], find_url(above[1])), (_("满意度"), "")],
        "rows": rows,
        "lead": words.ratings_lead(rows),
        "low": list_low(request.staff, since),
        "chips": chips,
    }
    return render(request, "conversations/ratings.html", context)


@require_GET
@never_cache
@staff_view("message.read")
def thread(request: StaffRequest, key: str) -> HttpResponse:
    """Show one thread with the patient beside it; opening it marks it as read."""
    found = queries.access_thread(request.staff, key)
    actions.mark_read(found, by=request.staff)
    context = thread_context(request, found)
    note_look(request, found, context["thread"].card.household)
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, f"{PAGE}#thread", context)
    return render(request, PAGE, context | list_context(request, found))


def note_look(request: StaffRequest, found: Thread, others: Iterable[Member] = ()) -> None:
    """Write down whom the panes show: whom the talk is about, and the others of a household."""
    seen = [found.patient_id, *(member.holding.patient_id for member in others)]
    shown = dict.fromkeys(patient_id for patient_id in seen if patient_id is not None)
    if shown:
        access_log.record_views(request.staff, shown, page="conversations:thread")


def thread_context(
    request: StaffRequest,
    found: Thread,
    form: TextForm | None = None,
    view: panes.ThreadPane | None = None,
) -> dict[str, Any]:
    return {
        "thread": view or panes.make_thread(request.staff, found, language(request)),
        "list_query": request.GET.urlencode(),
        "form": form or TextForm(),
        "client_key": make_key(),
        "close_form": CloseForm(),
        "guard": None,
    }


@require_GET
@never_cache
@staff_view("message.read")
def messages(request: StaffRequest, key: str) -> HttpResponse:
    """Return the messages alone: after a live update, or further back."""
    found = queries.access_thread(request.staff, key)
    before = queries.find_message(found, request.GET.get("before", ""))
    view = panes.make_thread(request.staff, found, language(request), before=before)
    if request.GET.get("seen") == "1" and found.unread_count:
        actions.mark_read(found, by=request.staff)
    note_look(request, found)
    shown = render(request, f"{PAGE}#messages", {"thread": view, "is_older": before is not None})
    if before is None:
        shown.write(render_beside(request, found, view))
    return shown


def render_beside(request: StaffRequest, found: Thread, view: panes.ThreadPane) -> str:
    """Bring the composer up to date: a new message may open another way, or the first one."""
    stands = request.GET.get("state", view.state)
    part = "ways" if stands == view.state else "composer"
    context = thread_context(request, found, view=view) | {"oob": part}
    return render_to_string(f"{PAGE}#{part}", context, request)


@require_POST
@staff_view("message.send")
def reply(request: StaffRequest, key: str) -> HttpResponse:
    """Answer the patient through the gate."""
    found = queries.access_thread(request.staff, key)
    form = ReplyForm(request.POST)
    if not form.is_valid():
        return again(request, found, form)
    actions.send_reply(
        found,
        form.cleaned_data["text"],
        by=request.staff,
        client_key=form.cleaned_data["client_key"],
        address_key=form.cleaned_data["address"],
    )
    return said(request, found)


@require_POST
@staff_view("message.send")
def note(request: StaffRequest, key: str) -> HttpResponse:
    """Write for colleagues only."""
    found = queries.access_thread(request.staff, key)
    form = TextForm(request.POST)
    if not form.is_valid():
        return again(request, found, form)
    text, client_key = form.cleaned_data["text"], form.cleaned_data["client_key"]
    actions.add_note(found, text, by=request.staff, client_key=client_key)
    return said(request, found)


def again(request: StaffRequest, found: Thread, form: TextForm) -> HttpResponse:
    """Show the composer with what is wrong, and what was typed."""
    context = thread_context(request, found, form)
    if request.htmx:
        return render(request, f"{PAGE}#composer", context, status=422)
    return render(request, PAGE, context | list_context(request, found), status=422)


def said(request: StaffRequest, found: Thread) -> HttpResponse:
    """Empty the composer; the messages come by their own refresh."""
    if not request.htmx:
        return redirect(thread_url(request, found))
    fresh = queries.access_thread(request.staff, found.key)
    response = render(request, f"{PAGE}#composer", thread_context(request, fresh))
    response["HX-Trigger-After-Settle"] = "message-said"
    return response


def thread_url(request: StaffRequest, found: Thread) -> str:
    kept = {name: request.GET[name] for name in ("tab", "show", "page") if name in request.GET}
    url = reverse("conversations:thread", args=[found.key])
    return f"{url}?{urlencode(kept)}" if kept else url


@require_POST
@staff_view("message.send")
def wording(request: StaffRequest, key: str) -> HttpResponse:
    """Say what in the draft may not be sent, while it is typed. Nothing is stored."""
    found = queries.access_thread(request.staff, key)
    text = request.POST.get("text", "")[:4000]
    guard = panes.make_guard(found.hospital_id, text)
    return render(request, f"{PAGE}#guard", {"guard": guard})


@require_POST
@staff_view("message.send")
def assign(request: StaffRequest, key: str) -> HttpResponse:
    """Take a thread, or hand it to a colleague."""
    found = queries.access_thread(request.staff, key)
    form = AssignForm(request.POST)
    form.is_valid()
    taker = find_colleague(request.staff, form.cleaned_data.get("staff", ""))
    expected = find_colleague(request.staff, form.cleaned_data.get("expected", ""))
    expected_id = expected.pk if expected else None
    actions.assign_thread(found, taker, by=request.staff, expected_id=expected_id)
    return changed(request, found)


@require_POST
@staff_view("message.send")
def about(request: StaffRequest, key: str) -> HttpResponse:
    """Say which of the people behind one phone the talk is about."""
    found = queries.access_thread(request.staff, key)
    form = AboutForm(request.POST)
    if not form.is_valid():
        return HttpResponse(_("请选一位患者。"), status=422)
    actions.choose_patient(found, form.cleaned_data["patient"], by=request.staff)
    return redirect("conversations:thread", key=key)


def find_colleague(staff: Staff, key: str) -> Staff | None:
    return access_staff(staff, key) if key else None


@require_POST
@staff_view("message.send")
def session(request: StaffRequest, key: str) -> HttpResponse:
    """Hand a customer service session to the client, or end it there."""
    found = queries.access_thread(request.staff, key)
    address, to = found.last_address, request.POST.get("to", "")
    if address is None or not to:
        raise RefusedError(_("没有可以转接的会话。"))
    target = {panes.QUEUED: QUEUE, panes.FINISHED: ENDED}.get(to, SERVED)
    servicer = None
    if target == SERVED:
        servicer = access_servicer(request.staff, address.account, to)
    request_session(address, target, servicer=servicer, by=request.staff)
    return changed(request, found)


@require_POST
@staff_view("message.send")
def close(request: StaffRequest, key: str) -> HttpResponse:
    """End the consult with its kind and outcome."""
    found = queries.access_thread(request.staff, key)
    form = CloseForm(request.POST)
    if not form.is_valid():
        context = thread_context(request, found) | {"close_form": form}
        return render(request, f"{PAGE}#close_form", context, status=422)
    kind, outcome = form.cleaned_data["kind"], form.cleaned_data["outcome"]
    actions.close_thread(found, outcome=outcome, kind=kind, by=request.staff)
    return changed(request, found)


@require_POST
@staff_view("message.read")
def read(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_thread(request.staff, key)
    actions.mark_read(found, by=request.staff)
    return HttpResponse(status=204)


@require_POST
@staff_view("message.send")
def settle_danger(request: StaffRequest, key: str) -> HttpResponse:
    """Take the danger banner away: somebody has seen to it."""
    found = queries.access_thread(request.staff, key)
    actions.settle_danger(found, by=request.staff)
    return changed(request, found)


def changed(request: StaffRequest, found: Thread) -> HttpResponse:
    """Show the thread as it is now."""
    if not request.htmx:
        return redirect(thread_url(request, found))
    fresh = queries.access_thread(request.staff, found.key)
    return render(request, f"{PAGE}#thread", thread_context(request, fresh))


# --- Scripts -------------------------------------------------------------------------------------


@require_GET
@staff_view("script.edit")
def scripts(request: StaffRequest) -> HttpResponse:
    """List the ready words of the house."""
    return render(request, "conversations/scripts.html", {"rows": list_scripts(request.staff)})


@require_http_methods(["GET", "POST"])
@staff_view("script.edit")
def new_script(request: StaffRequest) -> HttpResponse:
    form = ScriptForm(list_departments(request.staff.hospital_id), request.POST or None)
    return edit_script(request, form)


@require_http_methods(["GET", "POST"])
@staff_view("script.edit")
def script(request: StaffRequest, key: str) -> HttpResponse:
    found = access_script(request.staff, key)
    standing = {
        "title": found.title,
        "text": found.text,
        "department": found.department.key if found.department else "",
        "revision": found.revision,
    }
    departments = list_departments(request.staff.hospital_id)
    form = ScriptForm(departments, request.POST or None, initial=standing)
    return edit_script(request, form, found)


def edit_script(
    request: StaffRequest, form: ScriptForm, found: Script | None = None
) -> HttpResponse:
    """Save what was typed; what the guard stops is shown beside the words."""
    guard = None
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        guard = panes.make_guard(request.staff.hospital_id, given["text"])
        if not guard.blocking:
            actions.save_script(
                request.staff.hospital_id,
                title=given["title"],
                text=given["text"],
                department=form.department_chosen,
                script=found,
                revision=given["revision"] or 0,
                by=request.staff,
            )
            django_messages.success(request, _("话术已保存。"))
            return redirect("conversations:scripts")
    context = {"form": form, "script": found, "guard": guard}
    status = 422 if request.method == "POST" else 200
    return render(request, "conversations/edit_script.html", context, status=status)


@require_POST
@staff_view("script.edit")
def withdraw_script(request: StaffRequest, key: str) -> HttpResponse:
    actions.withdraw_script(access_script(request.staff, key), by=request.staff)
    django_messages.success(request, _("话术已停用，大家不会再看到它。"))
    return redirect("conversations:scripts")
