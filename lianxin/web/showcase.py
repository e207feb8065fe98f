"""Invented values that show every component on the component page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lianxin.core.time import now
from lianxin.web.parts import Action, Chip, Option, Row


class ExampleForm(forms.Form):
    title = forms.CharField(
        label=gettext_lazy("标题"), help_text=gettext_lazy("锁屏上看得到，不写病名和药名。")
    )
    reason = forms.CharField(
        label=gettext_lazy("原因"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


def danger_rows() -> list[Row]:
    more = [Action(_("转给同事"), "#", "arrow-forward-up"), Action(_("打开患者"), "#", "user")]
    return [
        Row(
            who="刘*英",
            who_sub=_("女 74 岁 · 心衰管理 第 23 天"),
            why=_("3 天体重 +2.6 kg，夜里憋醒两次"),
            why_sub=_("今早 58.4 kg · 已提示她拨打 120，已送达"),
            icon="alert-octagon",
            mark=_("红色告警"),
            tone="danger",
            url="#",
            due="04:12",
            due_sub=_("后自动升级"),
            due_tone="danger",
            due_percent=28,
            action=Action(_("接手并致电"), "#", "phone", tone="danger"),
            more=more,
        )
    ]


def quiet_rows() -> list[Row]:
    more = [Action(_("打开患者"), "#", "user")]
    return [
        Row(
            who="孙*梅",
            who_sub=_("女 58 岁 · 房颤抗凝 第 41 天"),
            why=_("「下周拔牙，药要不要先停？」"),
            why_sub=_("微信客服 · 13:44 · 涉及用药，须医生答复"),
            icon="clock-exclamation",
            mark=_("已超时"),
            tone="warn",
            url="#",
            due=_("超 18 分"),
            due_sub=_("目标 30 分钟"),
            due_tone="warn",
            action=Action(_("转给医生"), "#", "arrow-forward-up"),
            more=more,
        ),
        Row(
            who="Alexandria Montgomery-Featherstonehaugh",
            who_sub=_("女 60 岁 · 高血压 第 88 天"),
            why=_("两次测 164/102、162/100 mmHg"),
            why_sub=_("13:45 · 已提示她今天联系或到院，已点开"),
            level=_("橙"),
            level_tone="warn",
            icon="activity",
            mark=_("告警"),
            url="#",
            due=_("剩 1 时 13 分"),
            due_sub=_("15:45 前"),
            action=Action(_("接手"), "#", "hand-stop", why_not=_("李医生正在处理")),
            more=more,
        ),
    ]


def chips() -> list[Chip]:
    return [
        Chip(_("全部"), "?", 22, is_current=True),
        Chip(_("红色告警"), "?kind=red", 2, is_danger=True),
        Chip(_("未回复"), "?kind=unanswered", 3),
        Chip(_("投诉"), "?kind=complaint", 0),
    ]


def options() -> list[Option]:
    return [
        Option(_("我的"), "?who=me", is_current=True),
        Option(_("本组"), "?who=team"),
        Option(_("全院"), "?who=all"),
    ]


def showcase() -> dict[str, Any]:
    return {
        "danger_rows": danger_rows(),
        "quiet_rows": quiet_rows(),
        "chips": chips(),
        "options": options(),
        "crumbs": [(_("设置"), "#"), (_("界面部件"), "")],
        "form": ExampleForm({"title": "", "reason": ""}),
        "page": Paginator(range(1, 48), 20).page(2),
        "past": now() - timedelta(minutes=18),
        "later": now() + timedelta(hours=5, minutes=28),
    }
