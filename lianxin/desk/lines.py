"""The lines of Today: what each room found, in the house's fixed columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lianxin.content.models import Revision
from lianxin.conversations.models import Thread
from lianxin.conversations.queries import ThreadLine
from lianxin.conversations.rules import threads as thread_rules
from lianxin.core import time
from lianxin.core.models import Hospital
from lianxin.desk.words import clock_word, face_line, language, time_left
from lianxin.health.models import Alert
from lianxin.health.queries.book import Book, name_in
from lianxin.health.rules.words import show_values
from lianxin.patients.queries import PatientFace
from lianxin.staff.models import Staff
from lianxin.tasks import queries as tasks
from lianxin.web.links import link
from lianxin.web.parts import Action, Row

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

LEVEL_WORDS = {
    "red": gettext_lazy("红"),
    "orange": gettext_lazy("橙"),
    "yellow": gettext_lazy("黄"),
    "blue": gettext_lazy("蓝"),
}


@dataclass(frozen=True)
class Heading:
    """What stands over a group, what it says when all is done, and the page with all of them."""

    title: StrPromise
    hint: StrPromise
    empty: StrPromise
    route: str
    query: str = ""
    is_danger: bool = False


# By danger, then by deadline: the order of the page.
HEADINGS = {
    "red": Heading(
        gettext_lazy("红色告警 · 未接手"),
        gettext_lazy("15 分钟内接手，超时自动升级"),
        gettext_lazy("没有未接手的红色告警。"),
        "health:alerts",
        is_danger=True,
    ),
    "emergency": Heading(
        gettext_lazy("急症词"),
        gettext_lazy("插到所有会话之前，5 分钟内有人回"),
        gettext_lazy("没有待处理的急症词。"),
        "conversations:inbox",
        is_danger=True,
    ),
    "overdue": Heading(
        gettext_lazy("服务时钟已超时"),
        gettext_lazy("超时自动通知备班"),
        gettext_lazy("没有超时的会话。"),
        "conversations:inbox",
    ),
    "alerts": Heading(
        gettext_lazy("告警"),
        gettext_lazy("橙色 2 小时内，黄色 1 个工作日内"),
        gettext_lazy("没有待处理的告警。"),
        "health:alerts",
    ),
    "waiting": Heading(
        gettext_lazy("未回复"),
        gettext_lazy("值班时段首次回复 30 分钟"),
        gettext_lazy("都回复了。"),
        "conversations:inbox",
    ),
    "tasks": Heading(
        gettext_lazy("随访与任务"),
        gettext_lazy("做完记下结果；没接通的改天再打"),
        gettext_lazy("今天的随访都打完了。"),
        "tasks:list",
    ),
    "approvals": Heading(
        gettext_lazy("待我审批"),
        gettext_lazy("不能审批自己提交的内容"),
        gettext_lazy("没有等您审批的内容。"),
        "content:list",
        query=f"?state={Revision.State.IN_REVIEW}",
    ),
}


@dataclass(frozen=True)
class Group:
    """One heading of the list with the rows that are shown of all that were found."""

    key: str
    rows: Sequence[Row]
    found: int
    # More were looked for than this, so that the page can say that there are more.
    limit: int

    @property
    def heading(self) -> Heading:
        return HEADINGS[self.key]

    @property
    def size(self) -> int:
        return min(self.found, self.limit)

    @property
    def count(self) -> str:
        """Say how many, honestly: more than were looked for is a plus."""
        return f"{self.size}+" if self.is_more else str(self.size)

    @property
    def tone(self) -> str:
        return "danger" if self.heading.is_danger else ""

    @property
    def is_more(self) -> bool:
        return self.found > self.limit

    @property
    def is_cut(self) -> bool:
        """Tell whether this page names fewer than the group's own view does."""
        return len(self.rows) < self.size

    @property
    def url(self) -> str:
        return reverse(self.heading.route) + self.heading.query


