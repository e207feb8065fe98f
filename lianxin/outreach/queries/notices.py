"""What the person on the phone may subscribe to, and what is left of it."""

from __future__ import annotations

from dataclasses import dataclass

from lianxin.channels.models import Account
from lianxin.channels.queries.subscribe_templates import (
    NEVER,
    Standing,
    UsedTemplate,
    list_used_templates,
    standing_of_ticks,
)
from lianxin.patients.models import Holder
from lianxin.patients.queries import addresses_of_holder


@dataclass(frozen=True)
class NoticeLine:
    template: UsedTemplate
    standing: Standing


@dataclass(frozen=True)
class NoticeOffer:
    """One Official Account that the phone is known to, with its templates in use."""

    account: Account
    lines: list[NoticeLine]

    @property
    def template_ids(self) -> list[str]:
        return [line.template.template_id for line in self.lines]


def find_offer(holder: Holder) -> NoticeOffer | None:
    """Return the newest Official Account of this phone that has notices; None without one."""
    addresses = [
        one
        for one in reversed(addresses_of_holder(holder.hospital_id, holder.pk))
        if one.account.kind == Account.Kind.OFFICIAL_ACCOUNT and one.account.is_active
    ]
    used = list_used_templates(holder.hospital_id, {one.account_id for one in addresses})
    known = {one.account_id for one in used}
    found = next((one for one in addresses if one.account_id in known), None)
    if found is None:
        return None
    standings = standing_of_ticks(holder.hospital_id, [found.pk])
    lines = [
        NoticeLine(one, standings.get((found.pk, one.template_id), NEVER))
        for one in used
        if one.account_id == found.account_id
    ]
    return NoticeOffer(found.account, lines)
