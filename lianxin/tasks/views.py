"""Console pages: what is to be done, one task, and how a try went."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from lianxin.core import access_log
from lianxin.staff.queries import access_staff
from lianxin.tasks import actions, queries
from lianxin.tasks.forms import AssigneeForm, TryForm
from lianxin.tasks.models import StaffTask
from lianxin.tasks.queries import TaskFilter
from lianxin.web.http import StaffRequest, staff_view
from lianxin.web.parts import Chip, Option

PAGE_ROWS = 50


@require_GET
@staff_view("task.read")
def index(request: StaffRequest) -> HttpResponse:
    """Show tasks, the most pressing first."""
    wanted = read_filter(request)
    page = Paginator(queries.list_tasks(request.staff, wanted), PAGE_ROWS).get_page(
        request.GET.get("page")
    )
    rows = list(page.object_list)
    shown = [task.patient_id for task in rows if task.patient_id]
    access_log.record_views(request.staff, shown, page="tasks:list")
    context = {
        "page": page,
        "lines": queries.describe_tasks(request.staff.hospital_id, rows),
        "chips": state_chips(request, wanted),
        "options": whose_options(request, wanted),
        "wanted": wanted,
    }
    template = "tasks/list.html#rows" if request.htmx else "tasks/list.html"
    return render(request, template, context)


def read_filter(request: HttpRequest) -> TaskFilter:
    state = request.GET.get("state", StaffTask.State.OPEN)
    whose = request.GET.get("whose", queries.ALL)
    return TaskFilter(
        state=state if state in StaffTask.State.values else StaffTask.State.OPEN,
        whose=whose if whose in (queries.MINE, queries.TEAM) else queries.ALL,
    )


def with_value(request: HttpRequest, name: str, value: str) -> str:
    values = request.GET.copy()
    values.pop("page", None)
    values[name] = value
    return f"?{values.urlencode()}"


def state_chips(request: HttpRequest, wanted: TaskFilter) -> list[Chip]:
    choices = [
        (StaffTask.State.OPEN, _("待处理")),
        (StaffTask.State.DONE, _("已完成")),
        (StaffTask.State.CANCELLED, _("已取消")),
    ]
    return [
        Chip(label, with_value(request, "state", state), is_current=wanted.state == state)
        for state, label in choices
    ]


def whose_options(request: HttpRequest, wanted: TaskFilter) -> list[Option]:
    choices = [(queries.MINE, _("我的")), (queries.TEAM, _("本组")), (queries.ALL, _("全院"))]
    return [
        Option(label, with_value(request, "whose", code), is_current=wanted.whose == code)
        for code, label in choices
    ]


@require_GET
@staff_view("task.read")
def task(request: StaffRequest, key: str) -> HttpResponse:
    """Show one task: why, what to do, what was tried, and the form for the next try."""
    found = queries.access_task(request.staff, key)
    if found.patient_id:
        access_log.record_views(request.staff, [found.patient_id], page="tasks:task")
    return render(request, "tasks/task.html", page_context(request, found, TryForm(found)))


def page_context(request: StaffRequest, found: StaffTask, form: TryForm) -> dict[str, object]:
    [line] = queries.describe_tasks(request.staff.hospital_id, [found])
    people = queries.list_possible_assignees(request.staff)
    return {
        "line": line,
        "task": found,
        "form": form,
        "assignee_form": AssigneeForm(people, current=found.assignee.key if found.assignee else ""),
        "attempts": queries.describe_attempts(found),
        "note": queries.note_of(found) if request.staff.may("patient.reveal") else "",
        "may_act": request.staff.may("task.complete") and found.state == StaffTask.State.OPEN,
    }


@require_POST
@staff_view("task.complete")
def add_try(request: StaffRequest, key: str) -> HttpResponse:
    """Write how one try went."""
    found = queries.access_task(request.staff, key)
    form = TryForm(found, request.POST)
    if not form.is_valid():
        return render(request, "tasks/task.html", page_context(request, found, form), status=422)
    done = actions.finish_try(
        found, form.cleaned_data["outcome"], note=form.cleaned_data["note"], by=request.staff
    )
    is_open = done.state == StaffTask.State.OPEN
    messages.success(request, _("已记录，到时间会再提醒。") if is_open else _("已完成。"))
    return redirect("tasks:task", key=key)


@require_POST
@staff_view("task.complete")
def assign(request: StaffRequest, key: str) -> HttpResponse:
    """Give the task to a colleague, or back to the team."""
    found = queries.access_task(request.staff, key)
    form = AssigneeForm(queries.list_possible_assignees(request.staff), request.POST)
    if not form.is_valid():
        context = page_context(request, found, TryForm(found)) | {"assignee_form": form}
        return render(request, "tasks/task.html", context, status=422)
    chosen = form.cleaned_data["assignee"]
    assignee = access_staff(request.staff, chosen) if chosen else None
    actions.reassign_task(found, assignee, by=request.staff)
    messages.success(request, _("已转交。"))
    return redirect("tasks:task", key=key)


@require_POST
@staff_view("task.complete")
def cancel(request: StaffRequest, key: str) -> HttpResponse:
    """Close a task whose matter has gone."""
    actions.cancel_task(queries.access_task(request.staff, key), by=request.staff)
    messages.success(request, _("已取消。"))
    return redirect("tasks:list")
