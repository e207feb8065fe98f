"""The console's library: list, one piece with its review, the editor."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lianxin.channels import actions as channel_actions
from lianxin.channels import queries as channels
from lianxin.channels import reasons
from lianxin.channels.adapters.reactions import load_media_limits
from lianxin.channels.models import Campaign
from lianxin.channels.platforms import find_platform
from lianxin.content import actions, articles, packs, queries, words
from lianxin.content.forms import ApprovalForm, NewItemForm, NoteForm, RevisionForm, initial_of
from lianxin.content.models import Item, Revision
from lianxin.content.rules import difference, review
from lianxin.core import time
from lianxin.core.errors import NotFoundError, RefusedError
from lianxin.web.http import StaffRequest, staff_view
from lianxin.web.parts import Chip

PAGE_SIZE = 40
MOST_COVER_BYTES = load_media_limits()["official_account", "image"].bytes
SHOWN_STATES = ("in_review", "approved", "draft", "published", "withdrawn")


@require_GET
@staff_view("content.read")
def list_items(request: StaffRequest) -> HttpResponse:
    state = request.GET.get("state", "")
    search = request.GET.get("q", "")
    rows = queries.list_items(request.staff, state=state, search=search)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    ids = [item.pk for item in page]
    newest = queries.newest_revisions(request.staff.hospital_id, ids)
    openings = queries.openings_of(request.staff.hospital_id, ids)
    counts = queries.count_by_state(request.staff)
    context = {
        "page": page,
        "rows": [make_row(item, newest.get(item.pk), openings.get(item.pk, 0)) for item in page],
        "chips": state_chips(state, counts),
        "waiting": counts.get("in_review", 0),
        "search": search,
        "may_edit": request.staff.may("content.edit"),
    }
    return render(request, "content/list.html", context)


def state_chips(current: str, counts: dict[str, int]) -> list[Chip]:
    url = reverse("content:list")
    chips = [Chip(str(words.ALL), url, is_current=not current)]
    for state in SHOWN_STATES:
        word = str(words.STATES[state][0])
        chips.append(Chip(word, f"{url}?state={state}", counts.get(state, 0), state == current))
    return chips


def make_row(item: Item, newest: Revision | None, openings: int) -> dict[str, Any]:
    state = newest.state if newest else "draft"
    return {
        "item": item,
        "newest": newest,
        "title": newest.title if newest else item.code,
        "state_word": words.STATES[state][0],
        "state_tone": words.STATES[state][1],
        "class_word": words.CLASSES[item.classification],
        "language_word": words.LANGUAGES.get(item.language, item.language),
        "openings": openings,
    }


@require_http_methods(["GET", "POST"])
@staff_view("content.edit")
def add_item(request: StaffRequest) -> HttpResponse:
    form = NewItemForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        revision = actions.add_item(
            request.staff.hospital, form.facts(), form.words(), by=request.staff
        )
        return to_item(revision.item)
    status = 422 if form.errors else 200
    return render(request, "content/edit.html", {"form": form}, status=status)


@require_GET
@staff_view("content.read")
def show_item(request: StaffRequest, key: str) -> HttpResponse:
    item = queries.access_item(request.staff, key)
    revision = choose_revision(request, item)
    return render(request, "content/item.html", item_context(request, item, revision))


def choose_revision(request: StaffRequest, item: Item) -> Revision:
    typed = request.GET.get("version", "")
    if typed.isdecimal() and len(typed) < 7:
        return queries.access_revision(request.staff, item, int(typed))
    newest = queries.find_newest(item)
    if newest is None:
        raise NotFoundError
    return newest


def list_campaigns(request: StaffRequest, item: Item) -> list[Campaign]:
    """List the posts that a pack may be made for: none while nothing is published."""
    is_wanted = item.published_id is not None and request.staff.may("channel.read")
    found = channels.list_campaigns(request.staff) if is_wanted else []
    return [one for one in found if one.closed_at is None]


def article_context(request: StaffRequest, item: Item) -> dict[str, Any]:
    """Say what became of the piece at the Official Accounts, and what may be done there."""
    may = request.staff.may("content.publish")
    hospital_id = request.staff.hospital_id
    current = item.published.number if item.published else 0
    rows = channels.list_publications(hospital_id, item.key)
    accounts = channels.list_official_accounts(hospital_id) if may and current else []
    taken = {row.account_id for row in rows if row.number == current}
    return {
        "publications": [
            {
                "row": row,
                "word": words.PUBLICATIONS[row.state][0],
                "tone": words.PUBLICATIONS[row.state][1],
                "failure": reasons.sentence_of(row.failure_code) if row.failure_code else "",
                "counts": words.article_counts(row),
                "is_old": row.number != current and row.state == "published",
                "may_remove": may and row.state == "published",
            }
            for row in rows
        ],
        "official_accounts": [one for one in accounts if one.pk not in taken],
    }


def item_context(request: StaffRequest, item: Item, revision: Revision) -> dict[str, Any]:
    versions = queries.list_revisions(item)
    before = next((v for v in versions if v.number == revision.number - 1), None)
    findings = queries.find_findings(item, revision)
    return {
        "item": item,
        "revision": revision,
        "versions": versions,
        "before": before,
        "changes": difference.find_changes(before.body_html, revision.body_html) if before else [],
        "findings": findings,
        "blocked_count": sum(1 for finding in findings if finding.severity == "block"),
        "reviews": queries.list_reviews(revision),
        "readers": queries.count_readers(item),
        "campaigns": list_campaigns(request, item),
        **article_context(request, item),
        "minutes": difference.reading_minutes(revision.body_html),
        "characters": len(difference.plain_text(revision.body_html)),
        "state_word": words.STATES[revision.state][0],
        "state_tone": words.STATES[revision.state][1],
        "classes": words.CLASSES.items(),
        "language_word": words.LANGUAGES.get(item.language, item.language),
        "dimension_word": words.DIMENSIONS[item.dimension],
        "decisions": words.DECISIONS,
        "latest_review_on": review.latest_review_on(time.today(request.staff.hospital)),
        **permissions(request, item, revision),
    }


def permissions(request: StaffRequest, item: Item, revision: Revision) -> dict[str, Any]:
    """Say which buttons there are, and why an approval is not possible yet."""
    staff = request.staff
    facts = queries.facts_of(item, revision)
    today = time.today(staff.hospital)
    reasons = review.why_not_approve(facts, staff.pk, revision.content_hash, today)
    is_newest = not item.revisions.filter(number__gt=revision.number).exists()
    return {
        "may_edit": is_newest and staff.may("content.edit") and review.may_edit(facts),
        "may_submit": staff.may("content.edit") and review.may_submit(facts),
        "may_review": staff.may("content.review") and revision.state == review.IN_REVIEW,
        "may_publish": staff.may("content.publish") and revision.state == review.APPROVED,
        "may_withdraw": staff.may("content.publish") and item.published_id == revision.pk,
        "may_revise": is_newest and staff.may("content.edit") and not review.may_edit(facts),
        "may_comment": staff.may("content.edit") or staff.may("content.review"),
        "is_own": staff.pk in facts.author_ids,
        "why_not": [str(words.REASONS[reason]) for reason in reasons],
        "faults": [str(words.REASONS[fault]) for fault in review.find_faults(facts, today)],
    }


@require_http_methods(["GET", "POST"])
@staff_view("content.edit")
def edit_item(request: StaffRequest, key: str) -> HttpResponse:
    """Change the open version; without one the answer is the next version's form."""
    item = queries.access_item(request.staff, key)
    revision = queries.find_newest(item)
    if revision is None:
        raise NotFoundError
    is_open = review.may_edit(queries.facts_of(item, revision))
    form = RevisionForm(request.POST or None, initial=initial_of(revision))
    if request.method == "POST" and form.is_valid():
        if is_open:
            actions.edit_revision(revision, form.words(), by=request.staff)
        else:
            actions.start_revision(
                item,
                form.words(),
                by=request.staff,
                is_correction=request.POST.get("kind") == "correction",
            )
        return to_item(item)
    context = {"form": form, "item": item, "revision": revision, "is_new_version": not is_open}
    return render(request, "content/edit.html", context, status=422 if form.errors else 200)


