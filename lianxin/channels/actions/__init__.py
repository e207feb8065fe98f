"""Writes of the channels, by the noun they change."""

from __future__ import annotations

from lianxin.channels.actions.accounts import (
    change_account,
    claim_refresh,
    drop_token,
    open_account,
    request_check,
    settle_check,
    settle_token,
)
from lianxin.channels.actions.addresses import (
    count_sent,
    forget_addresses,
    note_session,
    open_webchat,
    receive_webchat_message,
    settle_identity,
)
from lianxin.channels.actions.arrivals import (
    forget_raw,
    note_callback,
    settle_callbacks,
    take_in,
)
from lianxin.channels.actions.contact_ways import (
    claim_code,
    claim_reading,
    settle_failed,
    settle_made,
    settle_reading,
    settle_updated,
    settle_withdrawn,
)
from lianxin.channels.actions.live_codes import (
    change_live_code,
    close_live_code,
    create_live_code,
    delete_live_code,
    reopen_live_code,
)
from lianxin.channels.actions.notices import claim_notice, notify_staff, settle_notice
from lianxin.channels.actions.reconciliation import store_page
from lianxin.channels.actions.syncs import (
    begin_sync,
    cancel_sync,
    claim_sync,
    end_unlisted,
    request_sync,
    restart_batch,
    settle_contact,
    settle_sync,
    settle_sync_failed,
    store_contacts,
)
from lianxin.channels.actions.tasks import note_task, settle_task
from lianxin.channels.actions.ticks import forget_ticks, return_tick, spend_ticks
from lianxin.channels.actions.welcomes import claim_welcome, miss_overdue, settle_welcome

__all__ = [
    "begin_sync",
    "cancel_sync",
    "change_account",
    "change_live_code",
    "claim_code",
    "claim_notice",
    "claim_reading",
    "claim_refresh",
    "claim_sync",
    "claim_welcome",
    "close_live_code",
    "count_sent",
    "create_live_code",
    "delete_live_code",
    "drop_token",
    "end_unlisted",
    "forget_addresses",
    "forget_raw",
    "forget_ticks",
    "miss_overdue",
    "note_callback",
    "note_session",
    "note_task",
    "notify_staff",
    "open_account",
    "open_webchat",
    "receive_webchat_message",
    "reopen_live_code",
    "request_check",
    "request_sync",
    "restart_batch",
    "return_tick",
    "settle_callbacks",
    "settle_check",
    "settle_contact",
    "settle_failed",
    "settle_identity",
    "settle_made",
    "settle_notice",
    "settle_reading",
    "settle_sync",
    "settle_sync_failed",
    "settle_task",
    "settle_token",
    "settle_updated",
    "settle_welcome",
    "settle_withdrawn",
    "spend_ticks",
    "store_contacts",
    "store_page",
    "take_in",
]
