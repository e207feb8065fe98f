"""Console pages: the channels and how they are."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from lianxin.channels import actions, queries, reasons
from lianxin.channels.models import Account
from lianxin.channels.views.states import State
from lianxin.channels.views.syncs import sync_panel
from lianxin.web.http import StaffRequest, staff_view

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
class AccountRow:
    account: Account
    kind: str | Promise
    state: State


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
        "panel": sync_panel(found),
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