@require_POST
@staff_view("content.edit")
def submit(request: StaffRequest, key: str, number: int) -> HttpResponse:
    item, revision = fetch(request, key, number)
    actions.submit_revision(revision, by=request.staff)
    return to_item(item)


@require_POST
@staff_view("content.read")
def comment(request: StaffRequest, key: str, number: int) -> HttpResponse:
    item, revision = fetch(request, key, number)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return refuse_form(request, item, revision, form)
    actions.comment_on(revision, form.cleaned_data["note"], by=request.staff)
    return to_item(item)


@require_POST
@staff_view("content.review")
def return_to_author(request: StaffRequest, key: str, number: int) -> HttpResponse:
    item, revision = fetch(request, key, number)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return refuse_form(request, item, revision, form)
    actions.return_revision(revision, form.cleaned_data["note"], by=request.staff)
    return to_item(item)


@require_POST
@staff_view("content.review")
def approve(request: StaffRequest, key: str, number: int) -> HttpResponse:
    item, revision = fetch(request, key, number)
    form = ApprovalForm(request.POST)
    if not form.is_valid():
        return refuse_form(request, item, revision, form)
    actions.approve_revision(
        revision,
        seen_hash=form.cleaned_data["seen_hash"],
        note=form.cleaned_data["note"],
        by=request.staff,
    )
    return to_item(item)


