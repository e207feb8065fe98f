"""Decisions about accounts: tokens, callbacks, and the address that phones open."""

from __future__ import annotations

from datetime import datetime, timedelta


def is_token_fresh(expires_at: datetime | None, now: datetime, spare: timedelta) -> bool:
    return expires_at is not None and now + spare < expires_at


LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def is_callback_seen(set_at: datetime | None, *seen_at: datetime | None) -> bool:
    """Tell whether the provider has come with the token and key that are set now."""
    return any(at is not None and (set_at is None or at >= set_at) for at in seen_at)


def find_origin_fault(scheme: str, host: str) -> str:
    """Return why the pages at this address would not open on a phone, empty when they would."""
    if host in LOOPBACK:
        return "origin_local"
    if scheme != "https":
        return "origin_plain"
    is_number = host.replace(".", "").isdigit() or ":" in host
    return "origin_number" if is_number else ""
