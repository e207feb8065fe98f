"""Posts on public platforms: a link each, counted without anybody's data."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client

from lianxin.channels import actions, queries
from lianxin.channels.models import Campaign, CampaignVisits, LiveCode
from lianxin.channels.platforms import load_platforms
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.staff.models import Staff
from lianxin.testing.channels import make_account, make_address
from lianxin.testing.staff import make_staff

PHONE = {"user-agent": "Mozilla/5.0 (Linux; Android 14) Mobile"}


@pytest.fixture
def code(riverside: Hospital) -> LiveCode:
    account = make_account(riverside)
    with scope(riverside):
        made: LiveCode = actions.create_live_code(
            account, "门诊", staff=make_staff(riverside), by=SystemActor(riverside.pk)
        )
        LiveCode.objects.filter(pk=made.pk).update(qr_content="https://wx.example/c", state="ready")
        return LiveCode.objects.select_related("hospital", "account").get(pk=made.pk)


def make_campaign(
    code: LiveCode, by: Staff, *, starts_on: date | None = None, ends_on: date | None = None
) -> Campaign:
    with scope(code.hospital_id):
        return actions.create_campaign(
            code,
            platform="douyin",
            title="健康讲座预告",
            department=None,
            starts_on=starts_on or time.today(code.hospital),
            ends_on=ends_on,
            by=by,
        )


def visits(campaign: Campaign) -> int:
    with scope(campaign.hospital_id):
        return sum(CampaignVisits.objects.values_list("count", flat=True))


def test_a_visit_shows_the_code_and_is_counted_without_a_trace(
    code: LiveCode, admin: Staff, client: Client
) -> None:
    campaign = make_campaign(code, admin)
    before = Event.objects.count()

    first = client.get(f"/go/{campaign.key}/", headers=PHONE)
    client.get(f"/go/{campaign.key}/", headers=PHONE)
    client.get(f"/go/{campaign.key}/", headers={"user-agent": "Baiduspider/2.0"})
    client.head(f"/go/{campaign.key}/", headers=PHONE)

    page = first.content.decode()
    assert "data:image/svg+xml" in page
    assert "保存图片" in page
    assert (
        "长按二维码"
        in client.get(
            f"/go/{campaign.key}/", headers={"user-agent": "MicroMessenger/8"}
        ).content.decode()
    )
    assert campaign.title not in page
    assert visits(campaign) == 3
    assert Event.objects.count() == before
    assert "sessionid" not in first.cookies


def test_a_post_whose_time_is_over_leads_nowhere(
    code: LiveCode, admin: Staff, client: Client
) -> None:
    past = time.today(code.hospital) - timedelta(days=3)
    campaign = make_campaign(code, admin, starts_on=past, ends_on=past)

    page = client.get(f"/go/{campaign.key}/", headers=PHONE).content.decode()

    assert "data:image" not in page
    assert "这个入口已经关闭" in page


def test_an_unknown_key_is_not_there(client: Client, riverside: Hospital) -> None:
    assert client.get("/go/nothing/").status_code == 404


def test_adds_and_stays_are_of_the_codes_days_and_sharing_is_said(
    code: LiveCode, admin: Staff
) -> None:
    today = time.today(code.hospital)
    campaign = make_campaign(code, admin)
    make_address(code.account, staff_userid="DrLi", state=code.state_key)
    with scope(code.hospital_id):
        alone = queries.count_campaigns(code.hospital, [campaign])[campaign.pk]
    make_campaign(code, admin, starts_on=today)
    with scope(code.hospital_id):
        shared = queries.count_campaigns(code.hospital, [campaign])[campaign.pk]

    assert (alone.added, alone.staying, alone.is_shared) == (1, 1, False)
    assert shared.is_shared


def test_the_page_makes_a_link_and_says_what_nobody_knows(
    as_admin: Client, code: LiveCode, client: Client
) -> None:
    given = {
        "platform": "weibo",
        "title": "讲座",
        "code": code.key,
        "department": "",
        "starts_on": "2026-11-01",
        "ends_on": "",
    }
    assert as_admin.post("/settings/campaigns/", given).status_code == 302
    assert (
        as_admin.post("/settings/campaigns/", given | {"ends_on": "2026-10-01"}).status_code == 422
    )
    with scope(code.hospital_id):
        campaign = Campaign.objects.get()
    client.get(f"/go/{campaign.key}/", headers=PHONE)

    page = as_admin.get("/settings/campaigns/").content.decode()

    assert f"/go/{campaign.key}/" in page
    assert "平台不提供给连心" in page
    assert (
        "自己的落地页打开过 1 次" in as_admin.get(f"/settings/codes/{code.key}/").content.decode()
    )


def test_every_platform_says_how_sure_its_numbers_are() -> None:
    assert all(one.sure and one.text_characters > 0 for one in load_platforms().values())
