"""Templates of subscribe notices, and a person's yes to them."""

from __future__ import annotations

from typing import Any

from lianxin.channels.actions import take_in
from lianxin.channels.adapters.base import Inbound
from lianxin.channels.models import Account, Address, SubscribeTemplate
from lianxin.channels.queries import facts_of
from lianxin.core import time
from lianxin.core.scope import scope
from lianxin.testing.core import number


def make_subscribe_template(account: Account, **values: Any) -> SubscribeTemplate:
    """Write a template as the platform lists it, used for medicines unless told otherwise."""
    given: dict[str, Any] = {
        "hospital_id": account.hospital_id,
        "account": account,
        "template_id": f"N{next(number)}",
        "title": "用药提醒",
        "kind": SubscribeTemplate.Kind.ONE_TIME,
        "keys": ["thing1", "time2", "thing3"],
        "uses": ["medication"],
        "read_at": time.now(),
    }
    with scope(account.hospital_id):
        return SubscribeTemplate.objects.create(**(given | values))


def answer_popup(
    address: Address,
    template_id: str,
    status: str = "accept",
    *,
    kind: str = "popup",
    key: str = "",
) -> None:
    """Let the person answer, as the platform tells it."""
    inbound = Inbound(
        event="subscription.answered",
        arrival_key=key or f"answer:{next(number)}",
        occurred_at=time.now(),
        kind=kind,
        external_id=address.external_id,
        template_id=template_id,
        status=status,
    )
    with scope(address.hospital_id):
        take_in(facts_of(address.account), [inbound])
