"""Writes of the channels, by the noun they change."""

from __future__ import annotations

from lianxin.channels.actions.accounts import (
    change_account,
    claim_refresh,
    delete_account,
    drop_token,
    open_account,
    pause_account,
    request_check,
    resume_account,
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
from lianxin.channels.actions.reconciliation import store_page, take_in_listed
from lianxin.channels.actions.tasks import note_task, settle_task
from lianxin.channels.actions.ticks import forget_ticks, return_tick, spend_ticks
from lianxin.channels.actions.welcomes import claim_welcome, miss_overdue, settle_welcome

__all__ = [
    "change_account",
    "change_live_code",
    "claim_code",
    "claim_notice",
    "claim_reading",
    "claim_refresh",
    "claim_welcome",
    "close_live_code",
    "count_sent",
    "create_live_code",
    "delete_account",
    "delete_live_code",
    "drop_token",
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
    "pause_account",
    "receive_webchat_message",
    "reopen_live_code",
    "request_check",
    "resume_account",
    "return_tick",
    "settle_callbacks",
    "settle_check",
    "settle_failed",
    "settle_identity",
    "settle_made",
    "settle_notice",
    "settle_reading",
    "settle_task",
    "settle_token",
    "settle_updated",
    "settle_welcome",
    "settle_withdrawn",
    "spend_ticks",
    "store_page",
    "take_in",
    "take_in_listed",
]
