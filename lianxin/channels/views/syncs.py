"""Console: how far the comparison of contacts is, starting and stopping it."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from lianxin.channels import actions, queries, reasons
from lianxin.channels.models import Account, ContactSync
from lianxin.channels.views.states import State
from lianxin.core.errors import RefusedError
from lianxin.web.http import StaffRequest, staff_view

SHOWN_MEMBERS = 20


@dataclass(frozen=True)
class SyncPanel:
    """The latest comparison of an account, in words."""

    sync: ContactSync | None
    state: State
    changes: str
    unlicensed: str
    # How many contacts wait to be looked at on their own.
    waiting: int


def sync_panel(account: Account) -> SyncPanel | None:
    """Describe the latest comparison; None for accounts without a list of contacts."""
    if account.kind != Account.Kind.WECOM:
        return None
    waiting = queries.count_contacts_to_read(account.hospital_id, account.pk)
    sync = queries.find_last_sync(account.hospital_id, account.pk)
    if sync is None:
        nothing = State(_("还没有核对过"), "line", _("核对会逐页读取企业微信的联系人名单。"))
        return SyncPanel(None, nothing, "", "", waiting)
    return SyncPanel(
        sync, sync_state(sync), changes_sentence(sync), unlicensed_sentence(sync), waiting
    )


def sync_state(sync: ContactSync) -> State:
    if sync.state == ContactSync.State.WAITING and not sync.failure_code:
        return State(_("等待中"), "accent", _("马上开始。"))
    if sync.is_open and sync.failure_code:
        waits = _("%(why)s 稍后从停下的地方接着核对。") % {
            "why": reasons.sentence_of(sync.failure_code)
        }
        return State(_("稍后继续"), "warn", waits)
    progress = progress_sentence(sync)
    if sync.is_open:
        return State(_("核对中"), "accent", progress)
    if sync.state == ContactSync.State.CANCELLED:
        return State(_("已停止"), "line", progress)
    if sync.state == ContactSync.State.FAILED:
        return State(_("没有完成"), "danger", reasons.sentence_of(sync.failure_code))
    return State(_("已完成"), "ok", progress)


def progress_sentence(sync: ContactSync) -> str:
    return _("已核对 %(done)s/%(all)s 位员工，%(seen)s 位联系人。") % {
        "done": sync.members_done_count,
        "all": sync.member_count,
        "seen": f"{sync.seen_count:,}",
    }


def changes_sentence(sync: ContactSync) -> str:
    if not sync.added_count and not sync.ended_count:
        return "" if sync.is_open else _("没有发现遗漏。")
    return _("补上 %(added)s 位，结束 %(ended)s 位。") % {
        "added": f"{sync.added_count:,}",
        "ended": f"{sync.ended_count:,}",
    }


def unlicensed_sentence(sync: ContactSync) -> str:
    """Say whose contacts the provider does not give, and what to do about it."""
    if not sync.unlicensed:
        return ""
    count = len(sync.unlicensed)
    sentence = ngettext(
        "%(count)s 位员工没有互通许可，平台不给出他们的联系人：%(who)s。",
        "%(count)s 位员工没有互通许可，平台不给出他们的联系人：%(who)s。",
        count,
    )
    who = _("、").join(sync.unlicensed[:SHOWN_MEMBERS])
    next_step = _("请在企业微信管理后台为他们分配许可。")
    return sentence % {"count": count, "who": who} + next_step


def sync_context(request: StaffRequest, account: Account) -> dict[str, object]:
    return {
        "account": account,
        "panel": sync_panel(account),
        "may_manage": request.staff.may("channel.manage"),
    }


@require_GET
@staff_view("channel.read")
def sync(request: StaffRequest, key: str) -> HttpResponse:
    """Show how far it is; without htmx that stands on the account's page."""
    found = queries.access_account(request.staff, key)
    if not request.htmx:
        return redirect("channels:account", key=key)
    return render(request, "channels/account.html#sync", sync_context(request, found))


@require_POST
@staff_view("channel.manage")
def start_sync(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_account(request.staff, key)
    actions.request_sync(found, by=request.staff)
    return show(request, found)


@require_POST
@staff_view("channel.manage")
def cancel_sync(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_account(request.staff, key)
    running = queries.find_open_sync(found.hospital_id, found.pk)
    if running is None:
        raise RefusedError(_("现在没有核对在进行。"))
    actions.cancel_sync(running, by=request.staff)
    return show(request, found)


def show(request: StaffRequest, account: Account) -> HttpResponse:
    if request.htmx:
        return render(request, "channels/account.html#sync", sync_context(request, account))
    return redirect("channels:account", key=account.key)
