"""Posts on public platforms: a link each, counted without anybody's data."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.http import HttpResponseBase
from django.test import Client

from lianxin.channels import actions, queries
from lianxin.channels.actions import CampaignContent
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
        first = starts_on or time.today(code.hospital)
        content = CampaignContent(code, "douyin", "健康讲座预告", None, first, ends_on)
        return actions.create_campaign(content, by=by)


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


@pytest.fixture
def standing(riverside: Hospital, code: LiveCode, admin: Staff) -> LiveCode:
    """Make the code that is always there, chosen on the page."""
    with scope(riverside):
        made = actions.create_live_code(code.account, "总台", staff=admin, by=admin)
        LiveCode.objects.filter(pk=made.pk).update(
            qr_content="https://wx.example/standing", state="ready"
        )
        actions.choose_standing_code(riverside.pk, made, by=admin)
    return made


def change(as_admin: Client, campaign: Campaign, act: str, **given: object) -> HttpResponseBase:
    found: HttpResponseBase = as_admin.post(f"/settings/campaigns/{campaign.key}/{act}/", given)
    return found


def names_of(campaign: Campaign) -> list[str]:
    with scope(campaign.hospital_id):
        rows = Event.objects.filter(subject="campaign", subject_id=campaign.pk)
        return list(rows.order_by("at", "id").values_list("name", flat=True))


def test_a_closed_post_leads_kindly_on_and_keeps_its_numbers(
    as_admin: Client, code: LiveCode, standing: LiveCode, admin: Staff, client: Client
) -> None:
    campaign = make_campaign(code, admin)
    make_address(code.account, staff_userid="DrLi", state=code.state_key)
    opened = client.get(f"/go/{campaign.key}/", headers=PHONE).content.decode()

    assert change(as_admin, campaign, "close", seen=1).status_code == 302
    closed = client.get(f"/go/{campaign.key}/", headers=PHONE).content.decode()
    again = change(as_admin, campaign, "close", seen=1)

    assert "入口已经结束" in closed
    assert picture_in(closed)
    assert picture_in(closed) != picture_in(opened)
    assert again.status_code == 409
    with scope(code.hospital_id):
        count = queries.count_campaigns(code.hospital, [campaign])[campaign.pk]
    assert (count.visits, count.added, count.staying) == (2, 1, 1)
    assert names_of(campaign) == ["campaign.created", "campaign.closed"]

    assert change(as_admin, campaign, "reopen", seen=2).status_code == 302
    reopened = client.get(f"/go/{campaign.key}/", headers=PHONE).content.decode()
    assert picture_in(reopened) == picture_in(opened)


def picture_in(page: str) -> str:
    found = re.search(r'src="(data:image[^"]+)"', page)
    return found[1] if found else ""


def test_who_comes_after_the_closing_counts_for_somebody_else(code: LiveCode, admin: Staff) -> None:
    first = time.today(code.hospital) - timedelta(days=9)
    campaign = make_campaign(code, admin, starts_on=first)
    make_address(code.account, staff_userid="DrLi", state=code.state_key)
    with scope(code.hospital_id):
        Campaign.objects.update(closed_at=time.now() - timedelta(days=2))
        campaign.refresh_from_db()
        ended = queries.count_campaigns(code.hospital, [campaign])[campaign.pk]
    later = make_campaign(code, admin)
    with scope(code.hospital_id):
        counts = queries.count_campaigns(code.hospital, [campaign, later])

    assert ended.added == 0
    assert (counts[later.pk].added, counts[later.pk].is_shared) == (1, False)


def test_a_post_is_changed_and_only_the_fields_are_on_record(
    as_admin: Client, code: LiveCode, standing: LiveCode, admin: Staff
) -> None:
    campaign = make_campaign(code, admin)
    given = {
        "seen": 1,
        "platform": "weibo",
        "title": "周末讲座",
        "code": standing.key,
        "department": "",
        "starts_on": campaign.starts_on.isoformat(),
        "ends_on": "",
    }

    assert change(as_admin, campaign, "edit", **given).status_code == 302
    stale = change(as_admin, campaign, "edit", **given | {"title": "又一个"})
    bad = change(as_admin, campaign, "edit", **given | {"seen": 2, "ends_on": "2020-01-01"})

    assert (stale.status_code, bad.status_code) == (409, 422)
    with scope(code.hospital_id):
        campaign.refresh_from_db()
        event = Event.objects.get(name="campaign.changed", subject_id=campaign.pk)
    assert (campaign.title, campaign.live_code_id) == ("周末讲座", standing.pk)
    assert event.data["fields"] == ["live_code", "platform", "title"]
    assert "讲座" not in str(event.data)


def test_a_post_that_brought_somebody_keeps_its_code(
    as_admin: Client, code: LiveCode, standing: LiveCode, admin: Staff
) -> None:
    campaign = make_campaign(code, admin)
    make_address(code.account, staff_userid="DrLi", state=code.state_key)
    first = campaign.starts_on.isoformat()
    given = {"seen": 1, "platform": "weibo", "title": "讲座", "department": "", "starts_on": first}

    refused = change(as_admin, campaign, "edit", **given, code=standing.key, ends_on="")
    kept = change(as_admin, campaign, "edit", **given, code=code.key, ends_on="")

    assert (refused.status_code, kept.status_code) == (409, 302)
    assert "1 人从原来的活码添加" in as_text(refused)


def as_text(answer: HttpResponseBase) -> str:
    return bytes(getattr(answer, "content", b"")).decode()


def test_there_is_one_standing_code(
    as_admin: Client, code: LiveCode, standing: LiveCode, client: Client, admin: Staff
) -> None:
    campaign = make_campaign(code, admin)
    as_admin.post("/settings/campaigns/standing/", {"code": code.key})
    with scope(code.hospital_id):
        chosen = list(LiveCode.objects.filter(is_standing=True))
    assert chosen == [code]

    assert as_admin.post("/settings/campaigns/standing/", {"code": "?"}).status_code == 409
    as_admin.post("/settings/campaigns/standing/", {"code": ""})
    change(as_admin, campaign, "close", seen=1)

    page = client.get(f"/go/{campaign.key}/", headers=PHONE).content.decode()
    assert "这个入口已经关闭" in page
    assert not picture_in(page)


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
