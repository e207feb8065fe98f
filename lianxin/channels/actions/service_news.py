"""What customer service tells beside messages: who receives, and whose name is to be asked for."""

from __future__ import annotations

from datetime import datetime

from lianxin.channels import facts
from lianxin.channels.adapters.base import AccountFacts, Inbound
from lianxin.channels.models import Account, Address, Servicer


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
