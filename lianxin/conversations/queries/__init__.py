"""Reads. The actor or the hospital comes first; nothing outside it is returned."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from lianxin.channels.models import Account, Address
from lianxin.channels.queries import list_addresses
from lianxin.conversations import catalog, sealing
from lianxin.conversations.models import Consult, Message, Thread, ThreadQuerySet
from lianxin.conversations.rules import threads
from lianxin.conversations.rules.clock import ServiceClock
from lianxin.core import time
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, NotFoundError
from lianxin.core.joins import join
from lianxin.core.keys import Keyring
from lianxin.core.models import Hospital
from lianxin.outreach import catalog as outreach
from lianxin.outreach.models import Intent
from lianxin.outreach.rules import facts
from lianxin.outreach.rules.carriers import check_carrier
from lianxin.outreach.rules.facts import AddressFacts, Opening, Reason
from lianxin.outreach.rules.settings import GateSettings
from lianxin.patients.queries import PatientFace, names_of, nicknames_of
from lianxin.staff.models import Staff
from lianxin.staff.queries import list_team_ids_of, names_of_staff
from lianxin.web.rules import mask_name

PAGE_ROWS = 40
MESSAGE_ROWS = 60
TABS = ("mine", "team", "unassigned", "all")
SHOWS = ("", "unread", "closing", "closed")
# The way a conversation is answered over each kind of account.
REPLY_CARRIER = {
    Account.Kind.WECOM_KF: facts.KF_TEXT,
    Account.Kind.OFFICIAL_ACCOUNT: facts.OA_TEXT,
    Account.Kind.MINI_PROGRAM: facts.MINI_TEXT,
    Account.Kind.WEBCHAT: facts.WEBCHAT,
}
# The window whose end closes the talk, by kind of account.
WINDOW_OF_ACCOUNT = {
    Account.Kind.WECOM_KF: "kf_message",
    Account.Kind.OFFICIAL_ACCOUNT: "oa_message",
    Account.Kind.MINI_PROGRAM: "mini_message",
}
PROBE = facts.Message(kind=facts.REPLY, priority="reply")


# --- Settings ------------------------------------------------------------------------------------


def clock_of(hospital: Hospital) -> ServiceClock:
    """Return the hospital's service clock: the house's numbers with its own laid over."""
    return catalog.service_clock(hospital.settings.get("conversations"))


def gate_settings_of(hospital: Hospital) -> GateSettings:
    return outreach.settings_with(hospital.settings.get("outreach") or {})


# --- The list ------------------------------------------------------------------------------------


# What a line of the list says of others than the thread itself.
LINE_COLUMNS = {
    "holder": "nickname_sealed",
    "last_message": "kind body_sealed sender_kind sender recalled_at",
    "last_address": (
        "key state last_inbound_at sent_since_inbound_count session_state last_action_at"
        " sent_since_action_count"
    ),
    "last_address__account": "kind is_active",
}


@dataclass(frozen=True)
class ThreadFilter:
    tab: str = "mine"
    show: str = ""
    account_kind: str = ""


def list_threads(actor: Actor, wanted: ThreadFilter | None = None) -> ThreadQuerySet:
    """List what this actor may answer, as a nurse works: danger, what is due first, the newest."""
    if not actor.may("message.read"):
        raise ForbiddenError
    wanted = wanted or ThreadFilter(tab="all")
    rows = Thread.objects.of(actor.hospital_id).filter(tab_filter(actor, wanted.tab))
    rows = rows.filter(show_filter(hospital_of(actor), wanted.show))
    if wanted.account_kind:
        rows = rows.filter(last_account_kind=wanted.account_kind)
    return join(rows.shown(), **LINE_COLUMNS).in_order()


def hospital_of(actor: Actor) -> Hospital:
    """Return the actor's hospital; the frame has loaded it with the person."""
    known = getattr(actor, "hospital", None)
    return known if isinstance(known, Hospital) else Hospital.objects.get(pk=actor.hospital_id)


def first_tab(actor: Actor) -> str:
    """Choose what opens first: one's own talks, or all of them while one has none."""
    rows = Thread.objects.of(actor.hospital_id).open().filter(tab_filter(actor, "mine"))
    return "mine" if rows.exists() else "all"


def tab_filter(actor: Actor, tab: str) -> Q:
    """Narrow to a tab; somebody in danger whom nobody has taken is in every one."""
    in_danger = Q(attention=threads.EMERGENCY, assignee=None)
    if tab == "mine":
        return Q(assignee_id=actor.id) | in_danger
    if tab == "team":
        teams = list_team_ids_of(actor) if isinstance(actor, Staff) else []
        return Q(team_id__in=teams) | in_danger
    if tab == "unassigned":
        return Q(assignee=None)
    return Q()


