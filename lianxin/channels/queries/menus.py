"""The menu of an Official Account, and what a press on it means."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, Q

from lianxin.channels.models import Account, OfficialMenu
from lianxin.channels.rules.menus import find_answer


def find_menu(account: Account) -> OfficialMenu | None:
    rows = OfficialMenu.objects.filter(hospital_id=account.hospital_id, account=account)
    return rows.select_related("changed_by").first()


def find_menu_answer(hospital_id: int, account_id: int, key: str) -> str:
    """Return what a pressed key answers, of the menu as it is or was; empty for others' keys."""
    row = OfficialMenu.objects.filter(hospital_id=hospital_id, account_id=account_id).first()
    if row is None:
        return ""
    return find_answer(row.buttons, key) or find_answer(row.confirmed, key)


def list_menus_to_publish(hospital_id: int, now: datetime) -> list[int]:
    due = Q(next_try_at=None) | Q(next_try_at__lte=now)
    rows = OfficialMenu.objects.filter(due, hospital_id=hospital_id, account__is_active=True)
    changed = rows.exclude(revision=F("published_revision"))
    return list(changed.order_by("pk").values_list("pk", flat=True))
