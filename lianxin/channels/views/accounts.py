"""Console pages: the channels, how they are, and opening and changing one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lianxin.channels import (
    actions,
    facts,
    forms,
    queries,
    reasons,
    rules,
)
from lianxin.channels.adapters.checking import CALLBACK, UNKNOWN
from lianxin.channels.models import Account
from lianxin.channels.queries import links as link_queries
from lianxin.channels.views.archive import state_of as state_of_archive
from lianxin.channels.views.followers import followers_of
from lianxin.channels.views.states import State
from lianxin.channels.views.syncs import sync_panel
from lianxin.channels.words import checks as check_words
from lianxin.channels.words import links as link_words
from lianxin.channels.words import setup as setup_words
from lianxin.channels.words.links import QuotaWords
from lianxin.core import time
from lianxin.core.errors import NotFoundError
from lianxin.web.http import StaffRequest, staff_view
from lianxin.web.navigation import find_url

KINDS: dict[str, str | Promise] = {
    "wecom": gettext_lazy("企业微信"),
    "wecom_kf": gettext_lazy("微信客服"),
    "official_account": gettext_lazy("公众号"),
    "mini_program": gettext_lazy("小程序"),
    "webchat": gettext_lazy("网页聊天"),
    "sms": gettext_lazy("短信"),
    "voice": gettext_lazy("语音电话"),
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
        gettext_lazy("订阅通知：患者同意后才能发"),
    ],
    "mini_program": [
        gettext_lazy("收患者在小程序客服里写的消息"),
        gettext_lazy("患者来消息后 48 小时内回复，最多 5 条；进入客服后 1 分钟内 2 条"),
        gettext_lazy("订阅消息：患者每勾选一次，只能发一条"),
    ],
    "webchat": [
        gettext_lazy("患者在手机页面上写，这里回复；不需要任何外部账号"),
        gettext_lazy("访客在医院网站的聊天窗里写，核验后对话接着走"),
        gettext_lazy("网站已登录的患者由网站签名带进来，不用再核验"),
    ],
    "sms": [gettext_lazy("验证码短信；不写病名")],
    "voice": [
        gettext_lazy("红色告警无人接手时，给值班的人打电话"),
        gettext_lazy("接电话的人按 1，就是接手"),
    ],
}
CANNOT: dict[str, str | Promise] = {
    "wecom": gettext_lazy(
        "企业微信的单聊内容不会进入连心（只有会话内容存档例外，要购买并得到患者同意），这是平台规则，不是故障。"
    ),
    "mini_program": gettext_lazy("没有勾选就不能发提醒，这是平台规则，不是故障。"),
    "sms": gettext_lazy("短信只用已批准的模板。"),
    "voice": gettext_lazy("只打给自己登记了号码并同意的员工，不打给患者。"),
}
ICONS = {
    "wecom": "users",
    "wecom_kf": "messages",
    "official_account": "news",
    "mini_program": "apps",
    "webchat": "world",
    "sms": "device-mobile-message",
    "voice": "phone-call",
}


@dataclass(frozen=True)
class AccountRow:
    account: Account
    kind: str | Promise
    state: State


@dataclass(frozen=True)
class KindCard:
    kind: str
    label: str | Promise
    icon: str
    can_do: list[str | Promise]
    cannot: str | Promise


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
    context = {
        "rows": rows,
        "failing": failing,
        # The room above this one, where it is installed and this person may look.
        "handover_url": find_url("handover:list") if request.staff.may("handover.read") else "",
        "may_manage": request.staff.may("channel.manage"),
    }
    return render(request, "channels/accounts.html", context)


@require_GET
@staff_view("channel.read")
def account(request: StaffRequest, key: str) -> HttpResponse:
    """Show one account; htmx asks again for the state while something is awaited."""
    found = queries.access_account(request.staff, key)
    context = account_context(request, found)
    template = "channels/account.html"
    return render(request, f"{template}#state" if request.htmx else template, context)


def account_context(
    request: StaffRequest, found: Account, made: Mapping[str, str] | None = None
) -> dict[str, object]:
    """Gather the page. `made` are secrets made just now: shown this once and never again."""
    callback = f"{settings.EDGE_ORIGIN}/callbacks/{found.kind}/{found.key}/"
    has_callback = found.kind in queries.HAS_CALLBACK
    checks = check_words.check_rows(queries.list_checks(found))
    is_awaited = any(row.code == CALLBACK and row.state == UNKNOWN for row in checks)
    host = urlsplit(settings.BASE_URL).hostname or ""
    return {
        "account": found,
        "kind": KINDS[found.kind],
        "state": state_of(found),
        "checks": checks,
        "is_awaited": is_awaited and found.is_active,
        "callback_url": callback if has_callback else "",
        "sidebar_url": sidebar_address(found),
        "made": made or {},
        "steps": setup_words.setup_steps(found.kind, host),
        "can_do": CAN_DO[found.kind],
        "cannot": CANNOT.get(found.kind, ""),
        "may_manage": request.staff.may("channel.manage"),
        "panel": sync_panel(found),
        "archive": archive_of(found),
        "followers": followers_of(found),
        "follower_days": facts.count("follower_days_shown"),
        "quota": quota_of(found),
        "archive_state": state_of_archive(queries.find_archive(found.pk)),
        "embedding": embedding_of(found) if found.kind == Account.Kind.WEBCHAT else None,
    }


def archive_of(found: Account) -> queries.ArchiveStanding | None:
    return queries.archive_standing(found) if found.kind == Account.Kind.WECOM else None


def quota_of(found: Account) -> QuotaWords | None:
    """Say how the quota of acquisition links stands; other accounts have none."""
    if found.kind != Account.Kind.WECOM:
        return None
    return link_words.quota_words(link_queries.find_quota(found), found.hospital, time.now())


@dataclass(frozen=True)
class Embedding:
    """How a web chat is reached: its page, the line for other sites, and which ones may have it."""

    page_url: str
    snippet: str
    origins: list[str]


def embedding_of(found: Account) -> Embedding:
    script = f"{settings.BASE_URL}{static('conversations/widget.js')}"
    return Embedding(
        page_url=f"{settings.BASE_URL}/p/chat/{found.key}/",
        snippet=f'<script src="{script}" data-account="{found.key}" async></script>',
        origins=rules.list_origins(str(found.config.get("origins", ""))),
    )


@require_GET
@staff_view("channel.read")
def try_widget(request: StaffRequest, key: str) -> HttpResponse:
    """Show an empty page with the chat window, as a visitor of a site would meet it."""
    found = queries.access_account(request.staff, key)
    if found.kind != Account.Kind.WEBCHAT:
        raise NotFoundError
    return render(request, "channels/try_widget.html", {"account": found})


def sidebar_address(found: Account) -> str:
    """Return what to put beside the members' chats; the page belongs to a room above."""
    if found.kind != Account.Kind.WECOM:
        return ""
    return settings.BASE_URL + reverse("desk:sidebar_enter", args=[found.key])


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
@staff_view("channel.manage")
def new_account(request: StaffRequest) -> HttpResponse:
    """Let the operator choose what to connect, with what each can and cannot do."""
    cards = [
        KindCard(kind, label, ICONS[kind], CAN_DO[kind], CANNOT.get(kind, ""))
        for kind, label in KINDS.items()
    ]
    return render(request, "channels/new_account.html", {"cards": cards})


