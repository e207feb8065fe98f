"""Writes of campaigns and of what their landing pages count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from lianxin.channels.actions.live_codes import record as record_code
from lianxin.channels.models import Campaign, CampaignAddress, LiveCode
from lianxin.channels.queries.campaigns import count_people, find_standing_code
from lianxin.core import events, time
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.staff.models import Department, Staff

COUNT = """
insert into channels_campaignvisits (hospital_id, campaign_id, "on", count) values (%s, %s, %s, 1)
on conflict (campaign_id, "on") do update set count = channels_campaignvisits.count + 1
"""


@dataclass(frozen=True)
class CampaignContent:
    """Everything of a post that people change."""

    live_code: LiveCode
    platform: str
    title: str
    department: Department | None
    starts_on: date
    ends_on: date | None

    @property
    def columns(self) -> dict[str, Any]:
        return {
            "live_code_id": self.live_code.pk,
            "platform": self.platform,
            "title": self.title,
            "department_id": self.department.pk if self.department else None,
            "starts_on": self.starts_on,
            "ends_on": self.ends_on,
        }


@transaction.atomic
def create_campaign(content: CampaignContent, *, by: Staff) -> Campaign:
    """Make a post's own link. It leads to the live code while both are in use."""
    check_may_manage(by)
    hospital_id = content.live_code.hospital_id
    campaign = Campaign.objects.create(
        hospital_id=hospital_id, owner=by, created_at=time.now(), **content.columns
    )
    CampaignAddress.objects.create(hospital_id=hospital_id, campaign_key=campaign.key)
    data = {"platform": content.platform, "live_code_id": content.live_code.pk}
    record(campaign, "campaign.created", by, **data)
    return campaign


@transaction.atomic
def change_campaign(campaign: Campaign, content: CampaignContent, *, seen: int, by: Actor) -> None:
    """Change a post that was at revision `seen`. Its link stays, and so does what it counted."""
    check_may_manage(by)
    hold_revision(campaign, seen)
    now_there = content.columns
    changed = [name for name, value in now_there.items() if getattr(campaign, name) != value]
    if "live_code_id" in changed:
        check_nobody_came(campaign)
    if changed:
        Campaign.objects.filter(pk=campaign.pk).update(**now_there)
        fields = [name.removesuffix("_id") for name in changed]
        record(campaign, "campaign.changed", by, fields=fields, live_code_id=content.live_code.pk)


def check_nobody_came(campaign: Campaign) -> None:
    """Refuse another code once people came by the first: they would no longer be counted."""
    added = count_people(campaign.hospital, campaign)["added"]
    if added:
        sentence = _(
            "已经有 %(added)d 人从原来的活码添加，换了活码就数不到他们了。"
            "请改活码背后的人，或者关闭这条、另建一条。"
        )
        raise RefusedError(sentence % {"added": added})


@transaction.atomic
def close_campaign(campaign: Campaign, *, seen: int, by: Actor) -> None:
    """End a post before its last day: its link leads on to the standing code."""
    check_may_manage(by)
    hold_revision(campaign, seen)
    open_rows = Campaign.objects.filter(pk=campaign.pk, closed_at=None)
    if not open_rows.update(closed_at=time.now()):
        raise RefusedError(_("这条链接已经关闭。"))
    record(campaign, "campaign.closed", by)


@transaction.atomic
def reopen_campaign(campaign: Campaign, *, seen: int, by: Actor) -> None:
    """Open a closed post: the link in it cannot be changed any more, so it is to work again."""
    check_may_manage(by)
    hold_revision(campaign, seen)
    closed = Campaign.objects.filter(pk=campaign.pk).exclude(closed_at=None)
    if not closed.update(closed_at=None):
        raise RefusedError(_("这条链接正在使用。"))
    record(campaign, "campaign.reopened", by)


@transaction.atomic
def choose_standing_code(hospital_id: int, code: LiveCode | None, *, by: Actor) -> None:
    """Say where posts lead whose time is over; None: nowhere, they give the phone only."""
    check_may_manage(by)
    former = find_standing_code(hospital_id)
    if former == code:
        return
    LiveCode.objects.filter(hospital_id=hospital_id, is_standing=True).update(is_standing=False)
    if code is None:
        if former:
            record_code(former, "live_code.not_standing", by)
        return
    try:
        with transaction.atomic():
            chosen = LiveCode.objects.filter(pk=code.pk, is_active=True).update(is_standing=True)
    except IntegrityError as error:
        raise RefusedError(_("刚才有同事也选了常设码。请打开最新内容，看过再选。")) from error
    if not chosen:
        raise RefusedError(_("这个活码已经停用。"))
    record_code(code, "live_code.made_standing", by)


def check_may_manage(by: Actor) -> None:
    if not by.may("channel.manage"):
        raise ForbiddenError


def hold_revision(campaign: Campaign, seen: int) -> None:
    rows = Campaign.objects.filter(pk=campaign.pk, revision=seen)
    if not rows.update(revision=seen + 1):
        raise RefusedError(_("刚才有同事改过这条链接。请打开最新内容，看过再改。"))


def record(campaign: Campaign, name: str, by: Actor, **data: Any) -> None:
    events.record(
        name,
        hospital_id=campaign.hospital_id,
        subject="campaign",
        subject_id=campaign.pk,
        by=by,
        data=data,
    )


def count_visit(campaign: Campaign, on: date) -> None:
    """Count one opening. Nothing about who opened it is kept."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [campaign.hospital_id, campaign.pk, on])
