"""Reads of campaigns: what each brought, as far as anybody can know it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Q, Sum

from lianxin.channels.models import (
    Campaign,
    CampaignAddress,
    CampaignVisits,
    LiveCode,
    Stay,
)
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, NotFoundError
from lianxin.core.models import Hospital


@dataclass(frozen=True)
class CampaignCount:
    """Visits are the landing page's own. Adds and stays are those of its live code in its days:

    `is_shared` says that another post led to the same code then, so they are of all together.
    """

    visits: int
    added: int
    staying: int
    is_shared: bool


def find_hospital_of_campaign(key: str) -> Hospital | None:
    """Return whose landing page it is; needs no scope, opens none."""
    rows = CampaignAddress.objects.filter(campaign_key=key[:12]).select_related("hospital")
    address = rows.first()
    return address.hospital if address else None


def access_campaign_page(hospital_id: int, key: str) -> Campaign:
    rows = Campaign.objects.filter(hospital_id=hospital_id, key=key)
    campaign = rows.select_related("live_code__account", "live_code__staff", "hospital").first()
    if campaign is None:
        raise NotFoundError
    return campaign


def campaign_link(campaign: Campaign) -> str:
    return f"{settings.BASE_URL}/go/{campaign.key}/"


def list_campaigns(actor: Actor, code: LiveCode | None = None) -> list[Campaign]:
    if not actor.may("channel.read"):
        raise ForbiddenError
    rows = Campaign.objects.filter(hospital_id=actor.hospital_id)
    if code is not None:
        rows = rows.filter(live_code=code)
    return list(rows.select_related("live_code", "department", "owner").order_by("-id")[:200])


def find_standing_code(hospital_id: int) -> LiveCode | None:
    """Return the hospital's code that is always there, while it can be used."""
    rows = LiveCode.objects.filter(hospital_id=hospital_id, is_standing=True, is_active=True)
    return rows.first()


def access_managed_campaign(actor: Actor, key: str) -> Campaign:
    rows = Campaign.objects.filter(hospital_id=actor.hospital_id, key=key)
    campaign = rows.select_related("live_code", "department", "hospital").first()
    if campaign is None:
        raise NotFoundError
    if not actor.may("channel.manage"):
        raise ForbiddenError
    return campaign


def access_campaign(actor: Actor, key: str) -> Campaign:
    campaign = Campaign.objects.filter(hospital_id=actor.hospital_id, key=key).first()
    if campaign is None:
        raise NotFoundError
    if not actor.may("content.read"):
        raise ForbiddenError
    return campaign


def count_campaigns(hospital: Hospital, campaigns: Sequence[Campaign]) -> dict[int, CampaignCount]:
    visits = dict(
        CampaignVisits.objects.filter(hospital_id=hospital.pk, campaign__in=campaigns)
        .values_list("campaign_id")
        .annotate(total=Sum("count"))
        .order_by()
    )
    zone = ZoneInfo(hospital.time_zone)
    codes = {one.live_code_id for one in campaigns}
    all_of_codes = list(Campaign.objects.filter(hospital_id=hospital.pk, live_code_id__in=codes))
    return {
        one.pk: CampaignCount(
            visits.get(one.pk, 0),
            **count_people(hospital, one),
            is_shared=any(overlap(one, other, zone) for other in all_of_codes),
        )
        for one in campaigns
    }


def count_people(hospital: Hospital, campaign: Campaign) -> dict[str, int]:
    """Count who was added by the code in the post's days, and who of them is still there."""
    zone = ZoneInfo(hospital.time_zone)
    came = Q(began_at__gte=start_of(campaign.starts_on, zone))
    last = last_day(campaign, zone)
    if last < date.max:
        came &= Q(began_at__lt=start_of(last + timedelta(days=1), zone))
    rows = Stay.objects.filter(came, hospital_id=hospital.pk, live_code_id=campaign.live_code_id)
    return rows.aggregate(added=Count("id"), staying=Count("id", filter=Q(ended_at=None)))


def start_of(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def last_day(campaign: Campaign, zone: ZoneInfo) -> date:
    """Return the last day on which the post led to its code: the planned one, or its closing."""
    closed_on = campaign.closed_at.astimezone(zone).date() if campaign.closed_at else date.max
    return min(campaign.ends_on or date.max, closed_on)


def overlap(one: Campaign, other: Campaign, zone: ZoneInfo) -> bool:
    """Tell whether two posts led to one code on the same day."""
    if one.pk == other.pk or one.live_code_id != other.live_code_id:
        return False
    return one.starts_on <= last_day(other, zone) and other.starts_on <= last_day(one, zone)
