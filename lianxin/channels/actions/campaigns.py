"""Writes of campaigns and of what their landing pages count."""

from __future__ import annotations

from datetime import date

from django.db import connection, transaction

from lianxin.channels.models import Campaign, CampaignAddress, LiveCode
from lianxin.core import events, time
from lianxin.core.errors import ForbiddenError
from lianxin.staff.models import Department, Staff

COUNT = """
insert into channels_campaignvisits (hospital_id, campaign_id, "on", count) values (%s, %s, %s, 1)
on conflict (campaign_id, "on") do update set count = channels_campaignvisits.count + 1
"""


@transaction.atomic
def create_campaign(
    live_code: LiveCode,
    *,
    platform: str,
    title: str,
    department: Department | None,
    starts_on: date,
    ends_on: date | None,
    by: Staff,
) -> Campaign:
    """Make a post's own link. It leads to the live code while both are in use."""
    if not by.may("channel.manage"):
        raise ForbiddenError
    campaign = Campaign.objects.create(
        hospital_id=live_code.hospital_id,
        platform=platform,
        title=title,
        department=department,
        owner=by,
        live_code=live_code,
        starts_on=starts_on,
        ends_on=ends_on,
        created_at=time.now(),
    )
    CampaignAddress.objects.create(hospital_id=live_code.hospital_id, campaign_key=campaign.key)
    events.record(
        "campaign.created",
        hospital_id=campaign.hospital_id,
        subject="campaign",
        subject_id=campaign.pk,
        by=by,
        data={"platform": platform, "live_code_id": live_code.pk},
    )
    return campaign


def count_visit(campaign: Campaign, on: date) -> None:
    """Count one opening. Nothing about who opened it is kept."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [campaign.hospital_id, campaign.pk, on])
