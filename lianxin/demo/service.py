"""What the house did in the past ninety days: questions answered, reminders sent, alerts taken.

Written in bulk like the rest of the past, so that the manager's numbers have something to count.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from lianxin.channels.models import Account, Address
from lianxin.conversations import sealing
from lianxin.conversations.models import Consult, Message, Thread
from lianxin.conversations.queries import clock_of
from lianxin.conversations.rules import threads
from lianxin.conversations.rules.clock import first_reply_due
from lianxin.core import time
from lianxin.core.keys import Keyring
from lianxin.core.scope import scope
from lianxin.demo.houses import Opened
from lianxin.demo.people import Member
from lianxin.health.models import Alert
from lianxin.outreach.models import Delivery, Intent
from lianxin.patients.models import HolderAddress
from lianxin.staff.models import Staff

BATCH = 1000
DAYS = 90
# Asked, answered, how it ended.
TALKS = (
    ("药盒里的药和单子上的对不上怎么办？", "请先拍照发来，我和医生核对后再告诉您。", "answered"),
    ("下周复诊要空腹吗？", "复诊当天早上请空腹，带上出院小结和医保卡。", "booked"),
    ("量血压前要休息多久？", "请先坐着休息 5 分钟，量两遍，间隔 1 分钟，都记下来。", "answered"),
    ("伤口有点红，要不要来看？", "请今天来门诊给医生看一下，门诊到下午 5 点。", "advised_visit"),
    ("出院小结丢了，还能补吗？", "可以，带身份证到一楼病案室补打。", "answered"),
    ("家里的血压计多久校一次？", "一般一年送检一次，也可以带到门诊比对。", "answered"),
)
TALKING_SHARE = 0.5
ALERT_SHARE = 0.3


@dataclass(frozen=True)
class Talk:
    """One consult of the past: when it was asked, how long it waited, which question it was."""

    member: Member
    address: Address
    asked_at: datetime
    waited: timedelta | None
    number: int


def write_service(opened: Opened, members: list[Member], rng: Random) -> None:
    """Write consults, reminders and alerts of the past for those who joined."""
    with scope(opened.hospital):
        addresses = followed_addresses(opened, members)
        followers = [m for m in members if m.holder.pk in addresses]
        write_talks(opened, list_talks(followers, addresses, rng))
        write_reminders(opened, followers, addresses, rng)
        write_alerts(opened, members, rng)


def followed_addresses(opened: Opened, members: list[Member]) -> dict[int, Address]:
    rows = HolderAddress.objects.filter(
        hospital=opened.hospital,
        holder__in=[m.holder.pk for m in members],
        address__account__kind=Account.Kind.OFFICIAL_ACCOUNT,
    )
    return {row.holder_id: row.address for row in rows.select_related("address")}


def list_talks(followers: list[Member], addresses: dict[int, Address], rng: Random) -> list[Talk]:
    return [
        make_talk(member, addresses[member.holder.pk], rng)
        for member in followers
        if rng.random() < TALKING_SHARE
        for _ in range(rng.randint(1, 2))
    ]


def make_talk(member: Member, address: Address, rng: Random) -> Talk:
    """Place a question in the middle of a day since the patient joined; answers grow faster."""
    known = max((time.now() - member.joined_at).days, 1)
    ago = rng.randint(1, min(known, DAYS))
    asked_at = (time.now() - timedelta(days=ago)).replace(hour=rng.randint(1, 9), minute=0)
    asked_at += timedelta(minutes=rng.randint(0, 59))
    waited = timedelta(minutes=rng.uniform(3, 14 + ago / 2))
    return Talk(
        member,
        address,
        asked_at,
        None if rng.random() < 0.04 else waited,
        rng.randrange(len(TALKS)),
    )


def write_talks(opened: Opened, talks: list[Talk]) -> None:
    """Write each talk as thread, consult and two messages; one thread per phone."""
    holders = {talk.member.holder.pk: talk for talk in talks}
    threads_by_holder = {pk: make_thread(opened, talk) for pk, talk in holders.items()}
    Thread.objects.bulk_create(threads_by_holder.values())
    consults = [make_consult(opened, talk, threads_by_holder) for talk in talks]
    Consult.objects.bulk_create(consults, batch_size=BATCH)
    ring = Keyring.load(opened.hospital.pk, [("holder", pk) for pk in holders], create=True)
    said = [
        message
        for talk, consult in zip(talks, consults, strict=True)
        for message in make_messages(opened, talk, consult, ring)
    ]
    Message.objects.bulk_create(said, batch_size=BATCH)
    show_last_words(threads_by_holder, said)


def make_thread(opened: Opened, talk: Talk) -> Thread:
    return Thread(
        hospital=opened.hospital,
        holder=talk.member.holder,
        patient=talk.member.patient,
        team=opened.team,
        assignee=opened.nurse,
        state=Thread.State.CLOSED,
        attention=threads.CLOSED,
        last_message_at=talk.asked_at,
        last_patient_at=talk.asked_at,
        last_address=talk.address,
        last_account_kind=Account.Kind.OFFICIAL_ACCOUNT,
        opened_at=talk.asked_at,
    )


def make_consult(opened: Opened, talk: Talk, known: dict[int, Thread]) -> Consult:
    answered = None if talk.waited is None else talk.asked_at + talk.waited
    closed = (answered or talk.asked_at) + timedelta(hours=2)
    local = time.local(opened.hospital, talk.asked_at)
    return Consult(
        hospital=opened.hospital,
        thread=known[talk.member.holder.pk],
        patient=talk.member.patient,
        kind="health_consult",
        state=Consult.State.CLOSED,
        account_kind=Account.Kind.OFFICIAL_ACCOUNT,
        first_patient_at=talk.asked_at,
        first_reply_due_at=first_reply_due(local, "normal", clock_of(opened.hospital)),
        first_reply_at=answered,
        first_reply_by=opened.nurse if answered else None,
        closed_at=closed,
        closed_by=opened.nurse if answered else None,
        outcome=TALKS[talk.number][2] if answered else "lapsed",
    )


def make_messages(opened: Opened, talk: Talk, consult: Consult, ring: Keyring) -> list[Message]:
    question, answer, _outcome = TALKS[talk.number]
    said = [make_message(talk, consult, ring, question, None, talk.asked_at)]
    if talk.waited is not None:
        at = talk.asked_at + talk.waited
        said.append(make_message(talk, consult, ring, answer, opened.nurse, at))
    return said


def make_message(
    talk: Talk, consult: Consult, ring: Keyring, text: str, by: Staff | None, at: datetime
) -> Message:
    is_answer = by is not None
    return Message(
        hospital_id=consult.hospital_id,
        thread=consult.thread,
        consult=consult,
        sender_kind=Message.Sender.STAFF if is_answer else Message.Sender.PATIENT,
        sender=by,
        account_id=talk.address.account_id,
        address=talk.address,
        body_sealed=sealing.seal_body(ring, talk.member.holder.pk, text),
        delivery_state=Message.State.SENT if is_answer else Message.State.RECEIVED,
        carrier="oa_text" if is_answer else "",
        at=at,
        created_at=at,
    )


def show_last_words(known: dict[int, Thread], said: list[Message]) -> None:
    by_thread: dict[int, Message] = {}
    for message in sorted(said, key=lambda one: one.at):
        by_thread[message.thread_id] = message
    for thread in known.values():
        message = by_thread[thread.pk]
        thread.last_message, thread.last_message_at = message, message.at
    Thread.objects.bulk_update(known.values(), ["last_message", "last_message_at"])


def write_reminders(
    opened: Opened, followers: list[Member], addresses: dict[int, Address], rng: Random
) -> None:
    """Write every third day's template, opened a little oftener the later it was."""
    intents: list[Intent] = []
    deliveries: list[Delivery] = []
    for member in followers:
        known = min((time.now() - member.joined_at).days, DAYS)
        for ago in range(known, 0, -3):
            at = (time.now() - timedelta(days=ago)).replace(hour=0, minute=rng.randint(30, 40))
            intent = make_intent(opened, member, at, ago)
            intents.append(intent)
            deliveries.append(make_delivery(intent, addresses[member.holder.pk], ago, rng))
    Intent.objects.bulk_create(intents, batch_size=BATCH)
    Delivery.objects.bulk_create(deliveries, batch_size=BATCH)


