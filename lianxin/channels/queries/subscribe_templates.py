"""Templates of subscribe notices, and who said yes to which how often."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lianxin.channels.adapters.fitting import bind_keys
from lianxin.channels.models import Account, SubscribeTemplate, TickCount
from lianxin.channels.queries.accounts import access_account
from lianxin.channels.rules.subscribe_templates import is_fillable
from lianxin.core.errors import NotFoundError
from lianxin.staff.models import Staff

Place = tuple[int, str]
# Why nothing is left of a yes.
NONE, OFF, DENIED, USED = "none", "off", "denied", "used"


@dataclass(frozen=True, slots=True)
class UsedTemplate:
    """A template that is in use: what for, and which of our words its keys carry."""

    account_id: int
    template_id: str
    title: str
    is_long_term: bool
    uses: frozenset[str]
    words: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """What is left of a person's yeses to one template; `why` there is nothing, if so."""

    left: int
    why: str = ""


NEVER = Standing(0, NONE)


def list_subscribe_templates(account: Account) -> list[SubscribeTemplate]:
    rows = SubscribeTemplate.objects.filter(hospital_id=account.hospital_id, account=account)
    return list(rows.order_by("-is_listed", "title", "pk"))


def access_subscribe_template(staff: Staff, key: str, template_key: str) -> SubscribeTemplate:
    account = access_account(staff, key)
    rows = SubscribeTemplate.objects.filter(hospital_id=account.hospital_id, account=account)
    found = rows.filter(key=template_key).first()
    if found is None:
        raise NotFoundError
    return found


def list_used_templates(hospital_id: int, account_ids: Iterable[int]) -> list[UsedTemplate]:
    """Return what notices may go out by at these accounts."""
    rows = SubscribeTemplate.objects.filter(
        hospital_id=hospital_id, account_id__in=list(account_ids), is_listed=True
    )
    return [
        UsedTemplate(
            row.account_id,
            row.template_id,
            row.title,
            row.kind == SubscribeTemplate.Kind.LONG_TERM,
            frozenset(row.uses),
            tuple(bind_keys(row.keys).items()),
        )
        for row in rows.exclude(uses=[]).order_by("pk")
        if is_fillable(row.keys)
    ]


def find_lasting(hospital_id: int, template_ids: Iterable[str]) -> set[str]:
    """Return which of these templates a yes is not used up by."""
    rows = SubscribeTemplate.objects.filter(
        hospital_id=hospital_id,
        template_id__in=set(template_ids),
        kind=SubscribeTemplate.Kind.LONG_TERM,
    )
    return set(rows.values_list("template_id", flat=True))


def standing_of_ticks(hospital_id: int, address_ids: Iterable[int]) -> dict[Place, Standing]:
    """Return what is left at each address of each template; what is not there was never ticked."""
    rows = TickCount.objects.filter(hospital_id=hospital_id, address_id__in=list(address_ids))
    return {(row.address_id, row.template_id): make_standing(row) for row in rows}


def make_standing(row: TickCount) -> Standing:
    if row.left_count and not row.is_switched_off:
        return Standing(row.left_count)
    if row.is_switched_off:
        return Standing(0, OFF)
    return Standing(0, DENIED if row.is_denied else USED)
