"""Console pages: the chat archive of a WeCom account, how it is, and switching it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lianxin.channels import actions, facts, queries, reasons
from lianxin.channels.adapters.wecom.archive import KEY_UNKNOWN
from lianxin.channels.forms.archive import ArchiveForm, KeyForm, OffForm
from lianxin.channels.models import Account, Archive, ArchiveKey
from lianxin.channels.queries import archive as archive_queries
from lianxin.channels.rules.archive import find_loss
from lianxin.channels.views.states import State
from lianxin.channels.words import checks as check_words
from lianxin.core import time
from lianxin.core.errors import NotFoundError
from lianxin.staff.queries import find_many_by_wecom
from lianxin.web.http import StaffRequest, staff_view

PAGE = "channels/archive.html"


def state_of(archive: Archive | None) -> State:
    if archive is None or not archive.is_on:
        return State(_("未开启"), "line", _("现在不读取任何会话。"))
    if archive.failure_code:
        return State(_("读不到"), "danger", failure_sentence(archive))
    return State(_("已开启"), "ok", _("每几分钟读一次，平台通知有新会话时马上读。"))


def failure_sentence(archive: Archive) -> str:
    if archive.failure_code == KEY_UNKNOWN:
        return _(
            "平台的新消息用了第 %(version)s 版公钥，这里没有它的私钥，读到这里停下了。"
            "请核对下面的版本号。"
        ) % {"version": archive.missing_version}
    step = check_words.NEXT_STEPS.get(archive.failure_code, "")
    return f"{reasons.sentence_of(archive.failure_code)}{step}"


@dataclass(frozen=True)
class Gap:
    """A stretch of time of which nothing can be had any more."""

    since: datetime
    until: datetime


def gap_of(archive: Archive | None) -> Gap | None:
    """Return what is lost: as it was found at a reading, or as it grows while nothing is read."""
    if archive is None:
        return None
    if archive.is_on:
        loss = find_loss(archive.read_until, time.now(), facts.days("archive_kept_days"))
        if loss is not None:
            return Gap(*loss)
    if archive.lost_from is None or archive.lost_until is None:
        return None
    return Gap(archive.lost_from, archive.lost_until)


def deadline_of(archive: Archive | None) -> datetime | None:
    """Return when the provider begins to delete what a failing archive has not read."""
    if archive is None or not (archive.is_on and archive.failure_code and archive.read_until):
        return None
    return archive.read_until + facts.days("archive_kept_days")


def access_wecom(request: StaffRequest, key: str) -> Account:
    found = queries.access_account(request.staff, key)
    if found.kind != Account.Kind.WECOM:
        raise NotFoundError
    return found


@require_GET
@staff_view("channel.read")
def archive(request: StaffRequest, key: str) -> HttpResponse:
    """Show it; htmx asks again for the check while one is awaited."""
    account = access_wecom(request, key)
    template = f"{PAGE}#checks" if request.htmx else PAGE
    return render(request, template, page_context(request, account))


def page_context(
    request: StaffRequest,
    account: Account,
    form: ArchiveForm | None = None,
    key_form: KeyForm | None = None,
) -> dict[str, object]:
    found = queries.find_archive(account.pk)
    keys = archive_queries.list_archive_keys(account.pk)
    permitted = [str(one) for one in found.permitted_userids] if found else []
    names = find_many_by_wecom(account.hospital_id, permitted)
    return {
        "account": account,
        "archive": found,
        "state": state_of(found),
        "gap": gap_of(found),
        "deadline": deadline_of(found),
        "standing": queries.archive_standing(account),
        "kept_count": archive_queries.count_archived(account.pk),
        "checks": check_words.check_rows(archive_queries.archive_findings(found)) if found else [],
        "members": [names[one].name if one in names else one for one in permitted],
        "keys": keys,
        "form": form or ArchiveForm(found),
        "key_form": key_form or KeyForm(keys),
        "missing": missing_steps(found, keys),
        "may_manage": request.staff.may("archive.manage"),
    }


def missing_steps(found: Archive | None, keys: list[ArchiveKey]) -> list[str]:
    """Say what is to be done before it can be switched on."""
    steps = []
    if found is None or not found.secret_sealed or not found.purpose:
        steps.append(_("填好存档的 Secret、用途和保存天数。"))
    if not keys:
        steps.append(_("生成一对密钥，把公钥填到企业微信后台。"))
    return steps


@require_POST
@staff_view("archive.manage")
def change(request: StaffRequest, key: str) -> HttpResponse:
    account = access_wecom(request, key)
    form = ArchiveForm(queries.find_archive(account.pk), request.POST)
    if not form.is_valid():
        return render(request, PAGE, page_context(request, account, form=form), status=422)
    given = form.cleaned_data
    actions.change_archive(
        account,
        secret=given["secret"],
        purpose=given["purpose"],
        keep_days=given["keep_days"],
        seen=given["seen"],
        by=request.staff,
    )
    messages.success(request, _("已保存，正在检查。"))
    return redirect("channels:archive", key=key)


@require_POST
@staff_view("archive.manage")
def make_key(request: StaffRequest, key: str) -> HttpResponse:
    account = access_wecom(request, key)
    form = KeyForm(archive_queries.list_archive_keys(account.pk), request.POST)
    if not form.is_valid():
        return render(request, PAGE, page_context(request, account, key_form=form), status=422)
    actions.make_archive_key(account, form.cleaned_data["version"], by=request.staff)
    messages.success(request, _("已生成。请把公钥填到企业微信后台，旧的密钥仍保留。"))
    return redirect("channels:archive", key=key)


@require_POST
@staff_view("archive.manage")
def renumber_key(request: StaffRequest, key: str, version: int) -> HttpResponse:
    account = access_wecom(request, key)
    keys = archive_queries.list_archive_keys(account.pk)
    if version not in {one.version for one in keys}:
        raise NotFoundError
    form = KeyForm(keys, request.POST)
    if not form.is_valid():
        return render(request, PAGE, page_context(request, account, key_form=form), status=422)
    actions.renumber_archive_key(account, version, form.cleaned_data["version"], by=request.staff)
    messages.success(request, _("版本号已改。"))
    return redirect("channels:archive", key=key)


@require_POST
@staff_view("archive.manage")
def turn_on(request: StaffRequest, key: str) -> HttpResponse:
    actions.turn_on_archive(access_wecom(request, key), by=request.staff)
    messages.success(request, _("已开启。只保存患者明确同意之后的单聊。"))
    return redirect("channels:archive", key=key)


@require_http_methods(["GET", "POST"])
@staff_view("archive.manage")
def turn_off(request: StaffRequest, key: str) -> HttpResponse:
    """Say what will happen, let it be chosen, then stop."""
    account = access_wecom(request, key)
    form = OffForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        erases = form.cleaned_data["kept"] == OffForm.ERASE
        actions.turn_off_archive(account, erases=erases, by=request.staff)
        messages.success(
            request, _("已停止读取，保存的会话正在删除。") if erases else _("已停止读取。")
        )
        return redirect("channels:archive", key=key)
    context = {
        "account": account,
        "form": form,
        "kept_count": archive_queries.count_archived(account.pk),
        "archive": queries.find_archive(account.pk),
    }
    status = 422 if form.is_bound else 200
    return render(request, "channels/archive_off.html", context, status=status)


@require_POST
@staff_view("archive.manage")
def check(request: StaffRequest, key: str) -> HttpResponse:
    account = access_wecom(request, key)
    actions.request_archive_check(account, by=request.staff)
    if request.htmx:
        return render(request, f"{PAGE}#checks", page_context(request, account))
    return redirect("channels:archive", key=key)
