"""Providers fail the running product by a fixed seed; then it knows all that they know.

Answers get lost, calls meet 45009 and dead tokens, callbacks come twice, in another order or
never. When that stops, one reconciliation brings everything back: nobody read anything twice,
and what did not reach a phone has its reason.
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from datetime import datetime
from itertools import cycle
from random import Random
from typing import Any

import pytest

from tests.crash.kills import ask
from tests.crash.people import Reply
from tests.crash.storm import CORP, KF, Storm, begin
from tests.crash.test_kill import AN_HOUR, ARRIVED, LEASE_SECONDS, wait_until_nothing_is_left
from tests.running import Product, running_product, wait_for

SEED = 20261122
FAULTS: list[dict[str, Any]] = [
    # A fifth of all calls stays without an answer; half of those are done all the same.
    {"kind": "api_timeout", "rate": 0.1},
    {"kind": "api_answer_lost", "rate": 0.1},
    {"kind": "api_token_dead", "rate": 0.05},
    # 45009 once, and 45009 for a whole minute, as a provider does.
    {"kind": "api_rate_limited", "rate": 0.05},
    {"kind": "api_window", "rate": 0.02},
    {"kind": "callback_duplicate", "rate": 0.2},
    {"kind": "callback_reorder", "rate": 0.2},
    {"kind": "callback_drop", "rate": 0.1},
]
ROUNDS, ARRIVALS, QUESTIONS, REPLIES = 6, 4, 4, 3
# Between two rounds 45009 windows end and retries fall due.
PAUSE_SECONDS = 40
CUSTOMER = 3  # the origin of a message in WeChat customer service
RECONCILE_SECONDS = 90.0

pytestmark = [pytest.mark.crash, pytest.mark.timeout(600)]


def test_after_the_faults_it_knows_what_the_providers_know(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with ExitStack() as stack:
        product = stack.enter_context(running_product("faults", patients=10))
        storm = begin(product, Random(SEED), stack)  # noqa: S311 - repeatable, no secret
        product.control("PUT", "settings", {"timeout_seconds": 0.2, "callback_retry_seconds": 0.2})
        product.control("PUT", "faults", {"faults": FAULTS, "seed": SEED})
        unheard = rage(storm)
        met = count_faults(product)
        product.control("PUT", "faults", {"faults": []})
        recover(product)

        contacts = check_contacts(product, unheard)
        messages = check_messages(product)
        welcomes = check_welcomes(storm)
        replies = check_replies(storm)
    with capsys.disabled():
        counts = {"faults": met, "contacts": contacts, "messages": messages}
        counts["unheard"] = len(unheard)
        print(f"\n{counts | {'welcomes': welcomes, 'replies': replies}}")  # noqa: T201


def rage(storm: Storm) -> set[str]:
    """Let people come, leave, ask and be answered while things go wrong.

    Returns whose leaving was never told: a member's list keeps who deleted the member, and nobody
    writes to them here by a mass task, whose result would say so (`test_read_contacts.py`).
    """
    product = storm.product
    unheard: set[str] = set()
    followers = storm.followers()
    askers = cycle(sorted(set(storm.threads) - followers))
    newcomers = cycle(sorted(followers & set(storm.threads)))
    for number in range(ROUNDS):
        for n in range(ARRIVALS):
            storm.arrive(f"faults-{number}-{n}")
        for n in range(QUESTIONS):
            product.act(next(askers), "kf-write", open_kfid=KF, text=f"第 {number}-{n} 个问题")
        for n in range(REPLIES):
            # Two by customer service, where a repeat is dropped; one where it is not.
            person = next(askers) if n else next(newcomers)
            wait_for(storm.make_reply(person).send, "the desk")
        # Not in the second in which they came: no provider's clock could tell the order.
        left = f"faults-{number - 1}-0"
        told = leave(storm, left) if number else []
        product.control("POST", "settle", {})
        lines = {row["id"]: row["outcome"] for row in product.control("GET", "log")["log"]}
        unheard |= {left for one in told if lines[one] == "dropped"}
        product.pass_time(PAUSE_SECONDS)
    return unheard


def leave(storm: Storm, person: str) -> list[int]:
    """Let somebody delete the doctor again; returns the callbacks that tell of it."""
    relations = storm.product.state()["corps"][CORP]["relations"].values()
    [userid] = [one["userid"] for one in relations if one["person"] == person]
    told = storm.product.act(person, "delete-member", corp_id=CORP, userid=userid)["callbacks"]
    return list(told)


def count_faults(product: Product) -> dict[str, int]:
    """Count what went wrong; none of it may be missing, or nothing was tested."""
    state = product.state()
    lines = product.control("GET", "log")["log"]
    met = Counter(row["outcome"] for row in lines)
    met["dropped"] = state["callbacks"]["dropped"]
    for count in state["counts"].values():
        for code, times in count["errors"].items():
            met[code] += times
    assert met["dropped"], (met, state["callbacks"])
    assert met["45009"], met
    assert met["40014"], met
    return {name: met[name] for name in ("dropped", "45009", "40014", "-2")}


RECONCILED = """
    select 1 from channels_account where is_active and kind in ('wecom', 'wecom_kf')
    and (reconciled_at is null or reconciled_at < %(since)s)
