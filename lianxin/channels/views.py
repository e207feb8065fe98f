"""Console pages: the channels and how they are, the live codes and whom they brought."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lianxin.channels import actions, forms, queries, reasons, rules, words
from lianxin.channels.models import Account, LiveCode
from lianxin.channels.queries import CodeCount
from lianxin.channels.rules import Answering
from lianxin.core import time
from lianxin.web.http import StaffRequest, staff_view

PAGE_ROWS = 40

KINDS: dict[str, str | Promise] = {
    "wecom": gettext_lazy("企业微信"),
    "wecom_kf": gettext_lazy("微信客服"),
    "official_account": gettext_lazy("公众号"),
    "mini_program": gettext_lazy("小程序"),
    "webchat": gettext_lazy("网页聊天"),
    "sms": gettext_lazy("短信"),
}
CAN_DO: dict[str, list[str | Promise]] = {
    "wecom": [
        gettext_lazy("新客户欢迎语（20 秒内，一次）"),
        gettext_lazy("添加与删除的通知"),
        gettext_lazy("群发任务：由员工在企业微信里确认后才送出"),
        gettext_lazy("给员工的应用消息"),
    ],
    "wecom_kf": [
        gettext_lazy("收患者的消息"),
        gettext_lazy("患者来消息后 48 小时内回复，最多 5 条"),
        gettext_lazy("会话被同事在客户端接管后，这里只能看"),
    ],
    "official_account": [
        gettext_lazy("收关注、扫码和消息"),
        gettext_lazy("患者来消息后 48 小时内回复，最多 5 条"),
        gettext_lazy("模板消息：只能用已批准的文字"),
    ],
    "mini_program": [
        gettext_lazy("收患者在小程序客服里写的消息"),
        gettext_lazy("患者来消息后 48 小时内回复，最多 5 条；进入客服后 1 分钟内 2 条"),
        gettext_lazy("订阅消息：患者每勾选一次，只能发一条"),
    ],
    "webchat": [gettext_lazy("患者在手机页面上写，这里回复；不需要任何外部账号")],
    "sms": [gettext_lazy("验证码短信；不写病名")],
}
CANNOT: dict[str, str | Promise] = {
    "wecom": gettext_lazy("企业微信的单聊内容不会进入连心，这是平台规则，不是故障。"),
    "mini_program": gettext_lazy("没有勾选就不能发提醒，这是平台规则，不是故障。"),
    "sms": gettext_lazy("短信只用已批准的模板。"),
}
HAS_CALLBACK = {"wecom", "wecom_kf", "official_account", "mini_program"}


@dataclass(frozen=True)
class State:
    """How an account is, in words."""

    word: str
    tone: str
    sentence: str


@dataclass(frozen=True)
class AccountRow:
    account: Account
    kind: str | Promise
    state: State


@dataclass(frozen=True)
class CodeRow:
    code: LiveCode
    state: State
    count: CodeCount
    who: str


def state_of(account: Account) -> State:
    if not account.is_active:
        return State(_("已停用"), "line", _("不收也不发。"))
    if account.check_requested_at is not None:
        return State(_("检查中"), "accent", _("正在试着连接平台。"))
    if account.health == Account.Health.WORKING:
        return State(_("正常"), "ok", _("上次检查通过。"))
    if account.health == Account.Health.FAILING:
        return State(_("不通"), "danger", reasons.sentence_of(account.health_reason))
    return State(_("未检查"), "line", _("还没有检查过。"))


def code_state(code: LiveCode) -> State:
    if not code.is_active:
        return closed_state(code)
    if code.state == LiveCode.State.READY:
        return State(_("可用"), "ok", "")
    if code.state == LiveCode.State.FAILED:
        return State(_("没有建成"), "danger", reasons.sentence_of(code.failure_code))
    sentence = reasons.sentence_of(code.failure_code) if code.failure_code else ""
    return State(_("生成中"), "accent", sentence)


def closed_state(code: LiveCode) -> State:
    if code.account.kind == Account.Kind.OFFICIAL_ACCOUNT:
        sentence = _("公众号的永久二维码平台不能收回，请取下印出去的码。")
        return State(_("已停用"), "line", sentence)
    if code.config_id or code.asked_at is not None:
        return State(_("正在停用"), "accent", _("等平台收回这个码。"))
    return State(_("已停用"), "line", _("平台已收回，扫码不再有反应。"))


@require_GET
@staff_view("channel.read")
def accounts(request: StaffRequest) -> HttpResponse:
    rows = [
        AccountRow(account, KINDS[account.kind], state_of(account))
        for account in queries.list_accounts(request.staff.hospital_id)
    ]
    failing = sum(row.state.tone == "danger" for row in rows)
    return render(request, "channels/accounts.html", {"rows": rows, "failing": failing})


@require_GET
@staff_view("channel.read")
def account(request: StaffRequest, key: str) -> HttpResponse:
    """Show one account; htmx asks again for the state while a check is on its way."""
    found = queries.access_account(request.staff, key)
    context = account_context(request, found)
    template = "channels/account.html"
    return render(request, f"{template}#state" if request.htmx else template, context)


def account_context(request: StaffRequest, found: Account) -> dict[str, object]:
    callback = f"{settings.EDGE_ORIGIN}/callbacks/{found.kind}/{found.key}/"
    return {
        "account": found,
        "kind": KINDS[found.kind],
        "state": state_of(found),
        "callback_url": callback if found.kind in HAS_CALLBACK else "",
        "can_do": CAN_DO[found.kind],
        "cannot": CANNOT.get(found.kind, ""),
        "may_manage": request.staff.may("channel.manage"),
    }


@require_POST
@staff_view("channel.manage")
def check(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_account(request.staff, key)
    actions.request_check(found, by=request.staff)
    if request.htmx:
        found.refresh_from_db()
        return render(request, "channels/account.html#state", account_context(request, found))
    return redirect("channels:account", key=key)


@require_GET
@staff_view("channel.read")
def codes(request: StaffRequest) -> HttpResponse:
    page = Paginator(queries.list_live_codes(request.staff), PAGE_ROWS).get_page(
        request.GET.get("page")
    )
    hospital_id, shown = request.staff.hospital_id, list(page)
    now = time.now()
    counts = queries.count_by_live_code(hospital_id, [code.pk for code in shown], now)
    answering = queries.answering_of(hospital_id, shown, now)
    rows = [as_row(code, counts[code.pk], answering[code.pk]) for code in shown]
    context = {"rows": rows, "page": page, "may_manage": request.staff.may("channel.manage")}
    return render(request, "channels/codes.html", context)


def as_row(code: LiveCode, count: CodeCount, answering: Answering) -> CodeRow:
    people = answering.members[:1] if code.is_single else answering.members
    names = words.names(one.name for one in people)
    is_shown = code.is_active and code.account.kind == Account.Kind.WECOM
    fixed = " · ".join(one.name for one in (code.staff, code.team) if one is not None)
    return CodeRow(code, code_state(code), count, names if is_shown else fixed)


@require_GET
@staff_view("channel.read")
def code(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_live_code(request.staff, key)
    hospital_id = request.staff.hospital_id
    now = time.now()
    answering = queries.answering_of(hospital_id, [found], now)[found.pk]
    counts = queries.count_by_live_code(hospital_id, [found.pk], now)
    row = as_row(found, counts[found.pk], answering)
    if request.htmx:
        return render(request, "channels/code.html#picture", {"row": row})
    return render(request, "channels/code.html", code_context(request, row, answering))


def code_context(request: StaffRequest, row: CodeRow, answering: Answering) -> dict[str, object]:
    found = row.code
    is_wecom = found.account.kind == Account.Kind.WECOM
    needs_nobody = not is_wecom and found.is_active
    return {
        "row": row,
        "is_wecom": is_wecom,
        "answering": "" if needs_nobody else words.answering_sentence(found, answering),
        "is_alone": is_wecom and found.is_active and not answering.members,
        "is_told": queries.code_step(found, answering) == rules.NOTHING,
        "failure": reasons.sentence_of(found.failure_code) if found.failure_code else "",
        "finding": words.FINDINGS.get(found.finding, ""),
        "roster": [words.member_sentence(one) for one in queries.list_members(found)],
        "versions": words.version_rows(queries.list_versions(found)),
        "may_manage": request.staff.may("channel.manage"),
    }


@require_http_methods(["GET", "POST"])
@staff_view("channel.manage")
def edit_code(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_live_code(request.staff, key)
    given = request.POST if request.method == "POST" else None
    form = forms.CodeForm(request.staff, found, given)
    roster = forms.RosterFormSet(request.staff, found, given)
    is_wecom = found.account.kind == Account.Kind.WECOM
    # An Official Account's code has nobody behind it, so its page sends no roster.
    has_roster = not is_wecom or roster.is_valid()
    if form.is_valid() and has_roster:
        content = form.content(roster.lines() if is_wecom else ())
        actions.change_live_code(found, content, seen=form.number, by=request.staff)
        follows = _("已保存。平台会在一分钟内跟上。")
        messages.success(request, follows if is_wecom else _("已保存。"))
        return redirect("channels:code", key=key)
    context = {"code": found, "form": form, "roster": roster, "is_wecom": is_wecom}
    status = 422 if form.is_bound else 200
    return render(request, "channels/edit_code.html", context, status=status)


@require_POST
@staff_view("channel.manage")
def close_code(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_live_code(request.staff, key)
    seen = forms.SeenForm(request.POST).number
    actions.close_live_code(found, seen=seen, by=request.staff)
    messages.success(request, _("已停用。"))
    return redirect("channels:code", key=key)


@require_POST
@staff_view("channel.manage")
def reopen_code(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_live_code(request.staff, key)
    seen = forms.SeenForm(request.POST).number
    actions.reopen_live_code(found, seen=seen, by=request.staff)
    messages.success(request, _("已重新启用。"))
    return redirect("channels:code", key=key)


@require_POST
@staff_view("channel.manage")
def delete_code(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_live_code(request.staff, key)
    actions.delete_live_code(found, by=request.staff)
    messages.success(request, _("活码已删除。"))
    return redirect("channels:codes")


@require_http_methods(["GET", "POST"])
@staff_view("channel.manage")
def new_code(request: StaffRequest) -> HttpResponse:
    form = forms.LiveCodeForm(request.staff, request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = actions.create_live_code(
            form.account_chosen,
            form.cleaned_data["name"],
            by=request.staff,
            staff=form.staff_chosen,
            team=form.team_chosen,
            tag_names=form.cleaned_data["tags"],
            welcome_text=form.cleaned_data["welcome_text"],
        )
        messages.success(request, _("活码正在生成，几秒后就能用。"))
        return redirect("channels:code", key=made.key)
    status = 422 if form.is_bound else 200
    return render(request, "channels/new_code.html", {"form": form}, status=status)
