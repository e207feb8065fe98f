"""Console pages: the customer groups, who is in them, and what keeps them safe."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from lianxin.channels import actions, group_consent, group_kit, queries
from lianxin.channels.forms.groups import PointForm, TransferForm
from lianxin.channels.models import Account, Group
from lianxin.channels.queries import GroupCount
from lianxin.channels.rules.groups import OWNER_LEFT
from lianxin.channels.views.states import State
from lianxin.channels.words import groups as words
from lianxin.core import time
from lianxin.core.errors import RefusedError
from lianxin.web.http import StaffRequest, staff_view

PAGE_ROWS = 40
SHOWN_PEOPLE = 100
CHART_DAYS = 30


@dataclass(frozen=True)
class GroupRow:
    group: Group
    name: str
    owner: str
    count: GroupCount
    state: State
    needs: list[str]
    done: str


def as_rows(groups: list[Group], hospital_id: int) -> list[GroupRow]:
    ids = [group.pk for group in groups]
    counts, checks = queries.count_members(ids, time.now()), queries.count_checks(ids)
    gone = queries.gone_userids(hospital_id)
    points = len(group_kit.load_kit().checklist)
    return [
        as_row(group, counts[group.pk], f"{checks.get(group.pk, 0)}/{points}", gone)
        for group in groups
    ]


def as_row(group: Group, count: GroupCount, done: str, gone: set[str]) -> GroupRow:
    owner = group.owner
    is_away = owner is not None and not owner.is_active
    has_left = group.status == OWNER_LEFT or is_away or group.owner_userid in gone
    return GroupRow(
        group=group,
        name=queries.details_of(group).name or _("还没有读到群名"),
        owner=owner.name if owner else group.owner_userid,
        count=count,
        state=words.group_state(group, has_owner_left=has_left),
        needs=words.needs(group, has_owner_left=has_left),
        done=done,
    )


@require_GET
@staff_view("channel.read")
def groups(request: StaffRequest) -> HttpResponse:
    staff = request.staff
    page = Paginator(queries.list_groups(staff), PAGE_ROWS).get_page(request.GET.get("page"))
    rows = as_rows(list(page), staff.hospital_id)
    codes = list(queries.list_join_codes(staff)[:PAGE_ROWS])
    brought = queries.count_by_join_code([code.pk for code in codes])
    context = {
        "rows": rows,
        "page": page,
        "needing": sum(bool(row.needs) for row in rows),
        "codes": [(code, words.join_code_state(code), *brought[code.pk]) for code in codes],
        "sync": words.sync_sentence(queries.find_last_group_sync(staff.hospital_id)),
        "has_account": wecom_accounts(staff.hospital_id).exists(),
        "may_manage": staff.may("channel.manage"),
    }
    return render(request, "channels/groups.html", context)


def wecom_accounts(hospital_id: int) -> QuerySet[Account]:
    return queries.list_accounts(hospital_id).active().filter(kind=Account.Kind.WECOM)


@require_POST
@staff_view("channel.manage")
def compare_groups(request: StaffRequest) -> HttpResponse:
    accounts = list(wecom_accounts(request.staff.hospital_id))
    if not accounts:
        raise RefusedError(_("还没有启用的企业微信账号，先去接入一个。"))
    for account in accounts:
        actions.request_group_sync(account, by=request.staff)
    messages.success(request, _("正在核对客户群，一会儿刷新就能看到。"))
    return redirect("channels:groups")


@require_GET
@staff_view("channel.read")
def group(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_group(request.staff, key)
    return render(request, "channels/group.html", group_context(request, found))


def group_context(
    request: StaffRequest, found: Group, form: TransferForm | None = None
) -> dict[str, object]:
    [row] = as_rows([found], request.staff.hospital_id)
    details, kit = queries.details_of(found), group_kit.load_kit()
    done = queries.checks_done(found)
    people = list(queries.list_people(found)[:SHOWN_PEOPLE])
    addresses = queries.outside_addresses(found)
    agreed = group_consent.count_agreed(found.hospital_id, addresses)
    since = time.now() - timedelta(days=CHART_DAYS + 2)
    transfers = list(queries.list_group_transfers(found)[:10])
    is_there = found.dismissed_at is None
    may_manage = request.staff.may("channel.manage")
    return {
        "row": row,
        "details": details,
        "size": words.size_sentence(row.count),
        "status": words.status_word(found),
        "missing": group_kit.missing_in(details.notice),
        "kit": kit,
        "points": [(point, done.get(point.code)) for point in kit.checklist],
        "keywords": [(one, words.MATCHES[one.match]) for one in kit.keywords],
        "people": [words.member_row(one) for one in people],
        "more": max(0, row.count.size - SHOWN_PEOPLE),
        "agreed": agreed,
        "unasked": row.count.outside - agreed,
        "codes": queries.list_codes_of_group(found),
        "chart": words.day_chart(queries.list_days(found, since)[-CHART_DAYS:]),
        "siblings": queries.count_groups_of(found.account_id, found.owner_userid),
        "transfers": [(one, words.transfer_state(one)) for one in transfers],
        "form": form or (TransferForm(request.staff, found) if may_manage and is_there else None),
        "may_manage": may_manage and is_there,
    }


@require_POST
@staff_view("channel.manage")
def look_at_group(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_group(request.staff, key)
    actions.look_again(found, by=request.staff)
    messages.success(request, _("正在重新读取这个群，一会儿刷新就能看到。"))
    return redirect("channels:group", key=key)


@require_POST
@staff_view("channel.manage")
def tick_group(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_group(request.staff, key)
    form = PointForm(request.POST)
    if not form.is_valid():
        raise RefusedError(_("清单里没有这一项。"))
    given = form.cleaned_data
    actions.tick_point(found, given["code"], is_done=given["is_done"], by=request.staff)
    return redirect("channels:group", key=key)


@require_POST
@staff_view("channel.manage")
def transfer_group(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_group(request.staff, key)
    form = TransferForm(request.staff, found, request.POST)
    if not form.is_valid():
        context = group_context(request, found, form)
        return render(request, "channels/group.html", context, status=422)
    actions.request_group_transfer(found, form.taker, by=request.staff)
    messages.success(request, _("已请平台移交，结果会写在这一页。"))
    return redirect("channels:group", key=key)
