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
    codes = {one.live_code_id for one in campaigns}
    all_of_codes = list(Campaign.objects.filter(hospital_id=hospital.pk, live_code_id__in=codes))
    return {
        one.pk: CampaignCount(
            visits.get(one.pk, 0),
            **count_people(hospital, one),
            is_shared=any(overlap(one, other) for other in all_of_codes),
        )
        for one in campaigns
    }


def count_people(hospital: Hospital, campaign: Campaign) -> dict[str, int]:
    """Count who was added by the code in the post's days, and who of them is still there."""
    zone = ZoneInfo(hospital.time_zone)
    came = Q(began_at__gte=start_of(campaign.starts_on, zone))
    if campaign.ends_on is not None:
        came &= Q(began_at__lt=start_of(campaign.ends_on + timedelta(days=1), zone))
    rows = Stay.objects.filter(came, hospital_id=hospital.pk, live_code_id=campaign.live_code_id)
    return rows.aggregate(added=Count("id"), staying=Count("id", filter=Q(ended_at=None)))


def start_of(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def overlap(one: Campaign, other: Campaign) -> bool:
    """Tell whether two posts led to one code on the same day."""
    if one.pk == other.pk or one.live_code_id != other.live_code_id:
        return False
    last = date.max
    return one.starts_on <= (other.ends_on or last) and other.starts_on <= (one.ends_on or last)
