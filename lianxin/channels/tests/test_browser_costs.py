"""Costs, posts, the landing page and one's own number in a real browser: readable, nothing cut."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from lianxin.channels import actions
from lianxin.channels.models import Account, LiveCode
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.staff.models import Staff
from lianxin.testing.browser import axe, open_browser, overflow, show
from lianxin.testing.channels import make_account
from lianxin.testing.staff import make_staff

pytestmark = pytest.mark.browser
WIDTHS = (1440, 375)


@pytest.fixture
def link(riverside: Hospital, admin: Staff) -> str:
    """Set up an account with price, budget and costs, and one post with its link."""
    sms = make_account(riverside, Account.Kind.SMS)
    wecom = make_account(riverside)
    with scope(riverside):
        price = actions.enter_price(
            sms, unit_fen=Decimal("4.5"), valid_from=date(2026, 1, 1), source="合同 7", by=admin
        )
        actions.approve_price(price, by=make_staff(riverside, role="operator", name="陈运营"))
        actions.set_budget(sms, month_fen=50_000, by=admin)
        billed = [
            actions.Billed("d1", 4000, is_estimate=False),
            actions.Billed("d2", 900, is_estimate=True),
        ]
        actions.record_costs(riverside.pk, sms.pk, billed)
        code = actions.create_live_code(
            wecom, "讲座", staff=make_staff(riverside), by=SystemActor(riverside.pk)
        )
        LiveCode.objects.filter(pk=code.pk).update(qr_content="https://wx.example/c", state="ready")
        content = actions.CampaignContent(
            code, "douyin", "健康讲座预告", None, time.today(riverside), None
        )
        campaign = actions.create_campaign(content, by=admin)
    return f"/go/{campaign.key}/"


def test_the_pages_are_readable_on_a_desk_and_on_a_phone(as_admin: Client, link: str) -> None:
    edit = link.replace("/go/", "/settings/campaigns/") + "edit/"
    pages = ("/settings/costs/", "/settings/campaigns/", edit, "/me/phone/", link)
    answers = {address: as_admin.get(address) for address in pages}
    found = []
    with open_browser() as browser:
        for address, answer in answers.items():
            page = browser.new_page()
            show(page, answer, "/page/")
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                found += [f"{address} {width} {line}" for line in axe(page)]
                found += [f"{address} {width} is wider"] * bool(overflow(page))
            page.close()

    assert found == []
