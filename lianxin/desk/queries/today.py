"""Today: one list by danger, then deadline. Who, why now, time left, the one next action."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Case, Exists, IntegerField, OuterRef, Q, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from lianxin.content import queries as content
from lianxin.content.models import Revision
from lianxin.conversations import queries as conversations
from lianxin.conversations.models import Thread
from lianxin.conversations.rules import threads as thread_rules
from lianxin.core import time
from lianxin.core.joins import join
from lianxin.desk import lines
from lianxin.desk.lines import HEADINGS, Ground, Group
from lianxin.desk.words import day_and_clock, language
from lianxin.health.models import Alert
from lianxin.health.queries.alerts import as_lines, list_alerts
from lianxin.health.queries.book import find_book
from lianxin.health.rules.values import LEVELS
from lianxin.journeys.models import Enrolment
from lianxin.outreach.models import StaffConfirmation
from lianxin.outreach.queries.house import house_of
from lianxin.outreach.queries.lists import confirmation_word, list_confirmations
from lianxin.patients.queries import PatientFace, is_held, list_patients
from lianxin.staff.models import Staff
from lianxin.staff.queries import list_duty_line, list_team_ids_of
from lianxin.tasks import queries as tasks
from lianxin.web.parts import Row

MINE, TEAM, HOSPITAL = "mine", "team", "hospital"
SCOPES = (MINE, TEAM, HOSPITAL)
# The overview names the most urgent of each group, and everybody in danger.
ROWS_IN_OVERVIEW = 6
ROWS_PER_GROUP = 40
# One more than is shown, so that the page can say that there are more.
LIMIT = ROWS_PER_GROUP + 1
LEFT_OUT_ROWS = 6
# What sorts a talk into its group; its words are loaded only if the page names it.
THREAD_COLUMNS = ("key", "patient", "attention", "first_reply_due_at", "last_patient_at")
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


class Discharged(NamedTuple):
    """One of today's discharges, before anybody's name is opened."""

    patient_id: int
    is_joined: bool
    is_held: bool


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
    confirmations_per_day: int
    seen_patient_ids: frozenset[int]
    lead: str
    clock: str
    # The one group that is shown whole, or none.
    show: str

    @property
    def count(self) -> int:
        return sum(group.size for group in self.groups)


@dataclass(frozen=True)
class Pile:
    """What was found for one group, and which of it the page names."""

    key: str
    found: Sequence[Any]
    shown: Sequence[Any]


def load_board(staff: Staff, *, scope: str = MINE, show: str = "") -> Board:
    """Load the overview, or with `show` the whole of one group."""
    teams = list_team_ids_of(staff)
    found = find_work(staff, scope, teams)
    show = show if show in found else ""
    piles = [
        Pile(key, found[key], found[key][: rows_of(key, show)]) for key in HEADINGS if key in found
    ]
    gone_home = list_discharged(staff)
    ground = load_ground(staff, piles, gone_home)
    groups = [make_group(ground, pile) for pile in piles]
    duty = list_duty_line(staff.hospital_id, teams[0] if teams else None, time.now())
    return Board(
        groups=groups,
        discharges=count_discharges(ground, gone_home),
        duty=duty[:DUTY_ROWS],
        confirmations=list_todays_confirmations(staff),
        confirmations_per_day=house_of(staff.hospital).settings.staff.tasks_per_staff_per_day,
        seen_patient_ids=frozenset(ground.faces),
        lead=lead_sentence(groups),
        clock=day_and_clock(staff.hospital),
        show=show,
    )


def rows_of(key: str, show: str) -> int:
    """Say how many rows of a group the page names."""
    if show:
        return ROWS_PER_GROUP if key == show else 0
    return ROWS_PER_GROUP if HEADINGS[key].is_danger else ROWS_IN_OVERVIEW


def load_ground(
    staff: Staff, piles: Sequence[Pile], gone_home: Sequence[Discharged] | None
) -> Ground:
    """Load what the rows need, for all at once, and names of those only whom the page shows."""
    rows = [row for pile in piles for row in pile.shown]
    talks = {row.pk for row in rows if isinstance(row, Thread)}
    ids = {row.patient_id for row in rows if getattr(row, "patient_id", None)}
    ids |= {one.patient_id for one in left_out_of(gone_home or ())}
    threads = conversations.load_threads(staff, talks) if talks else []
    known = conversations.load_known(staff.hospital_id, threads, ids)
    said = conversations.lines_of(staff, staff.hospital, threads, language(), known)
    has_alerts = any(isinstance(row, Alert) for row in rows)
    return Ground(
        staff,
        known.faces,
        book=find_book(staff.hospital_id) if has_alerts else None,
        talks={line.thread.pk: line for line in said},
    )


def make_group(ground: Ground, pile: Pile) -> Group:
    rows = [MAKE_ROW[pile.key](ground, row) for row in pile.shown]
    return Group(pile.key, rows, len(pile.found), ROWS_PER_GROUP)


MAKE_ROW: dict[str, Callable[[Ground, Any], Row]] = {
    "red": lines.alert_row,
    "emergency": lines.thread_row,
    "overdue": lines.thread_row,
    "alerts": lines.alert_row,
    "waiting": lines.thread_row,
    "tasks": lines.task_row,
    "approvals": lines.approval_row,
}

# --- What waits ----------------------------------------------------------------------------------


def find_work(staff: Staff, scope: str, teams: Sequence[int]) -> dict[str, list[Any]]:
    """Return what waits by group; a group that the role may not see is not there."""
    found: dict[str, list[Any]] = {}
    if staff.may("alert.read"):
        alerts = find_alerts(staff, scope, teams)
        found["red"] = [alert for alert in alerts if lines.is_open_red(alert)]
        found["alerts"] = [alert for alert in alerts if not lines.is_open_red(alert)]
    if staff.may("message.read"):
        found |= {"emergency": [], "overdue": [], "waiting": []}
        for thread in find_threads(staff, scope, teams):
            found[lines.key_of_thread(thread, time.now())].append(thread)
    if staff.may("task.read"):
        found["tasks"] = find_tasks(staff, scope, teams)
    if staff.may("content.review"):
        found["approvals"] = find_approvals(staff)
    return found


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
    return list(as_lines(rows).order_by(is_taken, loudest_first, due_at, "id")[: 2 * LIMIT])


def find_threads(staff: Staff, scope: str, teams: Sequence[int]) -> list[Thread]:
    """Return who waits for an answer; somebody in danger is in every scope."""
    wanted = ours(scope, staff, teams, owner="assignee", team="team")
    rows = conversations.list_threads(staff).select_related(None)
    rows = rows.filter(
        Q(attention=thread_rules.EMERGENCY) | (Q(attention__lte=thread_rules.WAITING) & wanted)
    )
    return list(rows.only(*THREAD_COLUMNS)[: 2 * LIMIT])


def find_tasks(staff: Staff, scope: str, teams: Sequence[int]) -> list[tasks.TaskHead]:
    wanted = ours(scope, staff, teams, owner="assignee", team="team")
    rows = tasks.list_open_tasks(staff).select_related(None)
    listed = rows.filter(wanted).values_list(*tasks.TaskHead._fields)
    return [tasks.TaskHead(*row) for row in listed[:LIMIT]]


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


def list_discharged(staff: Staff) -> list[Discharged] | None:
    """Return whom the ward sent home today, by number only; None for who may not see patients."""
    if not staff.may("patient.read"):
        return None
    rows = list_patients(staff).filter(discharged_on=time.today(staff.hospital)).order_by("id")
    found = rows.annotate(is_joined=on_a_journey(), is_held=is_held())
    return [Discharged(*row) for row in found.values_list("pk", "is_joined", "is_held")]


def on_a_journey() -> Exists:
    running = Enrolment.objects.filter(
        hospital_id=OuterRef("hospital_id"),
        patient_id=OuterRef("pk"),
        state=Enrolment.State.ACTIVE,
    )
    return Exists(running)


def left_out_of(discharged: Iterable[Discharged]) -> list[Discharged]:
    """Return whom no journey carries yet, as many as the page names."""
    return [one for one in discharged if not one.is_joined][:LEFT_OUT_ROWS]


def count_discharges(ground: Ground, discharged: Sequence[Discharged] | None) -> Discharges | None:
    if discharged is None:
        return None
    left_out = [
        LeftOut(ground.faces[one.patient_id], one.is_held)
        for one in left_out_of(discharged)
        if one.patient_id in ground.faces
    ]
    return Discharges(len(discharged), sum(one.is_joined for one in discharged), left_out)


def list_todays_confirmations(staff: Staff) -> list[Confirmation] | None:
    """Return the merged tasks that staff confirm in WeCom today."""
    if not staff.may("send.read"):
        return None
    rows = list_confirmations(staff).filter(on=time.today(staff.hospital))
    rows = join(rows.select_related(None), staff="name")
    return [
        Confirmation(task, confirmation_word(task), task.state == StaffConfirmation.State.DONE)
        for task in rows[:LEFT_OUT_ROWS]
    ]