def show_filter(hospital: Hospital, show: str) -> Q:
    is_open = Q(state=Thread.State.OPEN)
    if show == "unread":
        return is_open & Q(unread_count__gt=0)
    if show == "closed":
        return Q(state=Thread.State.CLOSED)
    if show == "closing":
        return is_open & closing_filter(hospital)
    return is_open


def closing_filter(hospital: Hospital) -> Q:
    """Match threads whose carrier's window ends soon: after that nobody can answer there."""
    settings, soon = gate_settings_of(hospital), clock_of(hospital).closing_soon
    now = time.now()
    found = Q(pk=None)
    for kind, window in WINDOW_OF_ACCOUNT.items():
        length = timedelta(seconds=settings.windows[window].seconds)
        found |= Q(
            last_account_kind=kind,
            last_patient_at__gt=now - length,
            last_patient_at__lte=now - length + soon,
        )
    return found


def load_threads(actor: Actor, thread_ids: Collection[int]) -> list[Thread]:
    """Load some threads with what their lines need, in the same order as the list."""
    return list(list_threads(actor).filter(pk__in=thread_ids))


def count_tabs(actor: Actor, tab: str) -> dict[str, int]:
    """Count what stands behind each tab, and behind the filters of this one: one query."""
    by_tab = {name: tab_filter(actor, name) for name in TABS}
    is_open = Q(state=Thread.State.OPEN)
    counts = {name: Count("pk", is_open & condition) for name, condition in by_tab.items()}
    counts |= {
        show: Count("pk", by_tab[tab] & show_filter(hospital_of(actor), show))
        for show in ("unread", "closing")
    }
    return Thread.objects.of(actor.hospital_id).shown().aggregate(**counts)


def count_waiting(actor: Actor) -> tuple[int, int]:
    """Return how many threads wait for this actor's answer, and how many are in danger."""
    if not actor.may("message.read"):
        return 0, 0
    rows = Thread.objects.of(actor.hospital_id).open()
    found = rows.aggregate(
        waiting=Count(
            "pk",
            (Q(assignee_id=actor.id) | Q(assignee=None)) & Q(attention__lte=threads.WAITING),
        ),
        danger=Count("pk", Q(attention=threads.EMERGENCY)),
    )
    return found["waiting"], found["danger"]


def list_waiting(hospital_id: int, limit: int = 50) -> list[Thread]:
    """Return who waits for an answer, in order: what the Today page shows."""
    rows = Thread.objects.of(hospital_id).open().filter(attention__lte=threads.WAITING)
    return list(
        rows.select_related("holder", "assignee", "team", "last_message").in_order()[:limit]
    )


def list_overdue(hospital_id: int, now: datetime) -> list[int]:
    """Return threads in danger whose answer is overdue: the next one on duty is asked."""
    rows = (
        Thread.objects.of(hospital_id)
        .open()
        .filter(attention__lte=threads.URGENT, first_reply_due_at__lte=now)
    )
    return list(rows.order_by("first_reply_due_at").values_list("pk", flat=True)[:200])


def access_thread(actor: Actor, key: str) -> Thread:
    """Return the thread if the actor may read it; a stranger looks the same as nobody."""
    rows = Thread.objects.of(actor.hospital_id).shown()
    related = ("hospital", "holder", "patient", "assignee", "team", "last_address__account")
    thread = rows.select_related(*related).filter(key=key).first()
    if thread is None:
        raise NotFoundError
    if not actor.may("message.read"):
        raise ForbiddenError
    return thread


def find_thread_of_holder(hospital_id: int, holder_id: int) -> Thread | None:
    rows = Thread.objects.of(hospital_id).filter(holder_id=holder_id)
    return rows.select_related("hospital", "patient").first()


def find_thread_of_address(hospital_id: int, address_id: int) -> Thread | None:
    return Thread.objects.of(hospital_id).filter(holder__addresses__address_id=address_id).first()


def find_newest_thread_key(actor: Actor, patient_id: int) -> str:
    """Return the talk to go on with from the patient's own page; empty when there is none."""
    if not actor.may("message.read"):
        raise ForbiddenError
    rows = Thread.objects.of(actor.hospital_id).shown().filter(patient_id=patient_id)
    newest = rows.order_by("-last_message_at").values_list("key", flat=True)[:1]
    return next(iter(newest), "")


