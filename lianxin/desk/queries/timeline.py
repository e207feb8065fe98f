"""The timeline: journal lines in words. Ids and codes in, sentences out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lianxin.core import time
from lianxin.core.models import Event, Hospital
from lianxin.web.parts import Part

Words = str | Promise


@dataclass(frozen=True)
class Kind:
    """A filter of the timeline and the events behind it."""

    code: str
    label: Words
    prefixes: tuple[str, ...]


@dataclass(frozen=True)
class Line(Part):
    """What happened, at the hospital's own time."""

    at: datetime
    icon: str
    title: str
    detail: str
    by: str
    tone: str

    @property
    def clock(self) -> str:
        return f"{self.at:%H:%M}"

    @property
    def iso(self) -> str:
        return self.at.isoformat(timespec="seconds")


@dataclass(frozen=True)
class Day:
    on: date
    lines: Sequence[Line]


# event -> icon, sentence.
SENTENCES: dict[str, tuple[str, Words]] = {
    "patient.registered": ("user-plus", gettext_lazy("登记为患者")),
    "patient.corrected": ("edit", gettext_lazy("更正了登记资料")),
    "patient.verified": ("shield-check", gettext_lazy("核验了手机使用人")),
    "patient.tagged": ("tag", gettext_lazy("加了标签")),
    "patient.untagged": ("tag", gettext_lazy("去掉了标签")),
    "patient.life_event": ("hand-stop", gettext_lazy("登记生命事件，全部触达已停止")),
    "patient.resumed": ("player-play", gettext_lazy("恢复了服务")),
    "patient.merged": ("users", gettext_lazy("合并了重复的登记")),
    "patient.merge_undone": ("users", gettext_lazy("撤销了合并")),
    "patient.erased": ("trash", gettext_lazy("按请求删除了资料")),
    "holding.claimed": ("user", gettext_lazy("手机使用人选择了身份")),
    "holding.ended": ("user", gettext_lazy("手机不再代表这位患者")),
    "holding.switched_to": ("users", gettext_lazy("手机换到这位患者")),
    "holder.code_asked": ("device-mobile", gettext_lazy("要了一次核验码")),
    "consent.given": ("circle-check", gettext_lazy("同意了一项授权")),
    "consent.refused": ("circle-x", gettext_lazy("没有同意一项授权")),
    "consent.withdrawn": ("circle-x", gettext_lazy("撤回了一项授权")),
    "observation.recorded": ("heartbeat", gettext_lazy("记录了一次读数")),
    "observation.corrected": ("edit", gettext_lazy("更正了一次读数")),
    "observation.withdrawn": ("edit", gettext_lazy("撤回了一次读数")),
    "symptoms.answered": ("stethoscope", gettext_lazy("回答了症状询问")),
    "health_profile.changed": ("edit", gettext_lazy("更新了测量计划和病情标记")),
    "threshold.overridden": ("edit", gettext_lazy("医生改了这位患者的界限")),
    "alert.raised": ("bell", gettext_lazy("触发告警")),
    "alert.level_rose": ("bell", gettext_lazy("告警升了一级")),
    "alert.confirmed": ("bell", gettext_lazy("告警已确认，通知了责任人")),
    "alert.escalated": ("bell", gettext_lazy("告警升级到下一位值班")),
    "alert.acknowledged": ("hand-stop", gettext_lazy("告警已接手")),
    "alert.closed": ("check", gettext_lazy("告警已处理并关闭")),
    "emergency.detected": ("urgent", gettext_lazy("消息里有急症词，已显示 120")),
    "emergency.settled": ("check", gettext_lazy("急症已处理")),
    "medication.planned": ("pill", gettext_lazy("录入了用药计划")),
    "medication.stopped": ("pill", gettext_lazy("停用了用药计划")),
    "doses.ticked": ("pill", gettext_lazy("服药打卡")),
    "doses.tick_undone": ("pill", gettext_lazy("撤销了服药打卡")),
    "message.received": ("message", gettext_lazy("患者发来消息")),
    "message.sent": ("message", gettext_lazy("员工发出消息")),
    "message.replied": ("message", gettext_lazy("员工回复了消息")),
    "message.recalled": ("message", gettext_lazy("撤回了一条消息")),
    "words.offered": ("brand-wechat", gettext_lazy("从侧边栏往企业微信聊天里放了一段话")),
    "message.noted": ("lock", gettext_lazy("员工写了内部备注")),
    "message.answered_elsewhere": ("message", gettext_lazy("员工在别处回复了")),
    "thread.assigned": ("arrow-right", gettext_lazy("会话转给了同事")),
    "thread.closed": ("check", gettext_lazy("会话结束")),
    "thread.escalated": ("clock-exclamation", gettext_lazy("会话超时，通知了下一位")),
    "consult.opened": ("message", gettext_lazy("开始一次咨询")),
    "consult.closed": ("check", gettext_lazy("咨询结束")),
    "journey.enrolled": ("route", gettext_lazy("进入旅程")),
    "journey.paused": ("route", gettext_lazy("旅程暂停")),
    "journey.resumed": ("route", gettext_lazy("旅程继续")),
    "journey.stopped": ("route", gettext_lazy("旅程停止")),
    "journey.finished": ("route", gettext_lazy("旅程走完")),
    "journey.step_done": ("route", gettext_lazy("旅程步骤完成")),
    "journey.step_missed": ("route", gettext_lazy("旅程步骤错过")),
    "journey.step_skipped": ("route", gettext_lazy("跳过一个旅程步骤")),
    "journey.step_replayed": ("route", gettext_lazy("重放一个旅程步骤")),
    "card.made": ("checklist", gettext_lazy("合并卡放到了患者页")),
    "card.announced": ("send", gettext_lazy("提醒了合并卡")),
    "card.opened": ("checklist", gettext_lazy("打开了合并卡")),
    "card.done": ("check", gettext_lazy("合并卡做完了")),
    "delivery.sent": ("send", gettext_lazy("消息已发出")),
    "delivery.delivered": ("send", gettext_lazy("消息已送达")),
    "delivery.failed": ("alert-triangle", gettext_lazy("消息没有发出")),
    "delivery.opened": ("eye", gettext_lazy("点开了消息")),
    "welcome.sent": ("send", gettext_lazy("发了欢迎语")),
    "intent.refused": ("circle-x", gettext_lazy("没有可用渠道，已转人工")),
    "intent.missed": ("circle-x", gettext_lazy("过了时间，没有发出")),
    "intent.cancelled": ("circle-x", gettext_lazy("取消了一次触达")),
    "content.opened": ("book-2", gettext_lazy("读了一篇科普")),
    "task.created": ("checklist", gettext_lazy("生成任务")),
    "task.attempted": ("phone", gettext_lazy("联系了一次")),
    "task.reassigned": ("arrow-right", gettext_lazy("任务转给了同事")),
    "task.completed": ("check", gettext_lazy("任务完成")),
    "task.cancelled": ("circle-x", gettext_lazy("任务取消")),
}
# What only those who may read health data are told.
HEALTH = (
    "observation.",
    "symptoms.",
    "doses.",
    "medication.",
    "alert.",
    "emergency.",
    "health_profile.",
    "threshold.",
)
WARNED = ("alert.raised", "alert.level_rose", "alert.confirmed", "alert.escalated")
DANGER = ("emergency.detected", "patient.life_event")

