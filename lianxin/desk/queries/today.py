"""Today: one list by danger, then deadline. Who, why now, time left, the one next action."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Case, Count, Exists, IntegerField, OuterRef, Q, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from lianxin.content import queries as content
from lianxin.content.models import Revision
from lianxin.conversations import queries as conversations
from lianxin.conversations.models import Thread
from lianxin.conversations.rules import threads as thread_rules
from lianxin.core import time
from lianxin.desk import lines
from lianxin.desk.lines import ROWS_PER_GROUP, Ground, Group
from lianxin.desk.words import day_and_clock, language
from lianxin.health.models import Alert
from lianxin.health.queries.alerts import list_alerts
from lianxin.health.queries.book import find_book
from lianxin.health.rules.values import LEVELS
from lianxin.journeys.models import Enrolment
from lianxin.outreach.models import StaffConfirmation
from lianxin.outreach.queries.lists import confirmation_word, list_confirmations
from lianxin.patients.models import Patient
from lianxin.patients.queries import PatientFace, held_patient_ids, list_patients, names_of
from lianxin.staff.models import Staff
from lianxin.staff.queries import list_duty_line, list_team_ids_of
from lianxin.tasks import queries as tasks
from lianxin.tasks.models import StaffTask

MINE, TEAM, HOSPITAL = "mine", "team", "hospital"
SCOPES = (MINE, TEAM, HOSPITAL)
ORDER = ("red", "emergency", "overdue", "alerts", "waiting", "tasks", "approvals")
# One more than is shown, so that the page can say that there are more.
LIMIT = ROWS_PER_GROUP + 1
LEFT_OUT_ROWS = 6
DUTY_ROWS = 4


@dataclass(frozen=True)
class LeftOut:
    """Somebody who went home today and whom no journey carries yet."""

    face: PatientFace
    is_held: bool


@dataclass(frozen=True)
class Discharges:
    """Today's discharges: how many are on a journey, and who is not."""

    count: int
    joined: int
    left_out: Sequence[LeftOut]

    @property
    def left_out_count(self) -> int:
        return self.count - self.joined


@dataclass(frozen=True)
class Confirmation:
    task: StaffConfirmation
    state: str
    is_done: bool


@dataclass(frozen=True)
class Board:
    """Everything the page shows, and whom it showed (for the access log)."""

    groups: Sequence[Group]
    discharges: Discharges | None
    duty: Sequence[Staff]
    confirmations: Sequence[Confirmation] | None
    seen_patient_ids: frozenset[int]
    lead: str
    clock: str

    @property
    def count(self) -> int:
        return sum(group.size for group in self.groups)


@dataclass(frozen=True)
class Found:
    """The rows of the rooms before they become lines."""

    alerts: Sequence[Alert]
    threads: Sequence[Thread]
    tasks: Sequence[StaffTask]
    approvals: Sequence[Revision]

    @property
    def patient_ids(self) -> set[int]:
        ids = [row.patient_id for row in self.alerts]
        known = [row.patient_id for row in self.threads]
        known += [row.patient_id for row in self.tasks]
        return {*ids, *(patient_id for patient_id in known if patient_id is not None)}


def load_board(staff: Staff, *, scope: str = MINE) -> Board:
    teams = list_team_ids_of(staff)
    found = find_work(staff, scope, teams)
    gone_home = list_left_out(staff)
    patient_ids = found.patient_ids | {patient.pk for patient in gone_home}
    faces = names_of(staff.hospital_id, patient_ids) if patient_ids else {}
    book = find_book(staff.hospital_id) if found.alerts else None
    groups = make_groups(Ground(staff, faces, book), found)
    duty = list_duty_line(staff.hospital_id, teams[0] if teams else None, time.now())
    return Board(
        groups=groups,
        discharges=count_discharges(staff, [faces[p.pk] for p in gone_home if p.pk in faces]),
        duty=duty[:DUTY_ROWS],
        confirmations=list_todays_confirmations(staff),
        seen_patient_ids=frozenset(faces),
        lead=lead_sentence(groups),
        clock=day_and_clock(staff.hospital),
    )


def make_groups(ground: Ground, found: Found) -> list[Group]:
    """Return the groups of this role, empty ones too: they say that all is well."""
    staff = ground.staff
    groups: list[Group] = []
    if staff.may("alert.read"):
        groups += lines.alert_groups(ground, found.alerts)
    if staff.may("message.read"):
        groups += lines.thread_groups(ground, lines_of(staff, found.threads))
    if staff.may("task.read"):
        groups.append(lines.task_group(ground, found.tasks))
    if staff.may("content.review"):
        groups.append(lines.approval_group(staff, found.approvals))
    return sorted(groups, key=lambda group: ORDER.index(group.key))


def lines_of(staff: Staff, threads: Sequence[Thread]) -> list[conversations.ThreadLine]:
    return conversations.lines_of(staff, staff.hospital, threads, language()) if threads else []


# --- What waits ----------------------------------------------------------------------------------


def find_work(staff: Staff, scope: str, teams: Sequence[int]) -> Found:
    """Return what is waiting; each part only when the role may see it."""
    return Found(
        alerts=find_alerts(staff, scope, teams) if staff.may("alert.read") else [],
        threads=find_threads(staff, scope, teams) if staff.may("message.read") else [],
        tasks=find_tasks(staff, scope, teams) if staff.may("task.read") else [],
        approvals=find_approvals(staff) if staff.may("content.review") else [],
    )


