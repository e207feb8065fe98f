"""Changing the menu of an Official Account, and telling the provider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from lianxin.channels import facts
from lianxin.channels.adapters.reactions import read_limits
from lianxin.channels.models import Account, OfficialMenu
from lianxin.channels.rules import menus as rules
from lianxin.channels.wording import refused_words
from lianxin.core import events, time
from lianxin.core.actor import Actor, SystemActor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.staff.models import Staff


@dataclass(frozen=True)
class MenuClaim:
    """The right to publish one menu as it is now, until the lease ends."""

    menu: OfficialMenu
    lease: datetime


@transaction.atomic
def change_menu(
    account: Account, buttons: Sequence[dict[str, Any]], *, revision: int, by: Staff
) -> OfficialMenu:
    """Store the whole menu; a job publishes it. `revision` is what the page showed, 0 for none."""
    if not by.may("channel.manage"):
        raise ForbiddenError
    check_buttons(account, buttons)
    changed = {"buttons": list(buttons), "changed_by": by, "changed_at": time.now()}
    row, is_new = OfficialMenu.objects.get_or_create(
        account=account, defaults={"hospital_id": account.hospital_id, **changed}
    )
    if not is_new:
        rows = OfficialMenu.objects.filter(pk=row.pk, revision=revision)
        told = {"failure_code": "", "next_try_at": None, "leased_until": None}
        if not rows.update(revision=F("revision") + 1, **changed, **told):
            raise RefusedError(_("别人刚刚改过这个菜单，请先看最新的再改。"))
        row.refresh_from_db()
    record(row, "menu.changed", by)
    return row


def check_buttons(account: Account, buttons: Sequence[dict[str, Any]]) -> None:
    """Refuse what the provider would not take, and words that may not be said."""
    limits = read_limits()["menu"]
    if len(buttons) > limits["buttons"]:
        raise RefusedError(_("菜单最多三个按钮。"))
    faults = [rules.find_fault(one, limits, is_sub=False) for one in buttons]
    for group in (one for one in buttons if one["kind"] == rules.GROUP):
        faults += [rules.find_fault(one, limits, is_sub=True) for one in group["sub"]]
    if any(faults):
        raise RefusedError(_("菜单里有平台不接受的按钮，请先改好。"))
    answers = [one["value"] for one in rules.walk(buttons) if one["kind"] == rules.ANSWER]
    if any(refused_words(account.hospital_id, text) for text in answers):
        raise RefusedError(_("自动回答里有不能发给患者的话，请先改好。"))


@transaction.atomic
def claim_menu(hospital_id: int, menu_id: int) -> MenuClaim | None:
    """Take the menu for this worker; None when it is told, taken, or not due."""
    now = time.now()
    lease = now + facts.seconds("menu_lease_seconds")
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    rows = OfficialMenu.objects.filter(free, hospital_id=hospital_id, pk=menu_id)
    if not rows.exclude(revision=F("published_revision")).update(leased_until=lease):
        return None
    menu = OfficialMenu.objects.select_related("account").get(pk=menu_id)
    return MenuClaim(menu, lease)


@transaction.atomic
def settle_menu(claim: MenuClaim, reason: str = "", retry_at: datetime | None = None) -> None:
    """Store that the provider took this revision, or why not. A change meanwhile stays due."""
    menu, now = claim.menu, time.now()
    rows = OfficialMenu.objects.filter(pk=menu.pk, leased_until=claim.lease)
    if reason:
        later = retry_at or now + timedelta(seconds=facts.count("menu_retry_seconds"))
        rows.update(failure_code=reason[:40], next_try_at=later, leased_until=None)
        return
    if rows.update(
        published_revision=menu.revision,
        confirmed=menu.buttons,
        published_at=now,
        failure_code="",
        next_try_at=None,
        leased_until=None,
    ):
        record(menu, "menu.published", SystemActor(menu.hospital_id))


def record(menu: OfficialMenu, name: str, by: Actor) -> None:
    events.record(
        name,
        hospital_id=menu.hospital_id,
        subject="account",
        subject_id=menu.account_id,
        by=by,
        data={"revision": menu.revision, "buttons": len(menu.buttons)},
    )
