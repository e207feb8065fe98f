"""Turn what providers send us into arrivals and events."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import structlog
from django.db import DataError, IntegrityError, transaction

from lianxin.channels import actions, queries
from lianxin.channels.adapters import ADAPTERS
from lianxin.channels.adapters.base import AccountFacts, Inbound
from lianxin.channels.adapters.xml import XmlRefused
from lianxin.channels.jobs.customer_service import defer_sync
from lianxin.channels.jobs.service_accounts import defer_reading
from lianxin.channels.models import Callback
from lianxin.channels.sealing import CALLBACK_FIELD
from lianxin.core import keys, time
from lianxin.core.errors import RefusedError
from lianxin.core.jobs import job, periodic
from lianxin.core.scope import scope

log = structlog.get_logger(__name__)

# A callback this old has lost its job: the worker died again and again, or the queue was emptied.
LEFT_BEHIND = timedelta(minutes=2)
# What a callback that we cannot read may raise; anything else is our bug and fails the job.
UNREADABLE = (XmlRefused, ValueError, TypeError, KeyError, DataError, IntegrityError, RefusedError)


@job()
def translate(hospital_id: int, callback_ids: list[int]) -> None:
    """Turn stored callbacks into arrivals and events; what was translated before is left alone."""
    with scope(hospital_id):
        by_account: dict[int, list[Callback]] = {}
        for callback in queries.list_received(hospital_id, callback_ids):
            by_account.setdefault(callback.account_id, []).append(callback)
        for callbacks in by_account.values():
            translate_group(queries.facts_of(callbacks[0].account), callbacks)


def translate_group(account: AccountFacts, callbacks: list[Callback]) -> None:
    """Translate together; if one spoils it, each on its own, and that one is marked failed."""
    try:
        with transaction.atomic():
            take_callbacks(account, callbacks)
    except UNREADABLE as error:
        if len(callbacks) == 1:
            log.warning("callback.unreadable", id=callbacks[0].pk, error=type(error).__name__)
            actions.settle_callbacks([callbacks[0].pk], Callback.State.FAILED)
            return
        for callback in callbacks:
            translate_group(account, [callback])


def take_callbacks(account: AccountFacts, callbacks: list[Callback]) -> None:
    adapter = ADAPTERS[account.kind]
    known: list[int] = []
    unknown: list[int] = []
    inbounds: list[Inbound] = []
    for callback in callbacks:
        body = keys.hospital_open(
            account.hospital_id, bytes(callback.body_sealed), field=CALLBACK_FIELD
        )
        parsed = adapter.parse(account, body)
        inbounds += [replace(one, received_at=callback.received_at) for one in parsed]
        (known if parsed else unknown).append(callback.pk)
    actions.take_in(account, inbounds)
    actions.settle_callbacks(known, Callback.State.TRANSLATED)
    actions.settle_callbacks(unknown, Callback.State.UNKNOWN)
    actions.note_callback(account.id)
    for notice in inbounds:
        if notice.event == "sync.due":
            defer_sync(account.hospital_id, dict(notice.raw))
    if any(notice.event == "service_accounts.changed" for notice in inbounds):
        defer_reading(account.hospital_id, account.id)


@periodic(seconds=60)
def sweep_callbacks(hospital_id: int) -> None:
    """Find callbacks whose job was lost."""
    with scope(hospital_id):
        ids = queries.list_left_behind(hospital_id, time.now() - LEFT_BEHIND)
        if ids:
            translate.defer(hospital_id=hospital_id, callback_ids=ids)


@periodic(seconds=24 * 3600, queue="bulk")
def forget_raw_callbacks(hospital_id: int) -> None:
    with scope(hospital_id):
        actions.forget_raw(hospital_id)