def ours(scope: str, staff: Staff, teams: Sequence[int], *, owner: str, team: str) -> Q:
    """Match what this scope shows; what belongs to nobody is everybody's."""
    if scope == HOSPITAL:
        return Q()
    of_team = Q(**{f"{team}__in": teams}) | Q(**{team: None})
    if scope == TEAM:
        return of_team
    return Q(**{owner: staff.pk}) | (Q(**{owner: None}) & of_team)


def find_alerts(staff: Staff, scope: str, teams: Sequence[int]) -> list[Alert]:
    """Return the alerts: not taken before taken, then by danger, then by time left."""
    is_taken = Case(
        When(state=Alert.State.ACKNOWLEDGED, then=Value(1)),
        default=Value(0),
        output_field=IntegerField(),
    )
    loudest_first = Case(
        *(When(level=level, then=Value(-rank)) for rank, level in enumerate(LEVELS)),
        output_field=IntegerField(),
    )
    wanted = ours(scope, staff, teams, owner="owner", team="patient__team")
    rows = list_alerts(staff).filter(Q(level=Alert.Level.RED) | wanted)
    due_at = Coalesce("deadline_at", "confirm_due_at")
    return list(rows.order_by(is_taken, loudest_first, due_at, "id")[: 2 * LIMIT])


def find_threads(staff: Staff, scope: str, teams: Sequence[int]) -> list[Thread]:
    """Return who waits for an answer; somebody in danger is in every scope."""
    wanted = ours(scope, staff, teams, owner="assignee", team="team")
    rows = conversations.list_threads(staff).filter(
        Q(attention=thread_rules.EMERGENCY) | (Q(attention__lte=thread_rules.WAITING) & wanted)
    )
    return list(rows[: 2 * LIMIT])


def find_tasks(staff: Staff, scope: str, teams: Sequence[int]) -> list[StaffTask]:
    wanted = ours(scope, staff, teams, owner="assignee", team="team")
    return list(tasks.list_open_tasks(staff).filter(wanted)[:LIMIT])


def find_approvals(staff: Staff) -> list[Revision]:
    items = list(content.list_items(staff, state=Revision.State.IN_REVIEW)[:LIMIT])
    newest = content.newest_revisions(staff.hospital_id, [item.pk for item in items])
    revisions = []
    for item in items:
        revision = newest.get(item.pk)
        if revision is not None and revision.state == Revision.State.IN_REVIEW:
            revision.item = item
            revisions.append(revision)
    return revisions


def lead_sentence(groups: Iterable[Group]) -> str:
    """Say in one sentence what to do first."""
    counts = {group.key: group.size for group in groups}
    danger = counts.get("red", 0) + counts.get("emergency", 0)
    if danger:
        return _("先处理这 %(count)d 位：%(parts)s") % {
            "count": danger,
            "parts": danger_parts(counts),
        }
    if counts.get("overdue"):
        return _("没有人在危险中，先回复超时的 %(count)d 位") % {"count": counts["overdue"]}
    if sum(counts.values()):
        return _("没有人在危险中，按时限处理下面 %(count)d 件") % {"count": sum(counts.values())}
    return _("现在没有要处理的事")


def danger_parts(counts: dict[str, int]) -> str:
    parts = []
    if counts.get("red"):
        parts.append(_("%(count)d 条红色告警没人接手") % {"count": counts["red"]})
    if counts.get("emergency"):
        parts.append(_("%(count)d 位发来急症词") % {"count": counts["emergency"]})
    return _("，").join(parts)


# --- Beside the list -----------------------------------------------------------------------------


def on_a_journey() -> Exists:
    running = Enrolment.objects.filter(
        hospital_id=OuterRef("hospital_id"),
        patient_id=OuterRef("pk"),
        state=Enrolment.State.ACTIVE,
    )
    return Exists(running)


def list_left_out(staff: Staff) -> list[Patient]:
    """Return whom the ward sent home today and no journey carries."""
    if not staff.may("patient.read"):
        return []
    rows = list_patients(staff).filter(discharged_on=time.today(staff.hospital))
    return list(rows.exclude(on_a_journey()).order_by("id")[:LEFT_OUT_ROWS])


def count_discharges(staff: Staff, faces: Sequence[PatientFace]) -> Discharges | None:
    if not staff.may("patient.read"):
        return None
    rows = list_patients(staff).filter(discharged_on=time.today(staff.hospital)).order_by()
    found = rows.annotate(is_joined=on_a_journey()).aggregate(
        count=Count("pk"), joined=Count("pk", filter=Q(is_joined=True))
    )
    held = held_patient_ids(staff.hospital_id, [face.id for face in faces])
    left_out = [LeftOut(face, face.id in held) for face in faces]
    return Discharges(found["count"], found["joined"], left_out)


def list_todays_confirmations(staff: Staff) -> list[Confirmation] | None:
    """Return the merged tasks that staff confirm in WeCom today."""
    if not staff.may("send.read"):
        return None
    rows = list_confirmations(staff).filter(on=time.today(staff.hospital))
    return [
        Confirmation(task, confirmation_word(task), task.state == StaffConfirmation.State.DONE)
        for task in rows[:LEFT_OUT_ROWS]
    ]