"""


def recover(product: Product) -> None:
    """Let retries fall due, and every account be reconciled once after the last fault."""
    stopped_at = product.local_time()
    for seconds in (LEASE_SECONDS, AN_HOUR):
        product.pass_time(seconds)
        wait_until_nothing_is_left(product)
    product.pass_time(AN_HOUR)
    wait_for(lambda: not behind(product, stopped_at), "a reconciliation", RECONCILE_SECONDS)
    wait_until_nothing_is_left(product)


def behind(product: Product, since: datetime) -> list[tuple[Any, ...]]:
    return ask(product, RECONCILED, {"since": since})


CONTACTS = """
    select a.external_id, r.staff_userid from channels_relation r
    join channels_address a on a.id = r.address_id
    join channels_account c on c.id = a.account_id
    where r.state = 'active' and c.config ->> 'corp_id' = %(corp)s
"""


def check_contacts(product: Product, unheard: set[str]) -> int:
    """Compare who is whose contact on both sides."""
    relations = product.state()["corps"][CORP]["relations"].values()
    theirs = {
        (one["external_userid"], one["userid"])
        for one in relations
        if one["state"] == "active" or one["person"] in unheard
    }
    ours = ask(product, CONTACTS, {"corp": CORP})
    assert Counter(ours) == Counter(dict.fromkeys(theirs, 1))
    return len(theirs)


KEPT = """
    select a.arrival_key from channels_arrival a join channels_account c on c.id = a.account_id
    where c.config ->> 'open_kfid' = %(kf)s and a.event = 'message.arrived'
"""


def check_messages(product: Product) -> int:
    """Every message that customer service holds was taken in, once."""
    held = product.state()["corps"][CORP]["kf"][KF]["messages"]
    theirs = [one["msgid"] for one in held if one.get("origin") == CUSTOMER]
    ours = [key for (key,) in ask(product, KEPT, {"kf": KF})]
    taken = {msgid: sum(msgid in key for key in ours) for msgid in theirs}
    assert taken == dict.fromkeys(theirs, 1)
    return len(theirs)


WELCOMES = """
    select d.external_id, a.welcome, a.welcome_reason from channels_arrival a
    join channels_address d on d.id = a.address_id
    where a.event = 'contact.added' and d.external_id = any(%(ids)s)
"""


def check_welcomes(storm: Storm) -> dict[str, int]:
    """Nobody was welcomed twice; who was not is written down with why."""
    persons = storm.product.state()["persons"]
    known = {persons[who]["ids"]["external_user_ids"][CORP]: who for who in storm.arrivals}
    shown = Counter(
        who
        for who, row in storm.shown()
        if who in storm.arrivals and row["via"] == "welcome" and row["kind"] == "text"
    )
    assert set(shown.values()) <= {1}
    ends: Counter[str] = Counter()
    for external_id, end, reason in ask(storm.product, WELCOMES, {"ids": [*known]}):
        ends[end] += 1
        assert end in ("sent", "missed", "none"), (end, reason)
        if end == "sent":
            assert shown[known[external_id]] == 1
        if end == "missed":
            assert reason
    assert ends["sent"], "nobody was welcomed, so nothing was tested"
    return dict(ends)


STATE = """
    select delivery_state, reason_code from conversations_message m
    join conversations_thread t on t.id = m.thread_id
    where t.key = %(thread)s and m.client_key = %(key)s
"""


def check_replies(storm: Storm) -> dict[str, int]:
    """Look for what we call sent on the phone, once; what is not there has its reason."""
    shown = Counter((who, row["body"].get("text")) for who, row in storm.shown())
    ends: Counter[str] = Counter()
    for reply in storm.replies:
        state, reason = state_of(storm, reply)
        times = shown[reply.person, reply.text]
        assert times == 1 if state in ARRIVED else (times <= 1 and reason), (reply, state, reason)
        ends[reason or state] += 1
    assert ends["sent"] + ends["delivered"], "no reply arrived, so nothing was tested"
    return dict(ends)


def state_of(storm: Storm, reply: Reply) -> tuple[Any, ...]:
    values = {"thread": reply.thread_key, "key": reply.client_key}
    [row] = ask(storm.product, STATE, values)
    return row
