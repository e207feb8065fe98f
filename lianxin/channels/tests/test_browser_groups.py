"""The pages of customer groups in a browser: nothing for axe-core, nothing too wide."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from django.http import HttpResponseBase
from django.test import Client

from lianxin.channels import actions
from lianxin.channels.actions import JoinCodeContent
from lianxin.channels.models import Group, GroupDay, JoinCode
from lianxin.core import time
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.staff.models import Staff
from lianxin.testing.browser import axe, open_browser, overflow, show
from lianxin.testing.channels import make_account, make_address, make_group

pytestmark = pytest.mark.browser

SIZES = [(375, "light", "zh-hans"), (1440, "dark", "en")]


@pytest.fixture
def paths(riverside: Hospital, admin: Staff) -> dict[str, str]:
    """Make groups with everything on their pages; returns where the pages are."""
    account = make_account(riverside)
    people = tuple(make_address(account).external_id for _number in range(6))
    first = make_group(
        account, "心内科出院交流 1 群", notice="欢迎大家，急症 120", external_ids=people
    )
    second = make_group(account, "糖尿病友群", owner="ZhouMin")
    with scope(riverside):
        Group.objects.filter(pk=second.pk).update(status=1, admin_userids=[])
        content = JoinCodeContent(
            "出院交流群海报", (first, second), base_name="出院交流", base_number=3
        )
        code = actions.create_join_code(account, content, by=admin)
        JoinCode.objects.filter(pk=code.pk).update(finding="lost", found_at=time.now())
        text = "%NICKNAME%，欢迎入群。\n群内不看病、不急救，急症请拨打 120。"
        welcome = actions.create_group_welcome(account, text, by=admin)
        actions.tick_point(first, "consent", is_done=True, by=admin)
        today = time.today(riverside)
        GroupDay.objects.bulk_create(
            GroupDay(
                hospital=riverside,
                account=account,
                owner_userid="DrLi",
                day=today - timedelta(days=ago),
                group_count=1,
                member_count=90 - 2 * ago + ago % 4,
                new_member_count=2,
                message_count=40,
            )
            for ago in range(1, 31)
        )
    base = "/settings/groups/"
    return {
        "groups": base,
        "group": f"{base}{first.key}/",
        "urgent": f"{base}{second.key}/",
        "code": f"{base}codes/{code.key}/",
        "edit_code": f"{base}codes/{code.key}/edit/",
        "welcomes": f"{base}welcomes/",
        "edit_welcome": f"{base}welcomes/{welcome.key}/edit/",
    }


def test_the_pages_of_groups_can_be_used_by_everybody(
    as_admin: Client, paths: dict[str, str]
) -> None:
    answers: dict[tuple[str, str], HttpResponseBase] = {}
    for _width, _theme, language in SIZES:
        as_admin.cookies["lx_language"] = language
        answers |= {(name, language): as_admin.get(path) for name, path in paths.items()}
    findings: list[str] = []
    with open_browser() as browser:
        for (width, theme, language), name in product(SIZES, paths):
            page = browser.new_page(
                color_scheme="dark" if theme == "dark" else "light",
                viewport={"width": width, "height": 812},
            )
            show(page, answers[name, language], "/page/")
            found = axe(page)
            found += ["wider than the window"] if overflow(page) else []
            findings += [f"{name} {width} {theme}: {line}" for line in found]
            page.close()

    assert findings == []
