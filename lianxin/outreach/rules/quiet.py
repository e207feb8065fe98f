"""Quiet hours: nobody's phone rings at night for something that can wait."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from hashlib import blake2b

from lianxin.outreach.rules.facts import Moment, Span
from lianxin.outreach.rules.settings import GateSettings


def is_inside(clock: time, span: Span) -> bool:
    if span.starts <= span.ends:
        return span.starts <= clock < span.ends
    return clock >= span.starts or clock < span.ends


def is_quiet(moment: Moment, spans: tuple[Span, ...]) -> bool:
    clock = moment.local.time()
    return any(is_inside(clock, span) for span in spans)


def jitter_for(key: str, minutes: int) -> timedelta:
    """Return the same share of the jitter for the same key, so a repeat changes nothing."""
    if minutes <= 0:
        return timedelta()
    digest = blake2b(key.encode(), digest_size=8).digest()
    return timedelta(seconds=int.from_bytes(digest) % (minutes * 60))


def resume_after(moment: Moment, settings: GateSettings, key: str) -> datetime | None:
    """Return when a quiet-hours message may go, or None when it may go now."""
    if not is_quiet(moment, settings.quiet):
        return None
    local = moment.local
    clock = local.time()
    span = next(span for span in settings.quiet if is_inside(clock, span))
    is_night = span.starts > span.ends
    ends = max(span.ends, settings.resume_at) if is_night else span.ends
    day = local.date() + timedelta(days=1 if is_night and clock >= span.starts else 0)
    resumed = datetime.combine(day, ends, tzinfo=moment.zone)
    return (resumed + jitter_for(key, settings.jitter_minutes)).astimezone(moment.at.tzinfo)
