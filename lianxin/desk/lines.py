"""The lines of Today: what each room found, in the house's fixed columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lianxin.content.models import Revision
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
from lianxin.tasks.models import StaffTask
from lianxin.web.parts import Action, Row

ROWS_PER_GROUP = 40
LEVEL_WORDS = {
    "red": gettext_lazy("红"),
    "orange": gettext_lazy("橙"),
    "yellow": gettext_lazy("黄"),
    "blue": gettext_lazy("蓝"),
}


@dataclass(frozen=True)
class Group:
    """One heading of the list with its rows; what is beyond them is behind `url`."""

    key: str
    title: str
    hint: str
    empty: str
    rows: Sequence[Row]
    tone: str = ""
    url: str = ""

    @property
    def has_more(self) -> bool:
        return len(self.rows) > ROWS_PER_GROUP

    @property
    def shown(self) -> Sequence[Row]:
        return self.rows[:ROWS_PER_GROUP]

    @property
    def size(self) -> int:
        return len(self.shown)

    @property
    def count(self) -> str:
        """Say how many, honestly: more than the page shows is a plus."""
        return f"{self.size}+" if self.has_more else str(self.size)


@dataclass(frozen=True)
class Ground:
    """What every line needs to know about who looks and whom it names."""

    staff: Staff
    faces: Mapping[int, PatientFace]
    book: Book | None

    @property
    def hospital(self) -> Hospital:
        return self.staff.hospital

    def name(self, patient_id: int | None) -> str:
        face = self.faces.get(patient_id or 0)
        return face.masked_name if face else _("资料已封存")

    def about(self, patient_id: int | None) -> str:
        return face_line(self.faces.get(patient_id or 0))


# --- Alerts --------------------------------------------------------------------------------------


def alert_groups(ground: Ground, alerts: Sequence[Alert]) -> list[Group]:
    reds = [a for a in alerts if is_open_red(a)]
    others = [a for a in alerts if not is_open_red(a)]
    url = reverse("health:alerts")
    return [
        Group(
            "red",
            _("红色告警 · 未接手"),
            _("15 分钟内接手，超时自动升级"),
            _("没有未接手的红色告警。"),
            [alert_row(ground, a) for a in reds],
            "danger",
            url,
        ),
        Group(
            "alerts",
            _("告警"),
            _("橙色 2 小时内，黄色 1 个工作日内"),
            _("没有待处理的告警。"),
            [alert_row(ground, a) for a in others],
            url=url,
        ),
    ]


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
        url=reverse("desk:patient", args=[alert.patient.key]),
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
    page = reverse("health:alert", args=[alert.key])
    if alert.is_awaiting or not staff.may("alert.acknowledge"):
        return Action(_("查看"), page, icon="eye")
    if alert.state == Alert.State.ACKNOWLEDGED:
        return Action(_("处理并关闭"), page, icon="check")
    is_red = alert.level == Alert.Level.RED
    return Action(
        _("接手并致电") if is_red else _("接手"),
        reverse("health:acknowledge", args=[alert.key]),
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


def thread_groups(ground: Ground, lines: Iterable[ThreadLine]) -> list[Group]:
    rows: dict[str, list[Row]] = {"emergency": [], "overdue": [], "waiting": []}
    now = time.now()
    for line in lines:
        key = group_of(line, now)
        rows[key].append(thread_row(ground.hospital, line, key))
    url = reverse("conversations:inbox")
    return [
        Group(
            "emergency",
            _("急症词"),
            _("插到所有会话之前，5 分钟内有人回"),
            _("没有待处理的急症词。"),
            rows["emergency"],
            "danger",
            url,
        ),
        Group(
            "overdue",
            _("服务时钟已超时"),
            _("超时自动通知备班"),
            _("没有超时的会话。"),
            rows["overdue"],
            url=url,
        ),
        Group(
            "waiting",
            _("未回复"),
            _("值班时段首次回复 30 分钟"),
            _("都回复了。"),
            rows["waiting"],
            url=url,
        ),
    ]


def group_of(line: ThreadLine, now: datetime) -> str:
    if line.thread.attention == thread_rules.EMERGENCY:
        return "emergency"
    due_at = line.thread.first_reply_due_at
    return "overdue" if due_at and due_at < now else "waiting"


THREAD_ICONS = {"emergency": "urgent", "overdue": "clock-exclamation", "waiting": "message"}


def thread_row(hospital: Hospital, line: ThreadLine, group: str) -> Row:
    thread = line.thread
    due, due_tone = time_left(thread.first_reply_due_at)
    is_danger = group == "emergency"
    url = reverse("conversations:thread", args=[thread.key])
    said_at = clock_word(hospital, thread.last_patient_at)
    return Row(
        id=f"thread-{thread.key}",
        who=line.who.name,
        who_sub=face_line(line.who.patient) or _("还没核验身份"),
        url=url,
        why=_("「%(words)s」") % {"words": line.preview},
        why_sub=" · ".join(part for part in (said_at, line.category) if part),
        icon=THREAD_ICONS[group],
        mark=_("会话"),
        tone="danger" if is_danger else ("warn" if group == "overdue" else ""),
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


def task_group(ground: Ground, work: Sequence[StaffTask]) -> Group:
    return Group(
        "tasks",
        _("随访与任务"),
        _("做完记下结果；没接通的改天再打"),
        _("今天的随访都打完了。"),
        [task_row(ground, task) for task in work],
        url=reverse("tasks:list"),
    )


def task_row(ground: Ground, task: StaffTask) -> Row:
    due, due_tone = time_left(task.due_at)
    said = tasks.describe(task)
    url = reverse("tasks:task", args=[task.key])
    may_act = ground.staff.may("task.complete")
    return Row(
        id=f"task-{task.key}",
        who=ground.name(task.patient_id),
        who_sub=ground.about(task.patient_id),
        url=reverse("desk:patient", args=[task.patient.key]) if task.patient else url,
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


def approval_group(staff: Staff, revisions: Sequence[Revision]) -> Group:
    return Group(
        "approvals",
        _("待我审批"),
        _("不能审批自己提交的内容"),
        _("没有等您审批的内容。"),
        [approval_row(staff, revision) for revision in revisions],
        url=f"{reverse('content:list')}?state={Revision.State.IN_REVIEW}",
    )


def approval_row(staff: Staff, revision: Revision) -> Row:
    url = reverse("content:item", args=[revision.item.key])
    is_own = revision.author_id == staff.pk
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