KINDS = (
    Kind("", gettext_lazy("全部"), ()),
    Kind(
        "messages",
        gettext_lazy("消息"),
        ("message.", "words.", "thread.", "consult.", "delivery.", "card.", "intent.", "welcome."),
    ),
    Kind(
        "readings",
        gettext_lazy("读数和用药"),
        ("observation.", "symptoms.", "doses.", "medication.", "health_profile.", "threshold."),
    ),
    Kind("alerts", gettext_lazy("告警"), ("alert.", "emergency.")),
    Kind("journeys", gettext_lazy("旅程和任务"), ("journey.", "content.", "task.")),
    Kind("consents", gettext_lazy("授权和身份"), ("consent.", "patient.", "holding.", "holder.")),
)
CODE_WORDS: dict[str, Words] = {
    "morning": gettext_lazy("早晨"),
    "evening": gettext_lazy("晚上"),
    "red": gettext_lazy("红色"),
    "orange": gettext_lazy("橙色"),
    "yellow": gettext_lazy("黄色"),
    "blue": gettext_lazy("蓝色"),
    "oa_subscribe": gettext_lazy("公众号订阅通知"),
    "oa_template": gettext_lazy("公众号模板提醒"),
    "oa_text": gettext_lazy("公众号消息"),
    "mini_text": gettext_lazy("小程序客服"),
    "mini_subscribe": gettext_lazy("小程序订阅消息"),
    "kf_text": gettext_lazy("微信客服"),
    "wecom_task": gettext_lazy("企业微信（员工确认）"),
    "webchat": gettext_lazy("网页"),
    "sms": gettext_lazy("短信"),
    "health_records": gettext_lazy("保存健康记录"),
    "reminders": gettext_lazy("微信提醒"),
    "sms_phone": gettext_lazy("短信和电话"),
}


def list_kinds(*, sees_health: bool) -> list[Kind]:
    """Return the filters of a role: none that would stay empty."""
    return [
        kind
        for kind in KINDS
        if sees_health or not kind.prefixes or not set(kind.prefixes) <= set(HEALTH)
    ]


def names_of_kind(code: str, *, sees_health: bool) -> tuple[str, ...]:
    """Return the event names that a filter shows to this role.

    What has no sentence is housekeeping (a page was read, two addresses were joined): the journal
    has it, the story of the patient leaves it out.
    """
    kinds = list_kinds(sees_health=sees_health)
    kind = next((kind for kind in kinds if kind.code == code), kinds[0])
    return tuple(
        name
        for name in SENTENCES
        if (not kind.prefixes or name.startswith(kind.prefixes))
        and (sees_health or not name.startswith(HEALTH))
    )


def tell_event(hospital: Hospital, event: Event) -> Line:
    icon, words = SENTENCES[event.name]
    return Line(
        at=time.local(hospital, event.at),
        icon=icon,
        title=str(words),
        detail=tell_detail(event.data),
        by=tell_actor(event),
        tone=tone_of(event),
    )


def tone_of(event: Event) -> str:
    if event.name in DANGER:
        return "danger"
    return "warn" if event.name in WARNED else ""


def tell_detail(data: dict[str, Any]) -> str:
    """Take the codes that a reader knows; ids and other codes stay out."""
    codes = [str(data.get(name, "")) for name in ("slot", "level", "carrier", "purpose")]
    return " · ".join(str(CODE_WORDS[code]) for code in codes if code in CODE_WORDS)


def tell_actor(event: Event) -> str:
    words = {"staff": _("员工"), "holder": _("患者页"), "system": _("自动")}
    return words.get(event.by_kind, "")


def by_day(lines: Sequence[Line]) -> list[Day]:
    """Group lines by the calendar day, newest first."""
    days: dict[date, list[Line]] = {}
    for line in lines:
        days.setdefault(line.at.date(), []).append(line)
    return [Day(on, rows) for on, rows in days.items()]