@require_http_methods(["GET", "POST"])
@staff_view("channel.manage")
def open_account(request: StaffRequest, kind: str) -> HttpResponse:
    if kind not in KINDS:
        raise NotFoundError
    given = request.POST if request.method == "POST" else None
    form = forms.AccountForm(request.staff.hospital_id, kind, None, given)
    if not form.is_valid():
        context = {"form": form, "kind": KINDS[kind], "cannot": CANNOT.get(kind, "")}
        status = 422 if form.is_bound else 200
        return render(request, "channels/open_account.html", context, status=status)
    key = form.cleaned_data["ticket"]
    if queries.is_key_taken(request.staff.hospital_id, key):
        return redirect("channels:account", key=key)
    secrets = form.secrets()
    made = actions.open_account(
        request.staff.hospital_id,
        kind,
        form.cleaned_data["name"],
        config=form.config(),
        secrets=secrets,
        base_url=form.base_url(),
        by=request.staff,
        key=key,
    )
    return show_saved(request, made, form.made_here(secrets))


@require_http_methods(["GET", "POST"])
@staff_view("channel.manage")
def edit_account(request: StaffRequest, key: str) -> HttpResponse:
    found = queries.access_account(request.staff, key)
    given = request.POST if request.method == "POST" else None
    form = forms.AccountForm(request.staff.hospital_id, found.kind, found, given)
    if not form.is_valid():
        context = {"form": form, "kind": KINDS[found.kind], "account": found}
        status = 422 if form.is_bound else 200
        return render(request, "channels/edit_account.html", context, status=status)
    secrets = form.secrets()
    actions.change_account(
        found,
        name=form.cleaned_data["name"],
        config=form.config(),
        secrets=secrets,
        base_url=form.base_url(),
        seen=form.cleaned_data["seen"],
        by=request.staff,
    )
    return show_saved(request, found, form.made_here(secrets))


def show_saved(request: StaffRequest, saved: Account, made: Mapping[str, str]) -> HttpResponse:
    """Check at once what was saved. Secrets made here are in this one answer and nowhere else."""
    if saved.is_active:
        actions.request_check(saved, by=request.staff)
        saved.refresh_from_db()
    messages.success(request, _("已保存，正在检查。") if saved.is_active else _("已保存。"))
    if not made:
        return redirect("channels:account", key=saved.key)
    response = render(request, "channels/account.html", account_context(request, saved, made))
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@staff_view("channel.manage")
def pause_account(request: StaffRequest, key: str) -> HttpResponse:
    actions.pause_account(queries.access_account(request.staff, key), by=request.staff)
    messages.success(request, _("已停用，不收也不发。"))
    return redirect("channels:account", key=key)


@require_POST
@staff_view("channel.manage")
def resume_account(request: StaffRequest, key: str) -> HttpResponse:
    actions.resume_account(queries.access_account(request.staff, key), by=request.staff)
    messages.success(request, _("已启用，正在检查。"))
    return redirect("channels:account", key=key)


@require_POST
@staff_view("channel.manage")
def delete_account(request: StaffRequest, key: str) -> HttpResponse:
    actions.delete_account(queries.access_account(request.staff, key), by=request.staff)
    messages.success(request, _("账号已删除。"))
    return redirect("channels:accounts")
