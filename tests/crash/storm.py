"""The storm: people use the product, and between their acts one process after another dies."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import count, cycle
from random import Random
from typing import Any

import httpx
import psycopg

from tests.crash.kills import EDGE, VICTIMS, WEB, WORKER, ask, connect, kill
from tests.crash.people import Browser, Post, Reading, Reply
from tests.running import Product, is_up, wait_for

CORP, KF, APP = "wwriversidedemo", "wkriversidedemo", "wxriversidedemo"
KILLS_OF_EACH = 3
# What is new between two kills, and how much of it happens at the same time.
ARRIVALS, READINGS, REPLIES = 2, 4, 2
AT_ONCE = 4
# The clock goes on between two kills, so that leases end and retries fall due inside the storm.
PAUSE_SECONDS = 20
SECONDS_OF_A_RESTART = 60.0


@dataclass
class Storm:
    """The running product, its people, and what they have sent so far."""

    product: Product
    rng: Random
    nurse: Browser
    phones: list[Browser]
    threads: dict[str, str]  # person -> key
    alarming: Reading
    began_at: datetime
    arrivals: dict[str, list[int]] = field(default_factory=dict)  # person -> callbacks
    acknowledged: set[str] = field(default_factory=set)  # persons whose callback was answered
    readings: list[Reading] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.numbers = count(1)
        self.next_phone = cycle(self.phones)
        self.next_thread = cycle(sorted(self.threads))

    # What people do.

    def arrive(self, person: str) -> None:
        body = {"name": person, "age": 50, "phone": "", "union_id": f"u-{person}"}
        self.product.control("PUT", f"persons/{person}", body)
        answer = self.product.act(person, "scan", code="riverside-discharge")
        self.arrivals[person] = answer["callbacks"]

    def make_reading(self) -> Reading:
        """Make one whose numbers nobody else has, far from every threshold."""
        number = next(self.numbers)
        pulse = 40 + number
        reading = Reading(next(self.next_phone), 112 + number % 9, 71 + number % 5, pulse)
        self.readings.append(reading)
        return reading

    def make_reply(self, person: str = "") -> Reply:
        person = person or next(self.next_thread)
        reply = Reply(self.nurse, person, self.threads[person], next(self.numbers))
        self.replies.append(reply)
        return reply

    def kill(self, victim: str) -> None:
        # What was killed a moment ago may still be on its way up.
        wait_for(lambda: kill(self.product, victim), victim)

    # What became of it.

    def posts(self) -> list[Post]:
        return [*self.readings, self.alarming, *self.replies]

    def unanswered(self) -> list[Post]:
        """Return what nobody has acknowledged: it waits, and is sent again."""
        return [one for one in self.posts() if not one.is_acknowledged]

    def note_acknowledged(self) -> None:
        """Note whose callback was answered with success; the sandbox keeps its last lines only."""
        self.product.control("POST", "settle", {})
        lines = self.product.control("GET", "log")["log"]
        fine = {row["id"] for row in lines if row["kind"] == "callback" and row["outcome"] == "ok"}
        self.acknowledged |= {who for who, ids in self.arrivals.items() if fine & set(ids)}

    def followers(self) -> set[str]:
        """Return who follows the Official Account, where a repeat is not dropped."""
        return followers_of(self.product.state())

    def shown(self) -> list[tuple[str, dict[str, Any]]]:
        """List (person, line) of everything that phones were sent."""
        persons = self.product.state()["persons"].items()
        return [(who, row) for who, one in persons for row in one["inbox"] if row["side"] == "them"]

    def times_shown(self, reply: Reply) -> int:
        return sum(row["body"].get("text") == reply.text for _who, row in self.shown())


# --- Before --------------------------------------------------------------------------------------


def begin(product: Product, rng: Random, stack: ExitStack) -> Storm:
    """Sign everybody in late in the afternoon, and let everybody ask something."""
    began_at = product.local_time()
    product.go_to(17, 30)

    def open_browser(person: str) -> Browser:
        client = httpx.Client(base_url=product.console, timeout=10)
        return Browser(stack.enter_context(client), person)

    nurse = open_browser("riverside-nurse")
    nurse.open_desk(product.password)
    persons = [one for one in product.state()["persons"] if one.startswith("riverside-p")]
    phones = [open_browser(person) for person in persons]
    for phone in phones:
        phone.open_phone()
    calm = find_calm(product, phones)
    return Storm(
        product=product,
        rng=rng,
        nurse=nurse,
        phones=[phone for phone in phones if phone is not calm],
        threads=ask_something(product),
        alarming=Reading(calm, 185, 112, 99),
        began_at=began_at,
    )


OWNERS = """
    select a.external_id, h.current_patient_id from patients_holder h
    join patients_holderaddress ha on ha.holder_id = h.id
    join channels_address a on a.id = ha.address_id
    where a.external_id = any(%(ids)s)
"""
IN_CRISIS = "select patient_id from health_alert where family = 'bp_crisis' and state <> 'closed'"


def patients_of(product: Product, persons: list[str]) -> dict[str, int]:
    """Return person -> id of the patient whom this phone shows."""
    state = product.state()["persons"]
    names = {state[one]["ids"]["external_user_ids"][CORP]: one for one in persons}
    return {
        names[external_id]: pk for external_id, pk in ask(product, OWNERS, {"ids": list(names)})
    }


def find_calm(product: Product, phones: list[Browser]) -> Browser:
    """Find somebody whose danger would be a new one."""
    patients = patients_of(product, [phone.person for phone in phones])
    alarmed = {pk for (pk,) in ask(product, IN_CRISIS)}
    return next(phone for phone in phones if patients[phone.person] not in alarmed)


def followers_of(state: dict[str, Any]) -> set[str]:
    return {one["person"] for one in state["official_accounts"][APP]["followers"].values()}


THREADS = """
    select a.external_id, t.key from conversations_thread t
    join channels_address a on a.id = t.last_address_id
    where t.unread_count > 0 and a.external_id = any(%(ids)s)
