"""Today: one list by danger, then deadline. Who, why now, time left, the one next action."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from lianxin.conversations import queries as conversations
from lianxin.conversations.models import Thread
from lianxin.conversations.rules import threads as thread_rules
from lianxin.core import time
from lianxin.core.models import Hospital
from lianxin.health.models import Alert
from lianxin.health.queries.alerts import list_alerts
from lianxin.health.queries.book import Book, find_book, name_in
from lianxin.health.rules.words import show_values
from lianxin.outreach.models import StaffConfirmation
from lianxin.outreach.queries.lists import list_confirmations
from lianxin.patients.models import Patient
from lianxin.patients.queries import PatientFace, list_patients, names_of
from lianxin.staff.models import Staff
from lianxin.staff.queries import list_duty_line, list_team_ids_of
from lianxin.tasks import queries as tasks
from lianxin.tasks.models import StaffTask
from lianxin.web.parts import Action, Row

SCOPES = ("mine", "team", "hospital")
ROWS_PER_GROUP = 40
LEVEL_WORDS = {
    "red": gettext_lazy("红"),
    "orange": gettext_lazy("橙"),
    "yellow": gettext_lazy("黄"),
    "blue": gettext_lazy("蓝"),
}


@dataclass(frozen=True)
class Group:
    """One heading of the list with its rows."""

    key: str
    title: str
    hint: str
    rows: Sequence[Row]
    tone: str = ""

    @property
    def count(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Board:
    """Everything the page shows, and whom it showed (for the access log)."""

    groups: Sequence[Group]
    discharged: Sequence[PatientFace]
    joined_ids: frozenset[int]
    duty: Sequence[Staff]
    confirmations: Sequence[StaffConfirmation]
    seen_patient_ids: frozenset[int]
    lead: str

    @property
    def count(self) -> int:
        return sum(group.count for group in self.groups)

    @property
    def left_out(self) -> int:
        return len(self.discharged) - len(self.joined_ids)


@dataclass(frozen=True)
class Found:
    """The rows of the rooms before they become lines."""

    alerts: Sequence[Alert]
    threads: Sequence[Thread]
    tasks: Sequence[StaffTask]


def load_board(staff: Staff, *, scope: str = "mine") -> Board:
    found = find_work(staff, scope)
    discharged = list_discharged_today(staff)
    patient_ids = {a.patient_id for a in found.alerts}
    patient_ids |= {t.patient_id for t in found.tasks if t.patient_id}
    faces = names_of(staff.hospital_id, patient_ids | {p.pk for p in discharged})
    book = find_book(staff.hospital_id) if found.alerts else None
    groups = [
        *alert_groups(staff.hospital, found.alerts, faces, book),
        *thread_groups(staff, found.threads),
        task_group(found.tasks, faces),
    ]
    groups = [group for group in sorted(groups, key=lambda g: ORDER.index(g.key)) if group.rows]
    now = time.now()
    teams = list_team_ids_of(staff)
    return Board(
        groups=groups,
        discharged=[faces[p.pk] for p in discharged if p.pk in faces],
        joined_ids=joined_of(staff.hospital_id, [p.pk for p in discharged]),
        duty=list_duty_line(staff.hospital_id, teams[0] if teams else None, now)[:4],
        confirmations=list_todays_confirmations(staff),
        seen_patient_ids=frozenset(faces),
        lead=lead_sentence(groups),
    )


ORDER = ("red", "emergency", "overdue", "alerts", "waiting", "tasks")


def find_work(staff: Staff, scope: str) -> Found:
    """Return what is waiting; each part only when the role may see it."""
    teams = set(list_team_ids_of(staff)) if scope != "hospital" else set()

    def is_ours(team_id: int | None, owner_id: int | None) -> bool:
        if scope == "hospital" or (team_id is None and owner_id is None):
            return True
        if scope == "mine":
            return owner_id in {None, staff.pk} and (team_id is None or team_id in teams)
        return team_id is None or team_id in teams

    alerts = list(list_alerts(staff)[: ROWS_PER_GROUP * 2]) if staff.may("alert.read") else []
    waiting = conversations.list_waiting(staff.hospital_id) if staff.may("message.read") else []
    work = tasks.list_open_tasks(staff)[:ROWS_PER_GROUP] if staff.may("task.read") else []
    return Found(
        alerts=[a for a in alerts if a.level == "red" or is_ours(a.patient.team_id, a.owner_id)],
        threads=[t for t in waiting if is_ours(t.team_id, t.assignee_id)],
        tasks=[t for t in work if is_ours(t.team_id, t.assignee_id)],
    )


def list_discharged_today(staff: Staff) -> list[Patient]:
    if not staff.may("patient.read"):
        return []
    today = time.today(staff.hospital)
    rows = list_patients(staff).filter(discharged_on=today).order_by("id")
    return list(rows[:ROWS_PER_GROUP])


def joined_of(hospital_id: int, patient_ids: Sequence[int]) -> frozenset[int]:
    """Return which of these patients are met on a verified phone."""
    rows = Patient.objects.of(hospital_id).filter(pk__in=patient_ids, holdings__state="verified")
    return frozenset(rows.values_list("pk", flat=True))


def list_todays_confirmations(staff: Staff) -> list[StaffConfirmation]:
    if not staff.may("send.read"):
        return []
    rows = list_confirmations(staff).filter(on=time.today(staff.hospital))
    return list(rows[:6])


def lead_sentence(groups: Iterable[Group]) -> str:
    """Say in one sentence what to do first."""
    counts = {group.key: group.count for group in groups}
    danger = counts.get("red", 0) + counts.get("emergency", 0)
    if danger:
        parts = []
        if counts.get("red"):
            parts.append(_("%(count)d 条红色告警没人接手") % {"count": counts["red"]})
        if counts.get("emergency"):
            parts.append(_("%(count)d 位发来急症词") % {"count": counts["emergency"]})
        joined = _("，").join(parts)
        return _("先处理这 %(count)d 位：%(parts)s") % {"count": danger, "parts": joined}
    if counts.get("overdue"):
        return _("没有人在危险中，先回复超时的 %(count)d 位") % {"count": counts["overdue"]}
    if sum(counts.values()):
        return _("没有人在危险中，按时限处理下面 %(count)d 件") % {"count": sum(counts.values())}
    return _("都处理完了，没有人在等你")


def alert_groups(
    hospital: Hospital,
    alerts: Sequence[Alert],
    faces: dict[int, PatientFace],
    book: Book | None,
) -> list[Group]:
    reds = [a for a in alerts if a.level == "red" and a.state != Alert.State.ACKNOWLEDGED]
    others = [a for a in alerts if a not in reds]
    return [
        Group(
            "red",
            _("红色告警 · 未接手"),
            _("15 分钟内接手，超时自动升级"),
            [alert_row(hospital, a, faces, book) for a in reds],
            "danger",
        ),
        Group(
            "alerts",
            _("告警"),
            _("橙色 2 小时内，黄色 1 个工作日内"),
            [alert_row(hospital, a, faces, book) for a in others[:ROWS_PER_GROUP]],
        ),
    ]


def alert_row(
    hospital: Hospital, alert: Alert, faces: dict[int, PatientFace], book: Book | None
) -> Row:
    face = faces.get(alert.patient_id)
    due_at = alert.due_at
    due, due_tone = time_left(due_at)
    is_red = alert.level == "red"
    is_taken = alert.state == Alert.State.ACKNOWLEDGED
    page = reverse("desk:patient", args=[alert.patient.key])
    take = Action(
        _("接手并致电") if is_red else _("接手"),
        reverse("health:acknowledge", args=[alert.key]),
        icon="phone" if is_red else "hand-stop",
        is_post=True,
        tone="danger" if is_red else "",
    )
    close = Action(_("处理并关闭"), reverse("health:alert", args=[alert.key]), icon="check")
    return Row(
        id=f"alert-{alert.key}",
        who=face.masked_name if face else _("资料已封存"),
        who_sub=face_line(face),
        url=page,
        why=tell_alert(alert, book),
        why_sub=tell_state(hospital, alert),
        icon="alert-octagon" if is_red else "alert-triangle",
        mark=_("告警"),
        tone="danger" if is_red else "warn",
        level="" if is_red else str(LEVEL_WORDS.get(alert.level, "")),
        level_tone=alert.level,
        due=due,
        due_sub=clock_word(hospital, due_at),
        due_tone="danger" if is_red else due_tone,
        action=close if is_taken else take,
    )


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
    if alert.state == Alert.State.AWAITING_SECOND:
        return _("%(at)s · 等复测，30 分钟没有复测就算确认") % {"at": at}
    if alert.state == Alert.State.ACKNOWLEDGED:
        owner = alert.owner.name if alert.owner else ""
        return _("%(at)s · %(owner)s 已接手") % {"at": at, "owner": owner}
    if alert.escalation_rank:
        return _("%(at)s · 已升级 %(rank)d 次") % {"at": at, "rank": alert.escalation_rank}
    return _("%(at)s · 已在手机上告诉患者怎么办") % {"at": at}


def language() -> str:
    return get_language() or "zh-hans"


def face_line(face: PatientFace | None) -> str:
    if face is None:
        return ""
    sex = {"female": _("女"), "male": _("男")}.get(face.sex, "")
    age = _("%(age)d 岁") % {"age": face.age} if face.age is not None else ""
    return " ".join(part for part in (sex, age) if part)


def thread_groups(staff: Staff, waiting: Sequence[Thread]) -> list[Group]:
    lines = conversations.lines_of(staff, staff.hospital, waiting, language()) if waiting else []
    now = time.now()
    groups: dict[str, list[Row]] = {"emergency": [], "overdue": [], "waiting": []}
    for line in lines:
        thread = line.thread
        if thread.attention == thread_rules.EMERGENCY:
            key = "emergency"
        elif thread.first_reply_due_at and thread.first_reply_due_at < now:
            key = "overdue"
        else:
            key = "waiting"
        groups[key].append(thread_row(staff.hospital, line, key))
    return [
        Group(
            "emergency",
            _("急症词"),
            _("插到所有会话之前，5 分钟内有人回"),
            groups["emergency"],
            "danger",
        ),
        Group("overdue", _("服务时钟已超时"), _("超时自动通知备班"), groups["overdue"]),
        Group("waiting", _("未回复"), _("值班时段首次回复 30 分钟"), groups["waiting"]),
    ]


def thread_row(hospital: Hospital, line: conversations.ThreadLine, group: str) -> Row:
    thread = line.thread
    due, due_tone = time_left(thread.first_reply_due_at)
    is_danger = group == "emergency"
    icons = {"emergency": "urgent", "overdue": "clock-exclamation", "waiting": "message"}
    return Row(
        id=f"thread-{thread.key}",
        who=line.who.name,
        who_sub=face_line(line.who.patient) or _("未核验"),
        url=reverse("conversations:thread", args=[thread.key]),
        why=_("「%(words)s」") % {"words": line.preview},
        why_sub=clock_word(hospital, thread.last_patient_at),
        icon=icons[group],
        mark=_("会话"),
        tone="danger" if is_danger else ("warn" if group == "overdue" else ""),
        due=due,
        due_sub=clock_word(hospital, thread.first_reply_due_at),
        due_tone="danger" if is_danger else due_tone,
        action=Action(
            _("立即回复") if is_danger else _("回复"),
            reverse("conversations:thread", args=[thread.key]),
            icon="message",
            tone="danger-line" if is_danger else "",
        ),
    )


def task_group(work: Sequence[StaffTask], faces: dict[int, PatientFace]) -> Group:
    return Group("tasks", _("随访与任务"), "", [task_row(task, faces) for task in work])


def task_row(task: StaffTask, faces: dict[int, PatientFace]) -> Row:
    face = faces.get(task.patient_id or 0)
    due, due_tone = time_left(task.due_at)
    said = tasks.describe(task)
    url = reverse("tasks:task", args=[task.key])
    return Row(
        id=f"task-{task.key}",
        who=face.masked_name if face else _("资料已封存"),
        who_sub=face_line(face),
        url=url,
        why=said.word,
        why_sub=said.sentence,
        icon="phone" if task.kind == StaffTask.Kind.CALL else "checklist",
        mark=_("任务"),
        due=due,
        due_tone=due_tone,
        action=Action(_("处理"), url, icon="arrow-right"),
    )


def time_left(due_at: datetime | None) -> tuple[str, str]:
    """Say how long is left or how much it is over, and in which tone."""
    if due_at is None:
        return "", ""
    left = due_at - time.now()
    words = spell(abs(left))
    if left < timedelta(0):
        return _("超 %(time)s") % {"time": words}, "warn"
    tone = "warn" if left < timedelta(minutes=10) else ""
    return _("剩 %(time)s") % {"time": words}, tone


def spell(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    if minutes < 60:
        return _("%(minutes)d 分") % {"minutes": minutes}
    hours, rest = divmod(minutes, 60)
    if hours < 24:
        return _("%(hours)d 时 %(minutes)d 分") % {"hours": hours, "minutes": rest}
    return _("%(days)d 天") % {"days": hours // 24}


def clock_word(hospital: Hospital, at: datetime | None) -> str:
    if at is None:
        return ""
    local = time.local(hospital, at)
    is_today = local.date() == time.today(hospital)
    return local.strftime("%H:%M" if is_today else "%m-%d %H:%M")