def make_intent(opened: Opened, member: Member, at: datetime, ago: int) -> Intent:
    return Intent(
        hospital=opened.hospital,
        patient=member.patient,
        holder=member.holder,
        kind=Intent.Kind.CARD,
        purpose="reminders",
        priority="follow_up",
        unique_key=f"past:{member.patient.pk}:{ago}",
        by_kind="system",
        created_at=at,
        due_at=at,
        state=Intent.State.SENT,
        settled_at=at,
    )


def make_delivery(intent: Intent, address: Address, ago: int, rng: Random) -> Delivery:
    at = intent.created_at
    is_opened = rng.random() < 0.48 - ago / 500
    opened_at = at + timedelta(hours=rng.uniform(0.1, 30)) if is_opened else None
    return Delivery(
        hospital_id=intent.hospital_id,
        intent=intent,
        patient_id=intent.patient_id,
        holder_id=intent.holder_id,
        carrier="oa_template",
        account_id=address.account_id,
        address=address,
        state=Delivery.State.DELIVERED,
        priority=intent.priority,
        client_key=f"past_{intent.key}",
        attempt_count=1,
        created_at=at,
        sent_at=at,
        settled_at=at,
        opened_at=opened_at if opened_at and opened_at < time.now() else None,
    )


def write_alerts(opened: Opened, members: list[Member], rng: Random) -> None:
    chosen = [m for m in members if rng.random() < ALERT_SHARE]
    Alert.objects.bulk_create([make_alert(opened, member, rng) for member in chosen])


def make_alert(opened: Opened, member: Member, rng: Random) -> Alert:
    """Make an alert that somebody took and closed after a call; a few had to be passed on."""
    known = min(max((time.now() - member.joined_at).days, 2), DAYS)
    raised_at = time.now() - timedelta(days=rng.randint(1, known), minutes=rng.randint(0, 600))
    is_late = rng.random() < 0.12
    taken_at = raised_at + timedelta(minutes=rng.uniform(18, 40) if is_late else rng.uniform(2, 14))
    at = raised_at.isoformat()
    values = {"systolic": float(rng.randint(160, 179)), "diastolic": float(rng.randint(95, 109))}
    return Alert(
        hospital=opened.hospital,
        patient=member.patient,
        metric="bp",
        family="bp_grade_two",
        rule_code="BP-03",
        rule_version=1,
        level=Alert.Level.ORANGE,
        state=Alert.State.CLOSED,
        readings=[{"at": at, "values": values, "slot": "evening"}],
        raised_at=raised_at,
        opened_at=raised_at,
        deadline_at=raised_at + timedelta(minutes=15),
        escalation_rank=int(is_late),
        notice_count=1 + int(is_late),
        owner=opened.nurse,
        acknowledged_at=taken_at,
        acknowledged_by=opened.nurse,
        closed_at=taken_at + timedelta(minutes=20),
        closed_by=opened.nurse,
        outcome=Alert.Outcome.PHONED,
    )
