"""The console's moments: list with progress, one with its preview and results, and writing one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lianxin.channels import actions as channels
from lianxin.channels import reasons
from lianxin.channels.adapters.base import Attachment
from lianxin.channels.models import Account, Moment
from lianxin.channels.queries import find_file, list_accounts, list_moment_members
from lianxin.core.errors import NotFoundError, RefusedError
from lianxin.journeys import actions, queries, words
from lianxin.journeys.forms import MomentChoices, MomentForm
from lianxin.journeys.models import MomentDraft
from lianxin.journeys.queries import MomentLine
from lianxin.staff.queries import find_by_wecom
from lianxin.web.http import StaffRequest, staff_view

PAGE_ROWS = 30


@require_GET
@staff_view("journey.read")
def list_moments(request: StaffRequest) -> HttpResponse:
    found = queries.list_moment_drafts(request.staff)
    page = Paginator(found, PAGE_ROWS).get_page(request.GET.get("page"))
    lines = queries.follow_moments(request.staff.hospital_id, list(page.object_list))
    context = {
        "page": page,
        "rows": [describe(line) for line in lines],
        "may_edit": request.staff.may("journey.edit"),
    }
    return render(request, "journeys/moments.html", context)


def describe(line: MomentLine) -> dict[str, Any]:
    """Put one moment into words: where it stands, and how many have published it."""
    draft, made = line.draft, line.made
    state = made.state if made else draft.state
    word, tone = words.MOMENT_STATES["waiting" if state == "approved" else state]
    title = draft.item.published.title if draft.item and draft.item.published else ""
    return {
        "line": line,
        "word": word,
        "tone": tone,
        "title": title,
        "words": draft.text or title or _("一张图片"),
        "reason": reasons.sentence_of(made.reason_code) if made and made.reason_code else "",
    }


@require_GET
@staff_view("journey.read")
def show_moment(request: StaffRequest, key: str) -> HttpResponse:
    """Show one moment as customers will see it, who has published it and what came of it."""
    draft = queries.access_moment_draft(request.staff, key)
    [line] = queries.follow_moments(draft.hospital_id, [draft])
    staff, is_draft = request.staff, draft.state == MomentDraft.State.DRAFT
    context = describe(line) | {
        "draft": draft,
        "files": queries.files_of_moment(draft),
        "made": line.made,
        "senders": sender_rows(line),
        "left_out": [name_of(draft, one) for one in line.made.invalid_userids] if line.made else [],
        "may_approve": staff.may("journey.approve") and is_draft and draft.made_by_id != staff.pk,
        "may_edit": staff.may("journey.edit") and is_draft,
        "may_withdraw": staff.may("journey.edit") and (is_draft or is_stoppable(line.made)),
    }
    return render(request, "journeys/moment.html", context)


def is_stoppable(made: Moment | None) -> bool:
    return made is not None and made.state in {Moment.State.WAITING, Moment.State.OPEN}


def sender_rows(line: MomentLine) -> list[tuple[str, Any]]:
    """Return who may publish and since when it is published; before it is made, who is to."""
    if line.made is not None and line.members:
        rows = list_moment_members(line.made)
        if rows:
            return [(name_of(line.draft, row.staff_userid), row.published_at) for row in rows]
    chosen = set(line.draft.sender_ids)
    senders = queries.list_senders(line.draft.hospital_id)
    return [(one.name, None) for one in senders if one.pk in chosen]


def name_of(draft: MomentDraft, userid: str) -> str:
    staff = find_by_wecom(draft.hospital_id, userid)
    return staff.name if staff else userid


@require_http_methods(["GET", "POST"])
@staff_view("journey.edit")
def new_moment(request: StaffRequest) -> HttpResponse:
    return write_moment(request, None)


@require_http_methods(["GET", "POST"])
@staff_view("journey.edit")
def edit_moment(request: StaffRequest, key: str) -> HttpResponse:
    return write_moment(request, queries.access_moment_draft(request.staff, key))


def write_moment(request: StaffRequest, draft: MomentDraft | None) -> HttpResponse:
    choices = find_choices(request)
    if request.method != "POST":
        return show_form(request, MomentForm(choices, initial=initial_of(draft, choices)), draft)
    form = MomentForm(choices, request.POST, request.FILES)
    if not form.is_valid():
        return show_form(request, form, draft, status=422)
    try:
        content = form.as_content(keep_files(request, form, draft))
        saved = actions.save_moment(content, by=request.staff, draft=draft)
    except RefusedError as error:
        form.add_error(None, str(error))
        return show_form(request, form, draft, status=422)
    messages.success(request, _("已保存，请另一位同事批准。"))
    return redirect("journeys:moment", key=saved.key)


def keep_files(
    request: StaffRequest, form: MomentForm, draft: MomentDraft | None
) -> tuple[Attachment, ...]:
    """Keep what was chosen; nothing chosen leaves the draft's own files."""
    chosen = form.cleaned_data["picture"]
    if not chosen:
        return queries.files_of_moment(draft) if draft else ()
    kept = [
        channels.keep_file(Account.Kind.WECOM, one.read(), one.name, by=request.staff)
        for one in chosen
    ]
    return tuple(Attachment(one.kind, file=one.sha256) for one in kept)


def find_choices(request: StaffRequest) -> MomentChoices:
    hospital_id = request.staff.hospital_id
    accounts = list_accounts(hospital_id).active().filter(kind=Account.Kind.WECOM)
    items = queries.list_linkable_items(hospital_id)
    return MomentChoices(list(accounts), items, queries.list_senders(hospital_id))


def initial_of(draft: MomentDraft | None, choices: MomentChoices) -> dict[str, Any]:
    if draft is None:
        return {"senders": [one.key for one in choices.senders]}
    return {
        "account": draft.account.key,
        "text": draft.text,
        "item": draft.item.key if draft.item else "",
        "senders": [one.key for one in choices.senders if one.pk in draft.sender_ids],
    }


def show_form(
    request: HttpRequest, form: MomentForm, draft: MomentDraft | None, *, status: int = 200
) -> HttpResponse:
    context = {"form": form, "draft": draft}
    return render(request, "journeys/edit_moment.html", context, status=status)


@require_GET
@staff_view("journey.read")
def show_picture(request: StaffRequest, key: str) -> HttpResponse:
    """Give a picture of one moment, as it was stored; without a number the first."""
    draft = queries.access_moment_draft(request.staff, key)
    files, number = queries.files_of_moment(draft), request.GET.get("number", "0")
    at = int(number[:2]) if number.isascii() and number.isdigit() else 0
    file = find_file(draft.hospital_id, files[at].file) if at < len(files) else None
    if file is None:
        raise NotFoundError
    response = HttpResponse(bytes(file.content), content_type=file.content_type)
    response["Cache-Control"] = "private, max-age=86400"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Disposition"] = "inline" if file.kind == "image" else "attachment"
    return response


@require_POST
@staff_view("journey.approve")
def approve(request: StaffRequest, key: str) -> HttpResponse:
    draft = queries.access_moment_draft(request.staff, key)
    actions.approve_moment(draft, by=request.staff)
    messages.success(request, _("已批准，正在企业微信里创建；同事发表之后客户才看得到。"))
    return redirect("journeys:moment", key=key)


@require_POST
@staff_view("journey.edit")
def withdraw(request: StaffRequest, key: str) -> HttpResponse:
    draft = queries.access_moment_draft(request.staff, key)
    actions.withdraw_moment(draft, by=request.staff)
    messages.success(request, _("已撤下；已经发表的还看得到，要在企业微信里删除。"))
    return redirect("journeys:moment", key=key)
