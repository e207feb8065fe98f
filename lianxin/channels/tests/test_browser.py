"""The pages of live codes in a browser: nothing for axe-core, nothing wider than the window."""

from __future__ import annotations

import pytest
from django.http import HttpResponseBase
from django.test import Client

from lianxin.channels import actions
from lianxin.channels.actions.live_codes import CodeContent, RosterLine
from lianxin.channels.models import AcquisitionLink, LinkQuota, LiveCode
from lianxin.channels.rules import IN_HOURS, RETURNING, DutyHours, Welcome
from lianxin.core import time
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.staff.models import Staff
from lianxin.testing.browser import axe, open_browser, overflow, show
from lianxin.testing.channels import make_account

pytestmark = pytest.mark.browser

PAGES = ("code", "link", "edit", "refused", "new", "print", "codes", "closed")
SIZES = [(375, "light", "zh-hans"), (1440, "dark", "en")]


@pytest.fixture
def code(riverside: Hospital, admin: Staff, zhou: Staff, lin: Staff) -> LiveCode:
    """Make a code with everything on its page: hours, caps, a finding, versions."""
    account = make_account(riverside)
    with scope(riverside):
        made = actions.create_live_code(account, "周医生门诊海报", staff=zhou, by=admin)
        week = tuple(DutyHours(day, 480, 1050) for day in range(5))
        nights = tuple(DutyHours(day, 1080, 480) for day in range(7))
        roster = (
            RosterLine(zhou, hours=week, daily_cap=30),
            RosterLine(lin, is_fallback=True),
        )
        content = CodeContent(
            "周医生 心内科门诊与出院小结海报",
            staff=zhou,
            tag_names=("心内科", "出院"),
            welcome_text="您好，这里是河畔医院心内科。\n有事请留言。",
            welcomes=(
                Welcome("欢迎回来，有事请留言。", whom=RETURNING),
                Welcome("现在是夜间，明早八点后回复您。", when=IN_HOURS, hours=nights),
            ),
            roster=roster,
        )
        actions.change_live_code(made, content, seen=1, by=admin)
        LiveCode.objects.filter(pk=made.pk).update(
            state="ready",
            confirmed_at=time.now(),
            finding="lost",
            found_at=time.now(),
            qr_content="https://work.weixin.qq.com/ca/0123456789abcdef",
        )
        link = actions.want_link(made, by=admin)
        AcquisitionLink.objects.filter(pk=link.pk).update(
            state="ready",
            link_id="cawcde1",
            url="https://work.weixin.qq.com/ca/cawcde0123456789abcdef",
            finding="unavailable",
            found_at=time.now(),
            read_at=time.now(),
            opened_count=12,
            added_count=7,
        )
        actions.create_place(link, "出院随访短信", by=admin)
        LinkQuota.objects.create(
            hospital=riverside, account=account, total=200, balance=0, read_at=time.now()
        )
    return made


@pytest.fixture
def answers(as_admin: Client, code: LiveCode) -> dict[str, HttpResponseBase]:
    found: dict[str, HttpResponseBase] = {}
    for language in ("zh-hans", "en"):
        as_admin.cookies["lx_language"] = language
        found[f"code {language}"] = as_admin.get(f"/settings/codes/{code.key}/")
        found[f"link {language}"] = as_admin.get(f"/settings/codes/{code.key}/link/")
        found[f"edit {language}"] = as_admin.get(f"/settings/codes/{code.key}/edit/")
        found[f"refused {language}"] = as_admin.post(
            f"/settings/codes/{code.key}/edit/",
            {
                "seen": 1,
                "name": "",
                "roster-TOTAL_FORMS": 1,
                "roster-INITIAL_FORMS": 0,
                "roster-0-starts": "08:00",
            },
        )
        found[f"new {language}"] = as_admin.get("/settings/codes/new/")
        found[f"print {language}"] = as_admin.get(f"/settings/codes/{code.key}/print/")
        found[f"codes {language}"] = as_admin.get("/settings/codes/")
    as_admin.post(f"/settings/codes/{code.key}/close/", {"seen": 2})
    for language in ("zh-hans", "en"):
        as_admin.cookies["lx_language"] = language
        found[f"closed {language}"] = as_admin.get(f"/settings/codes/{code.key}/")
    return found


def test_the_pages_can_be_used_by_everybody(answers: dict[str, HttpResponseBase]) -> None:
    findings: list[str] = []
    with open_browser() as browser:
        for width, theme, language in SIZES:
            for name in PAGES:
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
