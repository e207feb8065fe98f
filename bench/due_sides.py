"""The product's side of the `due` benchmark, in processes with Django: `open` and `work`."""

from __future__ import annotations

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lianxin.settings")
django.setup()

from bench.places import answer, wait_for_start  # noqa: E402 - Django first
from lianxin.channels import actions as channels  # noqa: E402 - Django first
from lianxin.channels.adapters.base import Sent  # noqa: E402
from lianxin.compliance.queries import check_wording  # noqa: E402
from lianxin.core.actor import SystemActor  # noqa: E402
from lianxin.core.hospitals import open_hospital  # noqa: E402
from lianxin.core.memory import leave_out_what_is_loaded  # noqa: E402
from lianxin.core.scope import scope  # noqa: E402
from lianxin.journeys import actions as journeys  # noqa: E402
from lianxin.journeys.actions.running import BATCH  # noqa: E402
from lianxin.outreach import actions as outreach  # noqa: E402
from lianxin.outreach.queries import load_house  # noqa: E402
from lianxin.staff import actions as staff  # noqa: E402
from lianxin.staff.models import Staff  # noqa: E402


def open_house() -> dict[str, int]:
    """Open a hospital with an Official Account and a live journey of two morning items."""
    hospital = open_hospital("基准医院")
    system = SystemActor(hospital.pk)
    with scope(hospital):
        account = channels.open_account(
            hospital.pk,
            "official_account",
            "公众号",
            config={"app_id": "wx-bench", "original_id": "gh_bench", "template_id": "T1"},
            secrets={"secret": "s", "token": "t", "encoding_aes_key": "k" * 43},
            base_url="http://127.0.0.1:9",
            by=system,
        )
        people = [
            staff.add_staff(hospital, name=role, role=role, by=system, wecom_userid=role)
            for role in (Staff.Role.OPERATOR, Staff.Role.DOCTOR)
        ]
        version = journeys.save_draft(hospital, definition(), by=people[0])
        journeys.approve_version(version, by=people[1])
        journeys.publish_version(version, by=people[0])
    return {
        "hospital": hospital.pk,
        "account": account.pk,
        "journey": version.journey_id,
        "version": version.pk,
    }


def definition() -> dict[str, object]:
    steps = [
        {
            "key": key,
            "kind": "card",
            "slot": "morning",
            "item": item,
            "title": {"zh-hans": item},
            "days": {"first": 0, "last": 30},
        }
        for key, item in (("measure-bp-morning", "measure_bp"), ("pills-morning", "pills"))
    ]
    return {
        "format": 1,
        "key": "bench",
        "name": {"zh-hans": "基准"},
        "anchor": "discharged_on",
        "purposes": ["health_records", "reminders"],
        "triggers": [{"kind": "manual"}],
        "slots": {"morning": {"opens": "08:30", "closes": "12:00"}},
        "steps": steps,
    }


def warm_up(hospital_id: int) -> None:
    """Do once what a worker that has been running for a while did long ago."""
    with scope(hospital_id):
        check_wording(hospital_id, "-", "notice")
        load_house(hospital_id)


def work(hospital_id: int) -> None:
    """Run what is due, then send what was submitted, until nothing is left of either."""
    while run_steps(hospital_id) or deliver(hospital_id):
        continue


def run_steps(hospital_id: int) -> int:
    with scope(hospital_id):
        return journeys.run_due_batch(hospital_id, BATCH)


def deliver(hospital_id: int) -> int:
    """Do what the sending job does, with a provider that answers at once."""
    with scope(hospital_id):
        claimed = outreach.claim_deliveries(hospital_id)
    settled = [
        outreach.Settled(one.delivery_id, Sent(one.outbound.client_key, f"m{one.delivery_id}"))
        for one in claimed
    ]
    if settled:
        with scope(hospital_id):
            outreach.settle_deliveries(hospital_id, settled)
    return len(settled)


if __name__ == "__main__":
    if sys.argv[1] == "open":
        answer(open_house())
    else:
        warm_up(int(sys.argv[2]))
        leave_out_what_is_loaded()  # as `lianxin worker` does
        wait_for_start()
        work(int(sys.argv[2]))
