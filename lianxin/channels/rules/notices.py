"""When staff are told: not all at once, and not more than the platform lets through."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from lianxin.channels.adapters.reactions import NoticeSpan

# The platform asks to leave these minutes alone: every app sends then.
RUSH_MINUTES = (0, 30)


def calm_moment(now: datetime) -> datetime:
    """Return when something that can wait is to be sent: a minute later where everybody sends."""
    if now.minute not in RUSH_MINUTES:
        return now
    return now.replace(second=0, microsecond=0) + timedelta(minutes=1)


def room_in(span: NoticeSpan, *, is_first: bool) -> int:
    """Return how many messages of a span this one may find before it and still go."""
    return span.most if is_first else span.most - span.kept


def opens_at(
    newest: Sequence[tuple[NoticeSpan, datetime | None]], now: datetime
) -> datetime | None:
    """Return when a message that finds its spans full has room in all of them; None: it has now.

    `newest`: each span with the message that fills it, the one as far back as the span has room.
    """
    ends = [at + timedelta(seconds=span.seconds) for span, at in newest if at is not None]
    return max((end for end in ends if end > now), default=None)
