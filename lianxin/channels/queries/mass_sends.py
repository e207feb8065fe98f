"""The last mass sends of an Official Account."""

from __future__ import annotations

from lianxin.channels.models import Account, MassSend

SHOWN = 5


def list_mass_sends(account: Account) -> list[MassSend]:
    rows = MassSend.objects.filter(hospital_id=account.hospital_id, account=account)
    return list(rows.order_by("-finished_at")[:SHOWN])
