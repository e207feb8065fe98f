"""What customer service tells beside messages: who receives, whom to ask about, what we may do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from lianxin.channels import facts
from lianxin.channels.adapters.base import AccountFacts, Inbound
from lianxin.channels.models import Account, Address, ServiceAccount, Servicer
from lianxin.channels.queries import service_accounts as service_queries
from lianxin.core import time


def note_servicer(account: AccountFacts, inbound: Inbound) -> None:
    """Remember who receives; the newest word counts."""
    Servicer.objects.filter(
        account_id=account.id,
        userid=inbound.staff_userid,
        changed_at__lte=inbound.occurred_at,
    ).update(is_paused=inbound.status == "paused", changed_at=inbound.occurred_at)


def ask_who(account: AccountFacts, address: Address, now: datetime) -> None:
    """Have somebody who comes to customer service named: their messages do not say who it is."""
    long_ago = now - facts.days("kf_name_days")
    is_known = address.union_asked_at is not None and address.union_asked_at > long_ago
    if account.kind == Account.Kind.WECOM_KF and not is_known:
        Address.objects.filter(pk=address.pk).update(read_due_at=now)


def note_rights(account: AccountFacts, inbound: Inbound) -> None:
    """Remember for which accounts we may answer; the list, read next, has the last word."""
    rows = ServiceAccount.objects.filter(hospital_id=account.hospital_id)
    ours = service_queries.list_connected(account.hospital_id)
    for name, is_managed in (("given", True), ("taken", False)):
        ids: Sequence[str] = inbound.raw.get(name) or []
        rows.filter(open_kfid__any_of=list(ids)).update(is_managed=is_managed)
        asked = [ours[one].pk for one in ids if one in ours]
        Account.objects.filter(pk__in=asked, is_active=True).update(check_requested_at=time.now())
