"""The pages of a handover in a browser: nothing overflows, axe finds nothing, both languages."""

from __future__ import annotations

import pytest
from django.http import HttpResponseBase
from django.test import Client

from lianxin.channels.models import Transfer
from lianxin.core import time
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.handover import actions
from lianxin.handover.models import Handover
from lianxin.staff.models import Staff
from lianxin.testing.browser import axe, open_browser, overflow, show
from lianxin.testing.channels import make_account, make_address

pytestmark = pytest.mark.browser

SIZES = [(375, "light", "zh-hans"), (1440, "dark", "en")]


@pytest.fixture
def handover(riverside: Hospital, zhou: Staff, lin: Staff, admin: Staff) -> Handover:
    """Make a handover with a contact of each kind."""
    account = make_account(riverside)
    for _number in range(7):
        make_address(account, staff_userid=zhou.wecom_userid)
    with scope(riverside):
        made = actions.open_handover(zhou, Handover.Kind.LEAVING, by=admin)
        actions.propose_takers(made, [lin], most_each=6, by=admin)
        actions.confirm_handover(made, main_taker=lin, words="", by=admin)
        states = ("waiting", "done", "refused", "full", "failed")
        for state, transfer in zip(states, Transfer.objects.order_by("pk"), strict=False):
            why = "moved_too_often" if state == "failed" else ""
            Transfer.objects.filter(pk=transfer.pk).update(
                state=state, reason_code=why, settled_at=time.now()
            )
    return made


@pytest.fixture
def answers(as_admin: Client, handover: Handover) -> dict[str, HttpResponseBase]:
    found: dict[str, HttpResponseBase] = {}
    for language in ("zh-hans", "en"):
        as_admin.cookies["lx_language"] = language
        found[f"list {language}"] = as_admin.get("/settings/handover/")
        found[f"new {language}"] = as_admin.get("/settings/handover/new/")
        found[f"one {language}"] = as_admin.get(f"/settings/handover/{handover.key}/")
    return found


def test_the_pages_hold_on_a_phone_and_on_a_desk(answers: dict[str, HttpResponseBase]) -> None:
    problems = []
    with open_browser() as browser:
        for width, scheme, language in SIZES:
            page = browser.new_page(
                viewport={"width": width, "height": 900},
                color_scheme="dark" if scheme == "dark" else "light",
            )
            for name in ("list", "new", "one"):
                show(page, answers[f"{name} {language}"])
                problems += [f"{name} {width}: {one}" for one in axe(page)]
                problems += [f"{name} {width}: overflows"] if overflow(page) else []
            page.close()

    assert problems == []