@dataclass(frozen=True)
class Ground:
    """What every line needs to know: who looks, whom it names, what was said."""

    staff: Staff
    faces: Mapping[int, PatientFace]
    book: Book | None
    talks: Mapping[int, ThreadLine]

    @property
    def hospital(self) -> Hospital:
        return self.staff.hospital

    def name(self, patient_id: int | None) -> str:
        face = self.faces.get(patient_id or 0)
        return face.masked_name if face else _("资料已封存")

    def url(self, patient_id: int | None) -> str:
        face = self.faces.get(patient_id or 0)
        return link("desk:patient", face.key) if face else ""

    def about(self, patient_id: int | None) -> str:
        return face_line(self.faces.get(patient_id or 0))


# --- Alerts --------------------------------------------------------------------------------------


def is_open_red(alert: Alert) -> bool:
    """Tell whether nobody has taken it and it counts: one awaiting a second reading does not."""
    return alert.level == Alert.Level.RED and alert.state == Alert.State.OPEN


def alert_row(ground: Ground, alert: Alert) -> Row:
    due, due_tone = time_left(alert.due_at)
    is_danger = is_open_red(alert)
    is_calm = alert.level in {Alert.Level.YELLOW, Alert.Level.BLUE}
    is_taken = alert.state == Alert.State.ACKNOWLEDGED
    return Row(
        id=f"alert-{alert.key}",
        who=ground.name(alert.patient_id),
        who_sub=ground.about(alert.patient_id),
        url=ground.url(alert.patient_id),
        why=tell_alert(alert, ground.book),
        why_sub=tell_state(ground.hospital, alert),
        icon=alert_icon(alert),
        mark=_("等复测的告警") if alert.is_awaiting else _("告警"),
        tone="danger" if is_danger else ("" if is_calm else "warn"),
        level="" if is_danger else str(LEVEL_WORDS.get(alert.level, "")),
        level_tone={"red": "danger", "orange": "warn"}.get(alert.level, ""),
        due="" if is_taken else due,
        due_sub=tell_due(ground.hospital, alert),
        due_tone="danger" if is_danger else ("" if alert.is_awaiting else due_tone),
        due_percent=percent_left(alert) if is_danger else None,
        action=alert_action(ground.staff, alert),
    )


def alert_icon(alert: Alert) -> str:
    if alert.is_awaiting:
        return "hourglass"
    if alert.state == Alert.State.ACKNOWLEDGED:
        return "hand-stop"
    return "alert-octagon" if alert.level == Alert.Level.RED else "alert-triangle"


def alert_action(staff: Staff, alert: Alert) -> Action:
    """Offer the one next step; who may not act, or must still wait, may only look."""
    page = link("health:alert", alert.key)
    if alert.is_awaiting or not staff.may("alert.acknowledge"):
        return Action(_("查看"), page, icon="eye")
    if alert.state == Alert.State.ACKNOWLEDGED:
        return Action(_("处理并关闭"), page, icon="check")
    is_red = alert.level == Alert.Level.RED
    return Action(
        _("接手并致电") if is_red else _("接手"),
        link("health:acknowledge", alert.key),
        icon="phone" if is_red else "hand-stop",
        is_post=True,
        tone="danger" if is_red else "",
    )


def percent_left(alert: Alert) -> int | None:
    """Say how much of the time to take it is left, for the bar."""
    if alert.opened_at is None or alert.deadline_at is None:
        return None
    whole = (alert.deadline_at - alert.opened_at).total_seconds()
    left = (alert.deadline_at - time.now()).total_seconds()
    return max(0, min(100, round(100 * left / whole))) if whole > 0 else 0


def tell_due(hospital: Hospital, alert: Alert) -> str:
    clock = clock_word(hospital, alert.due_at)
    if alert.state == Alert.State.ACKNOWLEDGED or not clock:
        return ""
    if alert.is_awaiting:
        return _("%(clock)s 算确认") % {"clock": clock}
    if alert.level == Alert.Level.RED:
        return _("%(clock)s 自动升级") % {"clock": clock}
    return _("%(clock)s 前") % {"clock": clock}


def tell_alert(alert: Alert, book: Book | None) -> str:
    """Say the fact: the metric and the numbers that raised it."""
    if book is None:
        return alert.rule_code
    fact = book.fact(alert.rule_code, language())
    last = alert.last_reading
    if last is None:
        return fact
    metric = book.metric(alert.metric)
    fields = [field["code"] for field in metric["fields"] if not field.get("optional")]
    numbers = show_values(last["values"], fields, {})
    return f"{name_in(metric['name'], language())} {numbers} · {fact}"


