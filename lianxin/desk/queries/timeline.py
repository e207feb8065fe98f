"""The timeline: journal lines in words. Ids and codes in, sentences out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from lianxin.core import time
from lianxin.core.models import Event, Hospital

Words = str | Promise


@dataclass(frozen=True)
class Kind:
    """A filter of the timeline and the events behind it."""

    code: str
    label: Words
    prefixes: tuple[str, ...]


@dataclass(frozen=True)
class Line:
    at: datetime
    icon: str
    title: str
    by: str


@dataclass(frozen=True)
class Day:
    on: date
    lines: Sequence[Line]


# event -> icon, sentence. An event without a line here is shown by its name: nothing is hidden.
SENTENCES: dict[str, tuple[str, Words]] = {
    "patient.registered": ("user-plus", lazy("登记为患者")),
    "patient.corrected": ("edit", lazy("更正了登记资料")),
    "patient.verified": ("shield-check", lazy("核验了手机使用人")),
    "patient.claimed": ("user", lazy("手机使用人选择了身份")),
    "patient.tagged": ("tag", lazy("加了标签")),
    "patient.untagged": ("tag", lazy("去掉了标签")),
    "patient.life_event": ("hand-stop", lazy("登记生命事件，全部触达已停止")),
    "patient.resumed": ("player-play", lazy("恢复了服务")),
    "patient.erased": ("trash", lazy("按请求删除了资料")),
    "patient.revealed": ("eye", lazy("查看了完整身份信息")),
    "consent.given": ("circle-check", lazy("同意了一项授权")),
    "consent.refused": ("circle-x", lazy("没有同意一项授权")),
    "consent.withdrawn": ("circle-x", lazy("撤回了一项授权")),
    "observation.recorded": ("heartbeat", lazy("记录了一次读数")),
    "observation.corrected": ("edit", lazy("更正了一次读数")),
    "symptoms.answered": ("stethoscope", lazy("回答了症状询问")),
    "alert.raised": ("bell", lazy("触发告警")),
    "alert.confirmed": ("bell", lazy("告警已确认，通知了责任人")),
    "alert.escalated": ("bell", lazy("告警升级到下一位值班")),
    "alert.acknowledged": ("hand-stop", lazy("告警已接手")),
    "alert.closed": ("check", lazy("告警已处理并关闭")),
    "medication.planned": ("pill", lazy("录入了用药计划")),
    "medication.stopped": ("pill", lazy("停用了用药计划")),
    "doses.ticked": ("pill", lazy("服药打卡")),
    "message.received": ("message", lazy("患者发来消息")),
    "message.sent": ("message", lazy("员工发出消息")),
    "message.replied": ("message", lazy("员工回复了消息")),
    "thread.assigned": ("arrow-right", lazy("会话转给了同事")),
    "thread.closed": ("check", lazy("会话结束")),
    "journey.enrolled": ("route", lazy("进入旅程")),
    "enrolment.started": ("route", lazy("进入旅程")),
    "enrolment.stopped": ("route", lazy("旅程停止")),
    "enrolment.finished": ("route", lazy("旅程走完")),
    "step.done": ("route", lazy("旅程步骤完成")),
    "step.missed": ("route", lazy("旅程步骤错过")),
    "card.made": ("checklist", lazy("合并卡放到了患者页")),
    "card.announced": ("send", lazy("提醒了合并卡")),
    "card.opened": ("checklist", lazy("打开了合并卡")),
    "delivery.sent": ("send", lazy("消息已发出")),
    "delivery.delivered": ("send", lazy("消息已送达")),
    "delivery.failed": ("alert-triangle", lazy("消息没有发出")),
    "delivery.opened": ("eye", lazy("点开了消息")),
    "intent.refused": ("circle-x", lazy("没有可用渠道，已转人工")),
    "content.opened": ("book-2", lazy("读了一篇科普")),
    "task.created": ("checklist", lazy("生成任务")),
    "task.attempted": ("phone", lazy("联系了一次")),
    "task.completed": ("check", lazy("任务完成")),
}

KINDS = (
    Kind("", lazy("全部"), ()),
    Kind("messages", lazy("消息"), ("message.", "thread.", "delivery.", "card.", "intent.")),
    Kind("readings", lazy("读数"), ("observation.", "symptoms.", "doses.", "medication.")),
    Kind("alerts", lazy("告警"), ("alert.",)),
    Kind("journeys", lazy("旅程"), ("enrolment.", "step.", "journey.", "content.")),
    Kind("consents", lazy("同意"), ("consent.", "patient.")),
)


def names_of_kind(code: str) -> tuple[str, ...]:
    """Return the event names that a filter shows; none means all."""
    kind = next((kind for kind in KINDS if kind.code == code), KINDS[0])
    return tuple(name for name in SENTENCES if kind.prefixes and name.startswith(kind.prefixes))


def tell_event(event: Event, language: str) -> Line:
    del language
    icon, words = SENTENCES.get(event.name, ("point", event.name))
    return Line(event.at, icon, join(str(words), detail(event.data)), tell_actor(event))


def detail(data: dict[str, Any]) -> str:
    """Take the codes that a reader knows; ids stay out."""
    parts = [str(data[name]) for name in ("slot", "level", "carrier", "purpose") if data.get(name)]
    return " · ".join(CODE_WORDS.get(part, part) if part in CODE_WORDS else part for part in parts)


CODE_WORDS: dict[str, Any] = {
    "morning": lazy("早晨"),
    "evening": lazy("晚上"),
    "red": lazy("红色"),
    "orange": lazy("橙色"),
    "yellow": lazy("黄色"),
    "blue": lazy("蓝色"),
    "oa_template": lazy("公众号模板"),
    "oa_text": lazy("公众号"),
    "kf_text": lazy("微信客服"),
    "wecom_task": lazy("企业微信（员工确认）"),
    "webchat": lazy("网页"),
    "sms": lazy("短信"),
    "health_records": lazy("健康记录"),
    "reminders": lazy("微信提醒"),
    "sms_phone": lazy("短信和电话"),
}


def join(words: str, more: str) -> str:
    more = " · ".join(str(CODE_WORDS.get(part, part)) for part in more.split(" · ") if part)
    return f"{words} · {more}" if more else words


def tell_actor(event: Event) -> str:
    words = {"staff": _("员工"), "holder": _("患者页"), "system": _("自动")}
    return words.get(event.by_kind, event.by_kind)


def by_day(hospital: Hospital, lines: Sequence[Line]) -> list[Day]:
    """Group lines by the hospital's calendar day, newest first."""
    days: dict[date, list[Line]] = {}
    for line in lines:
        days.setdefault(time.local(hospital, line.at).date(), []).append(line)
    return [Day(on, rows) for on, rows in days.items()]