@require_POST
@staff_view("content.publish")
def publish(request: StaffRequest, key: str, number: int) -> HttpResponse:
    item, revision = fetch(request, key, number)
    actions.publish_revision(revision, by=request.staff)
    return to_item(item)


@require_POST
@staff_view("content.publish")
def withdraw(request: StaffRequest, key: str) -> HttpResponse:
    item = queries.access_item(request.staff, key)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return refuse_form(request, item, choose_revision(request, item), form)
    actions.withdraw_item(item, form.cleaned_data["note"], by=request.staff)
    return to_item(item)


def fetch(request: StaffRequest, key: str, number: int) -> tuple[Item, Revision]:
    item = queries.access_item(request.staff, key)
    return item, queries.access_revision(request.staff, item, number)


def refuse_form(
    request: StaffRequest, item: Item, revision: Revision, form: NoteForm
) -> HttpResponse:
    context = item_context(request, item, revision) | {"form": form}
    return render(request, "content/item.html", context, status=422)


def to_item(item: Item) -> HttpResponse:
    return HttpResponseRedirect(reverse("content:item", args=[item.key]))


@require_GET
@staff_view("content.read")
def pack(request: StaffRequest, key: str) -> HttpResponse:
    """Give the material of one post: published words only, with that post's own link."""
    item = queries.access_item(request.staff, key)
    revision = item.published
    if revision is None:
        raise RefusedError(_("只有已发布的内容能做成素材。"))
    campaign = channels.access_campaign(request.staff, request.GET.get("campaign", ""))
    platform = find_platform(campaign.platform)
    packed = packs.make_pack(revision, platform, channels.campaign_link(campaign), item.language)
    response = HttpResponse(packed, content_type="application/zip")
    name = f"{platform.code}-{item.key}.zip"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_POST
@staff_view("content.publish")
def publish_article(request: StaffRequest, key: str) -> HttpResponse:
    """Give the current version to one of the hospital's Official Accounts."""
    item = queries.access_item(request.staff, key)
    chosen = request.POST.get("account", "")
    accounts = channels.list_official_accounts(request.staff.hospital_id)
    account = next((one for one in accounts if one.key == chosen), None)
    if account is None:
        raise RefusedError(_("请选一个在用的公众号。"))
    picture = request.FILES.get("cover")
    # One byte more than is taken, so that the refusal of larger ones has words.
    cover = picture.read(MOST_COVER_BYTES + 1) if picture else b""
    articles.publish_article(item, account, by=request.staff, cover=cover)
    return to_item(item)


@require_POST
@staff_view("content.publish")
def remove_article(request: StaffRequest, key: str, publication_id: int) -> HttpResponse:
    item = queries.access_item(request.staff, key)
    row = channels.access_publication(request.staff, item.key, publication_id)
    channel_actions.remove_publication(row, by=request.staff)
    return to_item(item)
