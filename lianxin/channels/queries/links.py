"""Reads of acquisition links: what the provider must hear, what they brought, the quota."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from lianxin.channels import facts, rules
from lianxin.channels.adapters.reactions import load_facts
from lianxin.channels.adapters.wecom.acquisition import LinkContent
from lianxin.channels.models import (
    Account,
    AcquisitionLink,
    Arrival,
    LinkPlace,
    LinkQuota,
    LiveCode,
)
from lianxin.channels.queries.groups import free_rows
from lianxin.channels.queries.rosters import answering_of
from lianxin.channels.rules import Answering
from lianxin.channels.rules.links import name_of
from lianxin.channels.tag_words import illness_in
from lianxin.core import time
from lianxin.core.errors import NotFoundError

OPENED, ASKED, TALKED = "link_opened", "link_asked", "link_talked"


def find_link_of(code: LiveCode) -> AcquisitionLink | None:
    rows = AcquisitionLink.objects.filter(hospital_id=code.hospital_id, live_code=code)
    return rows.select_related("account", "live_code").first()


def access_link_of(code: LiveCode) -> AcquisitionLink:
    """Return the link of a code that the actor may see."""
    link = find_link_of(code)
    if link is None:
        raise NotFoundError
    return link


def find_told_link(account_id: int, link_id: str) -> AcquisitionLink | None:
    """Return the link that a callback speaks of; None when it is none of ours."""
    if not link_id:
        return None
    rows = AcquisitionLink.objects.filter(account_id=account_id, link_id=link_id)
    return rows.select_related("live_code").first()


def find_link(hospital_id: int, link_pk: int) -> AcquisitionLink | None:
    return linked_rows(AcquisitionLink.objects.filter(hospital_id=hospital_id, pk=link_pk)).first()


def linked_rows(rows: QuerySet[AcquisitionLink]) -> QuerySet[AcquisitionLink]:
    return rows.select_related(
        "account", "live_code__account", "live_code__staff", "live_code__hospital"
    )


# ---- who came by which place ---------------------------------------------------------------


def find_places(hospital_id: int, channels: Iterable[str]) -> dict[str, LinkPlace]:
    """Return the places whose keys these channels are."""
    wanted = set(channels) - {""}
    if not wanted:
        return {}
    rows = LinkPlace.objects.filter(hospital_id=hospital_id, key__in=wanted)
    return {one.key: one for one in rows.select_related("link__live_code__staff")}


def find_place(code: LiveCode | None, channel: str) -> LinkPlace | None:
    """Return the place a person came by; None where the code's own key came back."""
    if code is None or not channel or channel == code.state_key:
        return None
    return find_places(code.hospital_id, [channel]).get(channel)


def list_places(link: AcquisitionLink) -> list[LinkPlace]:
    return list(LinkPlace.objects.filter(link=link).order_by("id"))


@dataclass(frozen=True)
class PlaceCount:
    """What came by one place: openings, requests, people."""

    opened: int = 0
    asked: int = 0
    added: int = 0


def count_places(places: Sequence[LinkPlace]) -> dict[int, PlaceCount]:
    """Count what each place brought: one query, however many."""
    counts = {place.pk: PlaceCount() for place in places}
    rows = Arrival.objects.filter(link_place__in=list(counts)).values("link_place_id")
    for row in rows.annotate(
        opened=Count("id", filter=Q(kind=OPENED)),
        asked=Count("id", filter=Q(kind=ASKED)),
        added=Count("address_id", filter=Q(event="contact.added"), distinct=True),
    ):
        found: dict[str, Any] = {**row}
        place_id = found.pop("link_place_id")
        counts[place_id] = PlaceCount(**found)
    return counts


# ---- what the provider must hear -----------------------------------------------------------


def desired_link(link: AcquisitionLink, answering: Answering) -> LinkContent:
    """Return what the provider should have: the people who answer the code's QR now."""
    code, limits = link.live_code, load_facts()
    # The name is seen in WeCom: a word of an illness stays here, the key says which code it is.
    name = "" if illness_in(code.name) else code.name
    return LinkContent(
        name=name_of(name, link.key, most=limits["link_name_characters"]).strip(),
        userids=tuple(one.userid for one in answering.members[: limits["link_members"]]),
        skip_verify=code.adds_at_once,
    )


def link_step(link: AcquisitionLink, answering: Answering) -> str:
    standing = rules.CodeStanding(
        is_active=link.is_wanted and link.live_code.is_active,
        state=link.state,
        config_id=link.link_id,
        was_asked=link.asked_at is not None,
        can_change=True,
    )
    return rules.next_code_step(standing, desired_link(link, answering).as_data(), link.confirmed)


def answering_behind(
    hospital_id: int, links: Sequence[AcquisitionLink], now: datetime
) -> Mapping[int, Answering]:
    """Return who answers behind each link, by the code's id."""
    return answering_of(hospital_id, [link.live_code for link in links], now)


def free_links(hospital_id: int, now: datetime) -> QuerySet[AcquisitionLink]:
    rows = free_rows(AcquisitionLink, now).filter(hospital_id=hospital_id, account__is_active=True)
    return linked_rows(rows)


def list_links_to_keep(hospital_id: int, now: datetime) -> list[AcquisitionLink]:
    """Return the links of which the provider knows something else than we want."""
    links = list(free_links(hospital_id, now).order_by("id"))
    if not links:
        return []
    answering = answering_behind(hospital_id, links, now)
    return [one for one in links if link_step(one, answering[one.live_code_id]) != rules.NOTHING]


def list_links_to_read(hospital_id: int, now: datetime) -> list[AcquisitionLink]:
    """Return the links whose truth at the provider is to be read again, the oldest first."""
    rows = free_links(hospital_id, now).filter(
        state=AcquisitionLink.State.READY, is_wanted=True, live_code__is_active=True
    )
    every = facts.seconds("link_read_seconds")
    hour = load_facts()["contact_way_read_hour"]
    return [
        link
        for link in rows.order_by(F("read_at").asc(nulls_first=True), "id")
        if rules.is_reading_due(
            link.read_at,
            now,
            time.local(link.live_code.hospital, now).hour,
            every=every,
            hour=hour,
        )
    ]


# ---- the quota -----------------------------------------------------------------------------


def find_quota(account: Account) -> LinkQuota | None:
    return LinkQuota.objects.filter(hospital_id=account.hospital_id, account=account).first()


def list_quotas_to_read(hospital_id: int, now: datetime) -> list[Account]:
    """Return the accounts whose quota is to be read: never read, asked for, or long ago."""
    old = now - facts.seconds("link_quota_seconds")
    due = Q(is_asked_for=True) | Q(read_at=None) | Q(read_at__lte=old)
    mine = {"hospital_id": hospital_id}
    ready = free_rows(LinkQuota, now).filter(due, **mine)
    resting = LinkQuota.objects.filter(**mine).exclude(pk__in=ready.values("pk"))
    rows = Account.objects.filter(kind=Account.Kind.WECOM, is_active=True, **mine)
    return list(rows.exclude(pk__in=resting.values("account_id")).order_by("id"))