def find_open_consult(thread: Thread) -> Consult | None:
    return Consult.objects.filter(thread=thread, state=Consult.State.OPEN).first()


# --- Who it is -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Who:
    """The person a page names: the verified patient, or the nickname of an unknown phone."""

    name: str
    patient: PatientFace | None = None

    @property
    def is_verified(self) -> bool:
        return self.patient is not None


@dataclass(frozen=True)
class Known:
    """The people of some threads and the keys of what they wrote, loaded for a whole page."""

    faces: Mapping[int, PatientFace]
    ring: Keyring


def load_known(
    hospital_id: int, rows: Sequence[Thread], patient_ids: Collection[int] = ()
) -> Known:
    """Load the faces of threads and of other patients of the page: two queries."""
    wanted = {thread.patient_id for thread in rows if thread.patient_id is not None}
    wanted |= set(patient_ids)
    ring = sealing.ring_of(hospital_id, [thread.holder_id for thread in rows], wanted)
    return Known(names_of(hospital_id, wanted, ring) if wanted else {}, ring)


def who_of(hospital_id: int, rows: Sequence[Thread], known: Known | None = None) -> dict[int, Who]:
    """Name the people of some threads, masked: the same queries however many threads."""
    faces = (known or load_known(hospital_id, rows)).faces
    unknown = [thread.holder for thread in rows if thread.patient_id not in faces]
    nicknames = nicknames_of(hospital_id, unknown) if unknown else {}
    return {thread.pk: make_who(thread, faces, nicknames) for thread in rows}


def make_who(thread: Thread, faces: Mapping[int, PatientFace], nicknames: dict[int, str]) -> Who:
    face = faces.get(thread.patient_id or 0)
    if face is not None:
        return Who(face.masked_name, face)
    return Who(mask_name(nicknames.get(thread.holder_id, "")) or _("未核验"))


# --- Windows -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Way:
    """How the person can be answered at one address now: until when, how often, or why not."""

    address_key: str
    account_kind: str
    carrier: str
    until: datetime | None = None
    left: int | None = None
    limit: int | None = None
    reason: Reason | None = None

    @property
    def is_open(self) -> bool:
        return self.reason is None

    @property
    def pips(self) -> list[bool]:
        """One sign per message of the window, true for what is left."""
        return [place < (self.left or 0) for place in range(self.limit or 0)]


def way_of(address: Address | None, settings: GateSettings, now: datetime) -> Way | None:
    """Judge one address by the provider's rules; None where Lianxin can never answer."""
    if address is None:
        return None
    carrier = REPLY_CARRIER.get(Account.Kind(address.account.kind))
    if carrier is None:
        return None
    answer = check_carrier(carrier, facts_of_address(address), PROBE, settings, now)
    if isinstance(answer, Opening):
        return Way(
            address.key, address.account.kind, carrier, answer.until, answer.left, answer.limit
        )
    return Way(address.key, address.account.kind, carrier, reason=answer)


def facts_of_address(address: Address) -> AddressFacts:
    return AddressFacts(
        account_id=address.account_id,
        account_kind=address.account.kind,
        address_id=address.pk,
        is_active=address.state == Address.State.ACTIVE,
        account_is_active=address.account.is_active,
        last_message_at=address.last_inbound_at,
        sent_since_message=address.sent_since_inbound_count,
        last_action_at=address.last_action_at,
        sent_since_action=address.sent_since_action_count,
        service_state=address.session_state,
    )


def list_ways(thread: Thread) -> list[Way]:
    """Return where the holder can be answered, the address of the last message first."""
    rows = list_addresses(thread.hospital_id, list_address_ids(thread))
    settings, now = gate_settings_of(thread.hospital), time.now()
    ordered = sorted(rows, key=lambda row: (row.pk != thread.last_address_id, row.pk))
    return [way for row in ordered if (way := way_of(row, settings, now)) is not None]


def list_address_ids(thread: Thread) -> list[int]:
    rows = thread.holder.addresses.values_list("address_id", flat=True)
    return list(rows)


# --- Lines of the list ---------------------------------------------------------------------------


@dataclass(frozen=True)
class ThreadLine:
    """One line of the inbox, ready to show."""

    thread: Thread
    who: Who
    preview: str
    last_sender: str
    way: Way | None
    due: threads.Due | None
    category: str

    @property
    def is_danger(self) -> bool:
        return self.thread.attention == threads.EMERGENCY

    @property
    def is_unread(self) -> bool:
        return self.thread.unread_count > 0


