"""What the panes of the inbox show, as plain values: the list, the thread, the patient's card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from lianxin.channels.adapters.reactions import load_transitions
from lianxin.channels.models import Account
from lianxin.channels.queries import list_receiving
from lianxin.channels.rules.customer_service import ENDED, QUEUE, SERVED, list_targets
from lianxin.compliance.queries import Look, check_wording, consents_of, who_looked
from lianxin.compliance.rules.guard import Finding
from lianxin.conversations import catalog, queries, words
from lianxin.conversations.models import Message, Rating, Thread
from lianxin.conversations.queries import Said, ThreadFilter, Way, Who
from lianxin.conversations.queries.ratings import find_newest_rating
from lianxin.conversations.rules import threads
from lianxin.conversations.rules.emergency import find_spans
from lianxin.conversations.words import Bubble, Line
from lianxin.core import time
from lianxin.outreach.queries import ReachLine, reach_of_holder
from lianxin.outreach.queries.reach import Said as Reason
from lianxin.patients.queries import Member, household_of
from lianxin.staff.models import Staff
from lianxin.staff.queries import find_many_by_wecom, list_staff
from lianxin.web.links import link
from lianxin.web.navigation import find_url
from lianxin.web.parts import Chip
from lianxin.web.templatetags.web import window_duration

# What the form calls the places that are nobody.
QUEUED, FINISHED = "queue", "end"
CONSENTS = ("health_records", "reminders", "marketing")


# --- The list ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ListPane:
    """The left pane: tabs, filters, lines, and how to refresh it."""

    tabs: list[Chip]
    chips: list[Chip]
    lines: list[Line]
    refresh_url: str
    more_url: str
    wanted: ThreadFilter
    lead: str
    patient_at: list[tuple[int, datetime]]
    ratings_url: str = ""


def make_list(
    staff: Staff, wanted: ThreadFilter, page: int, current: Thread | None, language: str
) -> ListPane:
    rows = list(queries.list_threads(staff, wanted)[: queries.PAGE_ROWS * page + 1])
    has_more = len(rows) > queries.PAGE_ROWS * page
    rows = rows[: queries.PAGE_ROWS * page]
    found = queries.lines_of(staff, staff.hospital, rows, language)
    counts = queries.count_tabs(staff, wanted.tab)
    soon = queries.clock_of(staff.hospital).closing_soon
    return ListPane(
        tabs=make_tabs(wanted, counts),
        chips=make_chips(wanted, counts),
        lines=[make_line(line, wanted, current, soon) for line in found],
        refresh_url=refresh_url(wanted, page, current),
        more_url=f"?{query_of(wanted, page=page + 1)}" if has_more else "",
        wanted=wanted,
        lead=make_lead(found),
        patient_at=[(row.patient_id, row.last_message_at) for row in rows if row.patient_id],
        ratings_url=reverse("conversations:ratings") if staff.may("insight.read") else "",
    )


def query_of(wanted: ThreadFilter, **more: str | int) -> str:
    values: dict[str, str | int] = {"tab": wanted.tab}
    values |= {"show": wanted.show} if wanted.show else {}
    values |= {"account": wanted.account_kind} if wanted.account_kind else {}
    return urlencode(values | more)


def refresh_url(wanted: ThreadFilter, page: int, current: Thread | None) -> str:
    """Return where the list is fetched again; only whom it shows anew is written down then."""
    more: dict[str, str | int] = {"since": time.now().isoformat(timespec="seconds")}
    more |= {"page": page} if page > 1 else {}
    more |= {"thread": current.key} if current else {}
    return f"{reverse('conversations:lines')}?{query_of(wanted, **more)}"


def newly_shown(pane: ListPane, since: str) -> list[int]:
    """Return whom this list shows for the first time: all, or what changed since the last look."""
    seen_at = parse_instant(since)
    return [patient_id for patient_id, at in pane.patient_at if seen_at is None or at >= seen_at]


def parse_instant(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None


def make_tabs(wanted: ThreadFilter, counts: dict[str, int]) -> list[Chip]:
    labels = {
        "mine": _("我的"),
        "team": _("本组"),
        "unassigned": _("未分配"),
        "all": _("全部"),
    }
    return [
        Chip(label, f"?tab={tab}", counts[tab], is_current=wanted.tab == tab)
        for tab, label in labels.items()
    ]


def make_chips(wanted: ThreadFilter, counts: dict[str, int]) -> list[Chip]:
    labels = {"unread": _("未读"), "closing": _("快关窗"), "closed": _("已结束")}
    return [
        Chip(
            label,
            f"?{query_of(ThreadFilter(wanted.tab, '' if wanted.show == show else show))}",
            counts.get(show),
            is_current=wanted.show == show,
        )
        for show, label in labels.items()
    ]


def make_line(
    line: queries.ThreadLine, wanted: ThreadFilter, current: Thread | None, soon: timedelta
) -> Line:
    tag, tone = words.tag_of(line)
    kind = line.thread.last_account_kind
    url = link("conversations:thread", line.thread.key)
    return Line(
        line=line,
        url=f"{url}?{query_of(wanted)}",
        account=words.account_word(kind),
        icon=words.account_icon(kind),
        window=words.window_words(line.way, soon),
        tag=tag,
        tag_tone=tone,
        is_current=current is not None and current.pk == line.thread.pk,
    )


def make_lead(lines: Sequence[queries.ThreadLine]) -> str:
    """Say first what to do: the answer before the list."""
    danger = sum(1 for line in lines if line.thread.attention == threads.EMERGENCY)
    late = sum(1 for line in lines if line.due is not None and line.due.is_late)
    waiting = sum(1 for line in lines if line.thread.is_waiting)
    if danger:
        return _("先看 %(count)s 条急症词") % {"count": danger}
    if late:
        return _("先回 %(count)s 条超时的") % {"count": late}
    if waiting:
        return _("%(count)s 条在等回复") % {"count": waiting}
    return _("没有人在等回复")


# --- One thread ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class WayChoice:
    """One way to answer, in words."""

    way: Way
    label: str
    icon: str
    reason: Reason | None
    is_chosen: bool
    left: str = ""


@dataclass(frozen=True)
class Move:
    """One place a session can go: the queue, somebody, or its end."""

    value: str
    label: str


@dataclass(frozen=True)
class PatientCard:
    """The right pane: who it is, how to reach them, what they agreed to, who looked."""

    who: Who
    url: str
    team: str
    reach: list[ReachLine]
    consents: list[tuple[str, bool]]
    looks: list[Look]
    verify_url: str
    # Everybody whom this phone is held for, where that is more than one.
    household: list[Member]
    about_url: str


@dataclass(frozen=True)
class ThreadPane:
    """The middle pane and what stands beside it."""

    thread: Thread
    who: Who
    bubbles: list[Bubble]
    older_url: str
    banner: str
    ways: list[WayChoice]
    card: PatientCard
    colleagues: list[Staff]
    is_mine: bool
    due: threads.Due | None
    rating: Rating | None
    moves: list[Move]
    moved: str

    @property
    def key(self) -> str:
        return self.thread.key

    @property
    def chosen(self) -> WayChoice | None:
        return next((choice for choice in self.ways if choice.is_chosen), None)

    @property
    def why_not(self) -> Reason | None:
        """Why nobody can answer here now; None when somebody can."""
        if any(choice.way.is_open for choice in self.ways):
            return None
        return self.ways[0].reason if self.ways else None

    @property
    def is_read_only(self) -> bool:
        return not any(choice.way.is_open for choice in self.ways)

    @property
    def state(self) -> str:
        """What the composer is made for; a refresh of the messages brings another if it changed."""
        return "read-only" if self.is_read_only else "open"


def make_thread(
    staff: Staff, thread: Thread, language: str, *, before: Message | None = None
) -> ThreadPane:
    who = queries.who_of(thread.hospital_id, [thread])[thread.pk]
    said = queries.list_messages(thread, before=before)
    return ThreadPane(
        thread=thread,
        who=who,
        bubbles=make_bubbles(said, who.name),
        older_url=older_url(thread, said),
        banner=catalog.category_name(thread.urgency_category, language),
        ways=make_ways(thread),
        card=make_card(thread, who),
        colleagues=[one for one in list_staff(staff.hospital_id) if one.may("message.send")],
        is_mine=thread.assignee_id == staff.pk,
        due=threads.due_state(thread.first_reply_due_at, time.now()),
        rating=find_newest_rating(thread),
        moves=list_moves(thread),
        moved=words.moved_word(thread),
    )


def list_moves(thread: Thread) -> list[Move]:
    """Return where this customer service session can go now, each as the form names it."""
    address = thread.last_address
    if address is None or address.account.kind != Account.Kind.WECOM_KF:
        return []
    targets = list_targets(load_transitions(), address.session_state)
    moves = [Move(QUEUED, _("放进企业微信的排队"))] if QUEUE in targets else []
    if SERVED in targets:
        rows = list_receiving(address.account)
        people = find_many_by_wecom(thread.hospital_id, [one.userid for one in rows])
        names = {userid: one.name for userid, one in people.items()}
        moves += [
            Move(
                one.key,
                _("转给 %(name)s") % {"name": names.get(one.userid, one.userid)},
            )
            for one in rows
        ]
    return moves + ([Move(FINISHED, _("结束企业微信里的接待"))] if ENDED in targets else [])


def older_url(thread: Thread, said: Sequence[Said]) -> str:
    if len(said) < queries.MESSAGE_ROWS:
        return ""
    url = link("conversations:messages", thread.key)
    return f"{url}?before={said[0].message.key}"


def make_bubbles(said: Sequence[Said], patient_name: str) -> list[Bubble]:
    bubbles: list[Bubble] = []
    last_day = ""
    for one in said:
        day = f"{time.local(one.message.hospital, one.message.at):%Y-%m-%d}"
        bubbles.append(make_bubble(one, patient_name, is_new_day=day != last_day))
        last_day = day
    return bubbles


def make_bubble(said: Said, patient_name: str, *, is_new_day: bool) -> Bubble:
    message = said.message
    spans = find_spans(said.body, catalog.emergency_categories()) if message.category else []
    return Bubble(
        said=said,
        sender=words.sender_word(said, patient_name),
        account=words.account_word(said.account_kind),
        state=words.state_word(message),
        look=words.look_of(message),
        reason=words.reason_of(message),
        parts=words.split_parts(said.body or queries.kind_word(message.kind), spans),
        day=message.at if is_new_day else None,
        is_unscreened=message.is_from_patient and message.kind in words.UNSCREENED,
    )


def make_ways(thread: Thread) -> list[WayChoice]:
    """Return how this person can be answered; the first open one is chosen."""
    ways, now = queries.list_ways(thread), time.now()
    chosen = next((way for way in ways if way.is_open), None)
    return [
        WayChoice(
            way=way,
            label=words.account_word(way.account_kind),
            icon=words.account_icon(way.account_kind),
            reason=None if way.is_open else words.describe(way),
            is_chosen=way is chosen,
            left=window_duration(way.until - now) if way.until else "",
        )
        for way in ways
    ]


def make_card(thread: Thread, who: Who) -> PatientCard:
    patient = thread.patient
    base = find_url("patients:list")
    return PatientCard(
        who=who,
        url=f"{base}{patient.key}/" if patient and base else "",
        team=thread.team.name if thread.team else "",
        reach=reach_of_holder(thread.hospital_id, thread.holder_id, thread.patient_id),
        consents=make_consents(thread),
        looks=who_looked(patient, days=30, limit=3) if patient else [],
        verify_url="" if patient else find_url("patients:bedside_desk"),
        household=household_of(thread.holder, thread.patient_id),
        about_url=reverse("conversations:about", args=[thread.key]),
    )


def make_consents(thread: Thread) -> list[tuple[str, bool]]:
    """Return the purposes that matter while talking, with yes or no."""
    if thread.patient_id is None:
        return []
    granted = consents_of(thread.hospital_id, [thread.patient_id])[thread.patient_id]
    labels = {
        "health_records": _("健康记录"),
        "reminders": _("提醒"),
        "marketing": _("营销"),
    }
    return [(labels[code], code in granted) for code in CONSENTS]


# --- The guard -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class GuardFinding:
    """One finding in words: category, the words, a safe way to say it."""

    finding: Finding
    category: str

    @property
    def is_blocking(self) -> bool:
        return self.finding.severity == "block"


@dataclass(frozen=True)
class Guard:
    """What the draft may not say, and the draft cut at these words."""

    findings: list[GuardFinding]
    parts: list[tuple[str, bool]]

    @property
    def blocking(self) -> int:
        return sum(1 for one in self.findings if one.is_blocking)


def make_guard(hospital_id: int, text: str) -> Guard:
    found = check_wording(hospital_id, text, "reply")
    return Guard(
        findings=[GuardFinding(one, words.category_word(one.category)) for one in found],
        parts=words.split_parts(text, [(one.start, one.end) for one in found]),
    )
