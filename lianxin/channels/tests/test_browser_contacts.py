"""The account's page while contacts are compared, and the pages of tags, in a browser."""

from __future__ import annotations

import pytest
from django.http import HttpResponseBase
from django.test import Client

from lianxin.channels import actions
from lianxin.channels.models import Account, ContactSync, CorpTag
from lianxin.core import time
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.staff.models import Staff
from lianxin.testing.browser import axe, open_browser, overflow, show
from lianxin.testing.channels import make_account

pytestmark = pytest.mark.browser

SIZES = [(375, "light", "zh-hans"), (1440, "dark", "en")]
GIVEN = {"code": "门诊患者", "name": "门诊患者", "group_name": "连心"}


@pytest.fixture
def wecom(riverside: Hospital, admin: Staff) -> Account:
    """Make an account in the middle of a comparison, and a list with a tag of each kind."""
    account = make_account(riverside)
    with scope(riverside):
        sync = actions.request_sync(account, by=admin)
        ContactSync.objects.filter(pk=sync.pk).update(
            state="running",
            members=[f"Member{number}" for number in range(40)],
            members_done_count=12,
            seen_count=8310,
            added_count=4,
            unlicensed=["DrLi", "ZhouMin"],
            started_at=time.now(),
        )
        for code, changes in (
            ("出院患者", {"state": "ready", "tag_id": "et1", "is_ours": True}),
            ("心内科", {"state": "ready", "tag_id": "et2"}),
            ("7 病区", {"is_allowed": False, "state": "removed", "finding": "lost"}),
        ):
            tag = actions.allow_tag(account, code=code, name=code, group_name="连心", by=admin)
            CorpTag.objects.filter(pk=tag.pk).update(**changes)
    return account


@pytest.fixture
def answers(as_admin: Client, wecom: Account) -> dict[str, HttpResponseBase]:
    found: dict[str, HttpResponseBase] = {}
    given = GIVEN | {"account": wecom.key}
    for language in ("zh-hans", "en"):
        as_admin.cookies["lx_language"] = language
        found[f"account {language}"] = as_admin.get(f"/settings/channels/{wecom.key}/")
        found[f"tags {language}"] = as_admin.get("/settings/tags/")
        found[f"new {language}"] = as_admin.get("/settings/tags/new/")
        found[f"check {language}"] = as_admin.post("/settings/tags/new/", given)
        refused = given | {"name": "糖尿病"}
        found[f"refused {language}"] = as_admin.post("/settings/tags/new/", refused)
    return found


def test_the_pages_can_be_used_by_everybody(answers: dict[str, HttpResponseBase]) -> None:
    findings: list[str] = []
    with open_browser() as browser:
        for width, theme, language in SIZES:
            for name in ("account", "tags", "new", "check", "refused"):
                page = browser.new_page(
                    color_scheme="dark" if theme == "dark" else "light",
                    viewport={"width": width, "height": 812},
                )
                show(page, answers[f"{name} {language}"], "/page/")
                found = axe(page)
                found += ["wider than the window"] if overflow(page) else []
                findings += [f"{name} {width} {theme}: {line}" for line in found]
                page.close()

    assert findings == []
