"""The pages of moments and of staff confirmations in a browser: no violation, nothing to pan."""

from __future__ import annotations

import pytest
from django.http import HttpResponseBase
from django.test import Client

from lianxin.channels.models import Moment, MomentMember
from lianxin.core import time
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.journeys import actions
from lianxin.testing.browser import axe, open_browser, overflow, show
from lianxin.testing.content import make_published
from lianxin.testing.journeys import make_moment_draft
from lianxin.testing.outreach import make_confirmation, make_delivery, make_reachable
from lianxin.testing.staff import make_staff

pytestmark = pytest.mark.browser

SIZES = [(375, "light"), (1440, "dark")]


@pytest.fixture
def answers(as_admin: Client, riverside: Hospital) -> dict[str, HttpResponseBase]:
    """Open each page: one moment half published, one still a draft, one task half confirmed."""
    item = make_published(riverside, title="在家量血压，怎样才量得准：给第一次自己量的人")
    draft = make_moment_draft(riverside, item=item)
    waiting = make_moment_draft(riverside, text="天气转凉，出门添衣，早晚多喝温水。")
    task = make_confirmation(riverside, state="waiting", closes_at=time.now())
    for state, reason in (("delivered", ""), ("waiting_staff", ""), ("failed", "quota_full")):
        reachable = make_reachable(riverside, "wecom")
        make_delivery(
            reachable, state=state, reason_code=reason, confirmation=task, carrier="wecom_task"
        )
    with scope(riverside):
        actions.approve_moment(draft, by=make_staff(riverside, role="reviewer"))
        Moment.objects.update(state="open", like_count=3, viewer_count=41)
        for userid, at in (("DrLi", time.now()), ("ZhouMin", None)):
            MomentMember.objects.create(
                hospital=riverside,
                moment=Moment.objects.get(),
                staff_userid=userid,
                published_at=at,
            )
    return {
        "list": as_admin.get("/journeys/moments/"),
        "moment": as_admin.get(f"/journeys/moments/{draft.key}/"),
        "draft": as_admin.get(f"/journeys/moments/{waiting.key}/"),
        "form": as_admin.get("/journeys/moments/new/"),
        "refused": as_admin.post("/journeys/moments/new/", {"text": "根治"}),
        "tasks": as_admin.get("/sends/confirmations/"),
        "task": as_admin.get(f"/sends/confirmations/{task.key}/"),
    }


def test_the_pages_are_accessible_and_fit(answers: dict[str, HttpResponseBase]) -> None:
    with open_browser() as browser:
        page = browser.new_page()
        for name, answer in answers.items():
            for width, theme in SIZES:
                page.set_viewport_size({"width": width, "height": 900})
                page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
                show(page, answer)

                assert overflow(page) == 0, f"{name} {width}"
                assert axe(page) == [], f"{name} {width}"
