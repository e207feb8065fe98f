"""Followers of an Official Account: what no callback told, one comparison repairs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lianxin.channels import actions, jobs, queries
from lianxin.channels.adapters.base import Inbound
from lianxin.channels.adapters.official_account.followers import read_follower
from lianxin.channels.models import Account, Address, Arrival
from lianxin.core import time
from lianxin.core.models import Event, Hospital
from lianxin.testing.channels import APP_ID, make_account, open_windows
from lianxin.testing.jobs import run_periodic
from lianxin.testing.processes import Sandbox

WANG = "/control/persons/wang"


@pytest.fixture
def official(sandbox: Sandbox, in_riverside: Hospital) -> Account:
    """Give an account whose callbacks nobody hears."""
    open_windows()
    url = sandbox.official_url
    return make_account(in_riverside, Account.Kind.OFFICIAL_ACCOUNT, base_url=url)


def compare(account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(reconciled_at=None)
    run_periodic(jobs.__name__, "reconcile", account.hospital_id)


def told(name: str) -> list[dict[str, Any]]:
    rows = Event.objects.filter(name=name).order_by("id")
    return list(rows.values_list("data", flat=True))


def test_lost_callbacks_are_made_up_for(sandbox: Sandbox, official: Account) -> None:
    sandbox.post(f"{WANG}/oa-subscribe", {"app_id": APP_ID, "scene": ""})

    compare(official)
    compare(official)

    address = Address.objects.get()
    assert (address.state, address.union_id) == ("active", "u-wang")
    added = told("contact.added")
    assert [(one["kind"], one["is_new"]) for one in added] == [("listed", True)]
    assert added[0]["welcome_arrival_id"] is None

    sandbox.post(f"{WANG}/oa-unsubscribe", {"app_id": APP_ID})
    long_ago = "2026-01-01T00:00:00Z"
    Address.objects.update(listed_at=long_ago, added_at=long_ago)
    compare(official)

    address.refresh_from_db()
    assert address.state == "removed"
    assert [one["kind"] for one in told("contact.removed")] == ["unlisted"]

    Address.objects.update(removed_at="2026-01-02T00:00:00Z")
    sandbox.post(f"{WANG}/oa-subscribe", {"app_id": APP_ID, "scene": ""})
    compare(official)

    address.refresh_from_db()
    assert (address.state, address.removed_at) == ("active", None)
    assert [one["is_new"] for one in told("contact.added")] == [True, False]


def test_a_late_unsubscribe_undoes_no_newer_follow(official: Account) -> None:
    now, facts = time.now(), queries.facts_of(official)
    follow = Inbound("contact.added", "follow", now, kind="follow", external_id="o1")
    late = Inbound(
        "contact.removed", "late", now - timedelta(minutes=1), "by_patient", external_id="o1"
    )

    actions.take_in(facts, [follow, late])
    assert Address.objects.get().state == "active"

    newer = replace(late, arrival_key="newer", occurred_at=now + timedelta(minutes=1))
    actions.take_in(facts, [newer])
    assert Address.objects.get().state == "removed"


def test_a_list_that_fails_changes_nobody(sandbox: Sandbox, official: Account) -> None:
    sandbox.post(f"{WANG}/oa-subscribe", {"app_id": APP_ID, "scene": ""})
    sandbox.add_fault("api_rate_limited", path="/cgi-bin/user/*")

    compare(official)

    official.refresh_from_db()
    assert official.reconciled_at is None
    assert not Address.objects.exists()


def test_nobody_who_follows_is_an_answer(official: Account) -> None:
    compare(official)

    official.refresh_from_db()
    assert official.reconciled_at is not None
    assert told("followers.compared")[0] | {"seen": 0, "is_complete": True} == {
        "seen": 0,
        "added": 0,
        "ended": 0,
        "is_complete": True,
    }


def test_the_arrival_has_the_key_of_the_lost_callback(sandbox: Sandbox, official: Account) -> None:
    sandbox.post(f"{WANG}/oa-subscribe", {"app_id": APP_ID, "scene": "a-scene"})

    compare(official)

    arrival = Arrival.objects.get()
    openid = sandbox.open_id("wang", APP_ID)
    assert arrival.arrival_key == f"subscribe:{openid}:{int(arrival.occurred_at.timestamp())}"


@pytest.mark.parametrize(
    ("row", "scene"),
    [
        ({"openid": "o1", "qr_scene": 0, "qr_scene_str": ""}, ""),
        ({"openid": "o1", "qr_scene": "17"}, "17"),
        ({"openid": "o1", "qr_scene": 0, "qr_scene_str": "key"}, "key"),
        ({"openid": "o1"}, ""),
    ],
)
def test_what_is_told_of_a_follower(row: dict[str, Any], scene: str) -> None:
    found = read_follower(row)

    assert (found.open_id, found.scene, found.followed_at) == ("o1", scene, None)