"""


def ask_something(product: Product) -> dict[str, str]:
    """Let followers write to the Official Account, the others to customer service."""
    state = product.state()
    followers = followers_of(state)
    writers: dict[str, str] = {}
    for person, one in state["persons"].items():
        if person in followers:
            product.act(person, "oa-write", app_id=APP, text="下次复诊要空腹吗？")
            writers[one["ids"]["open_ids"][APP]] = person
        else:
            product.act(person, "kf-write", open_kfid=KF, text="家里的血压计多久校一次？")
            writers[one["ids"]["external_user_ids"][CORP]] = person

    def find_all() -> dict[str, str] | None:
        found = {writers[who]: key for who, key in ask(product, THREADS, {"ids": list(writers)})}
        return found if len(found) == len(writers) else None

    return wait_for(find_all, "a thread for everybody who asked")


# --- The storm -----------------------------------------------------------------------------------


def rage(storm: Storm) -> None:
    """Kill everything several times, in any order; the evening's cards fall due on the way."""
    victims = [*VICTIMS] * KILLS_OF_EACH
    storm.rng.shuffle(victims)
    evening = storm.rng.randrange(len(victims) // 2)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for number, victim in enumerate(victims):
            if number == evening:
                storm.product.go_to(18, 45)
            strike(storm, pool, number, victim)


def strike(storm: Storm, pool: Executor, number: int, victim: str) -> None:
    """Let people act all at once, and let the process die somewhere in the middle of it."""
    acts: list[Callable[[], object]] = [one.send for one in storm.unanswered()]
    # An answer may also get lost behind the house: the phone sends what was kept already.
    acts += [one.send for one in storm.rng.sample(storm.readings, k=min(2, number))]
    acts += [storm.alarming.send, partial(storm.kill, victim)]
    acts += [partial(storm.arrive, f"crash-{number}-{n}") for n in range(ARRIVALS)]
    acts += [storm.make_reading().send for _ in range(READINGS)]
    acts += [storm.make_reply().send for _ in range(REPLIES)]
    storm.rng.shuffle(acts)
    for act in [pool.submit(act) for act in acts]:
        act.result()
    wait_for(lambda: is_back(storm.product), f"{victim} again", SECONDS_OF_A_RESTART)
    check_kept(storm)
    storm.note_acknowledged()
    if victim in (EDGE, WEB):
        # Whoever welcomes is alive. For the others the code's 20 s may pass with the clock.
        wait_for(lambda: not waiting(storm), "the end of each welcome", SECONDS_OF_A_RESTART)
    storm.product.pass_time(PAUSE_SECONDS)


# Last round's are too old by the clock: nobody takes them any more.
WAITING = """
    select 1 from channels_arrival where welcome in ('waiting', 'claimed')
    and received_at > %(since)s
"""


def waiting(storm: Storm) -> list[tuple[Any, ...]]:
    """Return whose welcome code of this round is neither used nor given up."""
    since = storm.product.local_time() - timedelta(seconds=PAUSE_SECONDS)
    return ask(storm.product, WAITING, {"since": since})


KEPT = """
    select client_key from health_observationkey
    union all select client_key from conversations_message where client_key is not null
"""


def check_kept(storm: Storm) -> None:
    """Look for everything acknowledged so far, before anybody may send it again."""
    kept = {key for (key,) in ask(storm.product, KEPT)}
    lost = [one for one in storm.posts() if one.is_acknowledged and one.client_key not in kept]
    assert not lost, f"acknowledged and lost: {lost}"


def is_back(product: Product) -> bool:
    """Tell whether pages are served again, and by a database that takes new connections."""
    with suppress(psycopg.OperationalError):
        return bool(ask(product, "select 1") and is_up(f"{product.console}/readyz"))
    return False


# --- The moment that chance does not find --------------------------------------------------------

HOLD_ADDRESSES = """
    select 1 from channels_address where id in (
        select last_address_id from conversations_thread where key = any(%(threads)s)
    ) for no key update
"""
RUNNING = "select 1 from procrastinate_jobs where task_name = %(task)s and status = 'doing'"
DELIVER = "outreach.jobs.deliver"


def cut_off(storm: Storm, replies: list[Reply]) -> None:
    """Kill the worker after the provider took these replies and before we could note it.

    Its periodic job dies in the middle too, with the next one already waiting behind it.
    """
    product = storm.product
    with connect(product) as held:
        held.execute(HOLD_ADDRESSES, {"threads": [reply.thread_key for reply in replies]})
        # One after the other: a worker that took both would not come to the second.
        for reply in replies:
            wait_for(reply.send, "the desk")
            shown = partial(storm.times_shown, reply)
            wait_for(shown, f"{reply.text} on the phone", SECONDS_OF_A_RESTART)
        held.execute("lock table outreach_intent in access exclusive mode")
        wait_for(lambda: ask(product, RUNNING, {"task": DELIVER}), "a tick")
        storm.kill(WORKER)
