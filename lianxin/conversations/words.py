"""The words of the inbox: carriers, states, kinds and outcomes, in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lianxin.channels.models import Account, SessionRequest
from lianxin.channels.queries import find_newest_request
from lianxin.channels.reasons import sentence_of
from lianxin.compliance.words import CATEGORIES
from lianxin.conversations.models import Message, Thread
from lianxin.conversations.queries import Said, ThreadLine, Way
from lianxin.conversations.queries.ratings import StaffRatings
from lianxin.conversations.rules.delivery import LOOKS, Look
from lianxin.core import time
from lianxin.outreach.queries import describe_reason
from lianxin.outreach.queries.reach import Said as Reason
from lianxin.web.templatetags.web import duration_words, window_duration

ACCOUNTS: dict[str, tuple[Promise, str]] = {
    Account.Kind.WECOM_KF: (gettext_lazy("微信客服"), "headset"),
    Account.Kind.OFFICIAL_ACCOUNT: (gettext_lazy("公众号"), "brand-wechat"),
    Account.Kind.MINI_PROGRAM: (gettext_lazy("小程序"), "app-window"),
    Account.Kind.WEBCHAT: (gettext_lazy("网页"), "world"),
    Account.Kind.WECOM: (gettext_lazy("企业微信"), "building"),
    Account.Kind.VOICE: (gettext_lazy("语音电话"), "phone-call"),
    Account.Kind.SMS: (gettext_lazy("短信"), "device-mobile-message"),
}
STATES: dict[str, Promise] = {
    Message.State.QUEUED: gettext_lazy("正在发送"),
    Message.State.SENT: gettext_lazy("已发出"),
    Message.State.DELIVERED: gettext_lazy("已送达"),
    Message.State.FAILED: gettext_lazy("没有送到"),
    Message.State.REFUSED: gettext_lazy("没有发出"),
}
KINDS: dict[str, Promise] = {
    "admin": gettext_lazy("事务咨询"),
    "education": gettext_lazy("健康宣教"),
    "health_consult": gettext_lazy("健康咨询"),
    "followup_guide": gettext_lazy("复诊随访指导"),
}
OUTCOMES: dict[str, Promise] = {
    "answered": gettext_lazy("已答复"),
    "advised_visit": gettext_lazy("建议到院"),
    "booked": gettext_lazy("已约复诊"),
    "sent_to_emergency": gettext_lazy("已转急诊"),
    "referred_offline": gettext_lazy("不符合线上条件，请线下就诊"),
    "no_need": gettext_lazy("无需处理"),
}
# Kinds of message that have no words to screen for danger.
UNSCREENED = frozenset({"image", "voice", "video", "file"})


def account_word(kind: str) -> str:
    return str(ACCOUNTS[kind][0]) if kind in ACCOUNTS else ""


def account_icon(kind: str) -> str:
    return ACCOUNTS[kind][1] if kind in ACCOUNTS else "message"


def category_word(category: str) -> str:
    return str(CATEGORIES.get(category, _("用词")))


@dataclass(frozen=True)
class WindowWords:
    """What a line says about the carrier's window: words and a tone."""

    text: str
    tone: str = ""


def window_words(way: Way | None, soon: timedelta) -> WindowWords:
    if way is None:
        return WindowWords("")
    if way.reason is not None:
        return WindowWords(describe(way).word, "off")
    if way.until is None:
        return WindowWords(_("可以回复"), "on")
    left = way.until - time.now()
    text = _("剩 %(time)s") % {"time": window_duration(left)}
    if way.limit:
        text = f"{text} · {way.left}/{way.limit}"
    return WindowWords(text, "soon" if left <= soon or way.left == 1 else "")


def describe(way: Way) -> Reason:
    """Say why an address cannot be answered now, with what can be done instead."""
    if way.reason is None:
        raise ValueError("an open way has no reason")
    return describe_reason(way.reason.code, dict(way.reason.facts))


@dataclass(frozen=True)
class Line:
    """A line of the list in words."""

    line: ThreadLine
    url: str
    account: str
    icon: str
    window: WindowWords
    tag: str
    tag_tone: str
    is_current: bool


def tag_of(line: ThreadLine) -> tuple[str, str]:
    """Return the mark beside the name: danger, then lateness."""
    thread = line.thread
    if thread.urgency == "emergency" and thread.is_waiting:
        return _("急症词"), "danger"
    if line.due is not None and line.due.is_late:
        return _("超时 %(time)s") % {"time": duration_words(line.due.left)}, "warn"
    if thread.urgency == "urgent" and thread.is_waiting:
        return _("需尽快看"), "warn"
    return "", ""


@dataclass(frozen=True)
class Bubble:
    """One message as a page shows it."""

    said: Said
    sender: str
    account: str
    state: str
    look: Look | None
    reason: Reason | None
    parts: list[tuple[str, bool]]
    day: datetime | None
    is_unscreened: bool

    @property
    def css(self) -> str:
        kinds = {"patient": "is-patient", "staff": "is-staff", "note": "is-note"}
        return kinds.get(self.said.message.sender_kind, "is-assistant")


def split_parts(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[str, bool]]:
    """Cut a text into plain and marked parts."""
    parts: list[tuple[str, bool]] = []
    at = 0
    for start, end in spans:
        parts += [(text[at:start], False), (text[start:end], True)]
        at = end
    parts.append((text[at:], False))
    return [part for part in parts if part[0]]


def sender_word(said: Said, patient_name: str) -> str:
    message = said.message
    if message.is_from_patient:
        return patient_name
    if message.sender_kind in {Message.Sender.ASSISTANT, Message.Sender.SYSTEM}:
        return _("智能助手 · 自动")
    return said.sender_name or _("同事（企业微信客户端）")


def state_word(message: Message) -> str:
    if message.is_from_patient or message.sender_kind == Message.Sender.NOTE:
        return ""
    return str(STATES[message.delivery_state]) if message.delivery_state in STATES else ""


def ratings_lead(rows: Sequence[StaffRatings]) -> str:
    """Say the answer before the table: how many answered, and how it was."""
    answered = sum(row.answered for row in rows)
    asked = sum(row.asked for row in rows)
    if not answered:
        return _("还没有患者评价")
    total = sum((row.average or 0) * row.answered for row in rows)
    return _("%(answered)s / %(asked)s 人评价，平均 %(average).1f 分") % {
        "answered": answered,
        "asked": asked,
        "average": total / answered,
    }


def moved_word(thread: Thread) -> str:
    """Say what became of the last change of the session that somebody asked for here."""
    request = find_newest_request(thread.last_address) if thread.last_address else None
    if request is None or request.state == SessionRequest.State.DONE:
        return ""
    if request.state == SessionRequest.State.FAILED:
        why = sentence_of(request.failure_code)
        return _("没有转接成：%(why)s") % {"why": why}
    return _("正在转接…")


def reason_of(message: Message) -> Reason | None:
    if not message.reason_code:
        return None
    return describe_reason(message.reason_code, message.reason_facts)


def look_of(message: Message) -> Look | None:
    return LOOKS.get(message.delivery_state) if state_word(message) else None