def tell_state(hospital: Hospital, alert: Alert) -> str:
    at = time.local(hospital, alert.raised_at).strftime("%H:%M")
    if alert.is_awaiting:
        return _("%(at)s · 等第二遍读数，手机已提示 5 分钟后再量") % {"at": at}
    if alert.state == Alert.State.ACKNOWLEDGED:
        owner = alert.owner.name if alert.owner else ""
        return _("%(at)s · %(owner)s 已接手") % {"at": at, "owner": owner}
    if alert.escalation_rank:
        return _("%(at)s · 已升级 %(rank)d 次") % {"at": at, "rank": alert.escalation_rank}
    return _("%(at)s · 手机上已告诉患者怎么办") % {"at": at}


# --- Conversations -------------------------------------------------------------------------------


def key_of_thread(thread: Thread, now: datetime) -> str:
    if thread.attention == thread_rules.EMERGENCY:
        return "emergency"
    due_at = thread.first_reply_due_at
    return "overdue" if due_at and due_at < now else "waiting"


THREAD_ICONS = {"emergency": "urgent", "overdue": "clock-exclamation", "waiting": "message"}


def thread_row(ground: Ground, thread: Thread) -> Row:
    hospital, line = ground.hospital, ground.talks[thread.pk]
    due, due_tone = time_left(thread.first_reply_due_at)
    key = key_of_thread(thread, time.now())
    is_danger = key == "emergency"
    url = link("conversations:thread", thread.key)
    said_at = clock_word(hospital, thread.last_patient_at)
    return Row(
        id=f"thread-{thread.key}",
        who=line.who.name,
        who_sub=face_line(line.who.patient) or _("还没核验身份"),
        url=url,
        why=_("「%(words)s」") % {"words": line.preview},
        why_sub=" · ".join(part for part in (said_at, line.category) if part),
        icon=THREAD_ICONS[key],
        mark=_("会话"),
        tone="danger" if is_danger else ("warn" if key == "overdue" else ""),
        due=due,
        due_sub=promised(hospital, thread.first_reply_due_at),
        due_tone="danger" if is_danger else due_tone,
        action=Action(
            _("立即回复") if is_danger else _("回复"),
            url,
            icon="message",
            tone="danger-line" if is_danger else "",
        ),
    )


def promised(hospital: Hospital, due_at: datetime | None) -> str:
    return _("%(clock)s 前") % {"clock": clock_word(hospital, due_at)} if due_at else ""


# --- Tasks ---------------------------------------------------------------------------------------


def task_row(ground: Ground, task: tasks.TaskHead) -> Row:
    due, due_tone = time_left(task.due_at)
    said = tasks.describe(task)
    url = link("tasks:task", task.key)
    may_act = ground.staff.may("task.complete")
    return Row(
        id=f"task-{task.key}",
        who=ground.name(task.patient_id),
        who_sub=ground.about(task.patient_id),
        url=ground.url(task.patient_id) or url,
        why=said.word,
        why_sub=said.sentence,
        icon=said.icon,
        mark=said.kind_word,
        due=due,
        due_sub=promised(ground.hospital, task.due_at),
        due_tone=due_tone,
        action=Action(said.action_word if may_act else _("查看"), url, icon=said.icon),
    )


# --- Approvals -----------------------------------------------------------------------------------


def approval_row(ground: Ground, revision: Revision) -> Row:
    url = link("content:item", revision.item.key)
    is_own = revision.author_id == ground.staff.pk
    return Row(
        id=f"approval-{revision.item.key}",
        who=revision.author.name,
        who_sub=_("第 %(number)d 版") % {"number": revision.number},
        url=url,
        why=revision.title,
        why_sub=_("等医学审核") if not is_own else _("您写的，要由别人审核"),
        icon="article",
        mark=_("内容"),
        action=Action(_("查看") if is_own else _("去审核"), url, icon="eye" if is_own else "check"),
    )
