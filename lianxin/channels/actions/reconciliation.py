"""The second source of messages: the provider's own list, because callbacks get lost."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from lianxin.channels.actions.arrivals import take_in
from lianxin.channels.adapters.base import AccountFacts, Inbound
from lianxin.channels.models import Account
from lianxin.core import time


@transaction.atomic
def store_page(account: AccountFacts, inbounds: Iterable[Inbound], *, cursor: str) -> None:
    """Take in one page of messages and move the cursor, both or neither."""
    take_in(account, inbounds)
    Account.objects.filter(pk=account.id).update(sync_cursor=cursor, reconciled_at=time.now())