def lines_of(
    actor: Actor,
    hospital: Hospital,
    rows: Sequence[Thread],
    language: str,
    known: Known | None = None,
) -> list[ThreadLine]:
    """Make the lines of some threads: the same number of queries for one and for forty."""
    if not rows:
        return []
    known = known or load_known(actor.hospital_id, rows)
    who = who_of(actor.hospital_id, rows, known)
    senders = {row.last_message.sender_id for row in rows if row.last_message}
    names = names_of_staff(actor.hospital_id, {pk for pk in senders if pk is not None})
    settings, now = gate_settings_of(hospital), time.now()
    return [
        ThreadLine(
            thread=thread,
            who=who[thread.pk],
            preview=preview_of(known.ring, thread),
            last_sender=last_sender_of(thread, names),
            way=way_of(thread.last_address, settings, now),
            due=threads.due_state(thread.first_reply_due_at, now),
            category=catalog.category_name(thread.urgency_category, language),
        )
        for thread in rows
    ]


def preview_of(ring: Keyring, thread: Thread) -> str:
    message = thread.last_message
    if message is None or message.recalled_at:
        return _("（已撤回）") if message else ""
    text = threads.preview(sealing.open_body(ring, thread.holder_id, message))
    return text or kind_word(message.kind)


def kind_word(kind: str) -> str:
    """Return what stands for a message without words."""
    words = {
        "image": _("[图片]"),
        "voice": _("[语音]"),
        "video": _("[视频]"),
        "file": _("[文件]"),
        "location": _("[位置]"),
        "link": _("[链接]"),
    }
    return words.get(kind, _("[消息]"))


def last_sender_of(thread: Thread, names: dict[int, str]) -> str:
    message = thread.last_message
    if message is None or message.is_from_patient:
        return ""
    if message.sender_kind == Message.Sender.ASSISTANT:
        return _("自动")
    return names.get(message.sender_id or 0, _("同事"))


# --- Messages ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """One message with its words opened."""

    message: Message
    body: str
    sender_name: str

    @property
    def account_kind(self) -> str:
        return self.message.account.kind if self.message.account else ""


def list_messages(
    thread: Thread, *, before: Message | None = None, limit: int = MESSAGE_ROWS
) -> list[Said]:
    """Return the newest messages in the order they were said; `before` pages back."""
    rows = Message.objects.filter(hospital_id=thread.hospital_id, thread=thread)
    if before is not None:
        rows = rows.filter(Q(at__lt=before.at) | Q(at=before.at, pk__lt=before.pk))
    newest = list(rows.select_related("account", "sender").order_by("-at", "-id")[:limit])
    return open_messages(thread, newest[::-1])


def list_messages_for_holder(thread: Thread, limit: int = MESSAGE_ROWS) -> list[Said]:
    """Return what the patient may see: no notes, and nothing that never reached her."""
    hidden = Q(sender_kind=Message.Sender.NOTE) | Q(
        delivery_state__in=(Message.State.FAILED, Message.State.REFUSED)
    )
    rows = Message.objects.filter(hospital_id=thread.hospital_id, thread=thread).exclude(hidden)
    newest = list(rows.select_related("account", "sender").order_by("-at", "-id")[:limit])
    return open_messages(thread, newest[::-1])


def open_messages(thread: Thread, rows: Sequence[Message]) -> list[Said]:
    ring = sealing.ring_of(thread.hospital_id, [thread.holder_id])
    return [
        Said(
            message=row,
            body="" if row.recalled_at else sealing.open_body(ring, thread.holder_id, row),
            sender_name=row.sender.name if row.sender else "",
        )
        for row in rows
    ]


def find_message(thread: Thread, key: str) -> Message | None:
    return Message.objects.filter(thread=thread, key=key).first()


def find_sent_before(thread: Thread, client_key: str) -> Message | None:
    """Return the message that this very click made before."""
    return Message.objects.filter(thread=thread, client_key=client_key).first()


def list_by_intents(hospital_id: int, intent_ids: Iterable[int]) -> list[Message]:
    rows = Message.objects.filter(hospital_id=hospital_id, intent_id__in=list(intent_ids))
    return list(rows.select_related("thread", "intent").order_by("id"))


def intents_of_deliveries(hospital_id: int, delivery_ids: Iterable[int]) -> list[int]:
    rows = Intent.objects.of(hospital_id).filter(deliveries__in=list(delivery_ids))
    return list(rows.values_list("pk", flat=True).distinct())
