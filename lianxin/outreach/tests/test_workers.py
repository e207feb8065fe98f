"""Several workers at once, with real connections and real commits: nothing goes out twice."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from lianxin.channels.models import Account, TickCount
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.outreach import actions, jobs
from lianxin.outreach.models import Delivery, Intent, Quota
from lianxin.testing.core import make_hospital
from lianxin.testing.outreach import make_intent, make_reachable

WORKERS = 4
PATIENTS = 12

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def hospital(committed: None) -> Hospital:
    hospital = make_hospital()
    hospital.settings["outreach"] = {"quiet.spans": []}
    with scope(hospital):
        hospital.save(update_fields=["settings"])
    return hospital


def run_together(work: object, hospital: Hospital) -> list[int]:
    start = Barrier(WORKERS)

    def worker() -> int:
        start.wait()
        try:
            return int(work(hospital.pk))  # type: ignore[operator]
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        return [done.result() for done in [pool.submit(worker) for _ in range(WORKERS)]]


def test_workers_share_the_work_and_send_nothing_twice(hospital: Hospital) -> None:
    account = make_reachable(hospital).account
    for _ in range(PATIENTS):
        make_intent(make_reachable(hospital, account=account), "reply")

    counts = run_together(jobs.deliver_batch, hospital)

    with scope(hospital):
        per_intent = Counter(Delivery.objects.values_list("intent_id", flat=True))
        assert sum(counts) == PATIENTS
        assert set(per_intent.values()) == {1}
        assert set(Intent.objects.values_list("state", flat=True)) == {"sent"}
        assert Event.objects.filter(name="delivery.sent").count() == PATIENTS


def test_workers_together_keep_one_patients_cap(hospital: Hospital) -> None:
    reachable = make_reachable(hospital, Account.Kind.OFFICIAL_ACCOUNT)
    intents = [make_intent(reachable) for _ in range(WORKERS * 2)]
    pairs = [intents[at : at + 2] for at in range(0, len(intents), 2)]
    waiting = iter([[one.pk for one in pair] for pair in pairs])

    def claim(hospital_id: int) -> int:
        ids = next(waiting)
        with scope(hospital_id):
            return len(actions.claim_deliveries(hospital_id, intent_ids=ids))

    counts = run_together(claim, hospital)

    with scope(hospital):
        assert sum(counts) == 2
        assert Delivery.objects.filter(state="claimed").count() == 2
        assert Delivery.objects.filter(reason_code="cap_day").count() == len(intents) - 2


def test_workers_together_spend_no_tick_twice(hospital: Hospital) -> None:
    """The phone of one family, two ticks, and a card for each of eight people."""
    first = make_reachable(hospital, Account.Kind.MINI_PROGRAM, template_id="M1")
    with scope(hospital):
        TickCount.objects.create(
            hospital=hospital, address=first.address, template_id="M1", left_count=2
        )
    people = [
        make_reachable(hospital, account=first.account, external_id=first.address.external_id)
        for _ in range(WORKERS * 2)
    ]
    intents = [make_intent(one) for one in people]
    waiting = iter([[one.pk for one in intents[at : at + 2]] for at in range(0, len(intents), 2)])

    def claim(hospital_id: int) -> int:
        ids = next(waiting)
        with scope(hospital_id):
            return len(actions.claim_deliveries(hospital_id, intent_ids=ids))

    counts = run_together(claim, hospital)

    with scope(hospital):
        assert sum(counts) == 2
        assert Delivery.objects.filter(carrier="mini_subscribe", state="claimed").count() == 2
        assert TickCount.objects.get().left_count == 0


def test_workers_together_overdraw_no_quota(hospital: Hospital) -> None:
    """The last three of the account's day, and four workers with two messages each."""
    three = {"scope": "account", "every": "day", "limit": 3}
    hospital.settings["outreach"] |= {"quotas.oa_template": three, "reserve.share": 0}
    first = make_reachable(hospital, Account.Kind.OFFICIAL_ACCOUNT)
    with scope(hospital):
        hospital.save(update_fields=["settings"])
    people = [make_reachable(hospital, account=first.account) for _ in range(WORKERS * 2)]
    intents = [make_intent(one) for one in people]
    waiting = iter([[one.pk for one in intents[at : at + 2]] for at in range(0, len(intents), 2)])

    def claim(hospital_id: int) -> int:
        ids = next(waiting)
        with scope(hospital_id):
            return len(actions.claim_deliveries(hospital_id, intent_ids=ids))

    counts = run_together(claim, hospital)

    with scope(hospital):
        assert sum(counts) == 3
        assert Quota.objects.get().used_count == 3
        assert Delivery.objects.filter(reason_code="quota_used_up").count() == len(intents) - 3


def test_submitting_the_same_thing_together_says_it_once(hospital: Hospital) -> None:
    reachable = make_reachable(hospital)

    def submit(hospital_id: int) -> int:
        with scope(hospital_id):
            return make_intent(reachable, "reply", unique_key="once").pk

    ids = run_together(submit, hospital)

    with scope(hospital):
        assert len(set(ids)) == Intent.objects.count() == 1
