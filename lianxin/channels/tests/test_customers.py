"""Who writes to customer service: asked in batches, and again only when it can be told."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from lianxin.channels import jobs
from lianxin.channels.models import Account, Address, Arrival
from lianxin.core import time
from lianxin.core.models import Hospital
from lianxin.testing.channels import make_account, make_address, make_message, open_windows
from lianxin.testing.jobs import run_periodic
from lianxin.testing.processes import Sandbox

PATH = "/cgi-bin/kf/customer/batchget"
KF = "wkCare"


@pytest.fixture
def kf(sandbox: Sandbox, in_riverside: Hospital) -> Account:
    open_windows()
    return make_account(in_riverside, "wecom_kf", base_url=sandbox.wecom_url, open_kfid=KF)


def ask(kf: Account) -> None:
    run_periodic(jobs.__name__, "read_customers", kf.hospital_id)


def calls(sandbox: Sandbox) -> int:
    return int(sandbox.state()["counts"].get(PATH, {}).get("calls", 0))


def named() -> int:
    return Arrival.objects.filter(event="address.named").count()


def test_who_is_not_told_is_asked_about_when_she_writes_again(
    sandbox: Sandbox, kf: Account
) -> None:
    address = make_address(kf, "wmStranger")
    ask(kf)
    ask(kf)
    assert (calls(sandbox), named()) == (1, 0)

    make_message(address)
    ask(kf)

    assert calls(sandbox) == 2
    assert Address.objects.get().union_asked_at is None


def test_a_hundred_at_a_time_with_those_nobody_knows_apart(sandbox: Sandbox, kf: Account) -> None:
    external_id = sandbox.person_does("wang", "kf-write", open_kfid=KF, text="在吗")[
        "external_userid"
    ]
    known = make_address(kf, external_id)
    for number in range(120):
        make_address(kf, f"wmStranger{number}")

    ask(kf)
    assert Address.objects.exclude(read_due_at=None).count() == 21
    ask(kf)

    assert (calls(sandbox), named()) == (2, 1)
    known.refresh_from_db()
    assert known.union_id == "u-wang"


def test_a_busy_provider_is_asked_again_and_a_known_name_after_a_month(
    sandbox: Sandbox, kf: Account
) -> None:
    external_id = sandbox.person_does("wang", "kf-write", open_kfid=KF, text="在吗")[
        "external_userid"
    ]
    address = make_address(kf, external_id)
    sandbox.add_fault("api_rate_limited", path=PATH)
    ask(kf)
    assert named() == 0
    open_windows()
    ask(kf)
    assert named() == 1

    make_message(address)
    address.refresh_from_db()
    assert address.read_due_at is None
    with time_machine.travel(time.now() + timedelta(days=31)):
        make_message(address)
        address.refresh_from_db()
    assert address.read_due_at is not None
