"""Counting calls over all processes. Nothing here is anybody's: counts and paths only."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection, transaction

from lianxin.channels.adapters.windows import Use
from lianxin.channels.queries.api_uses import list_uses
from lianxin.core import events, time
from lianxin.core.actor import SystemActor

# A later window begins anew; what comes late of an earlier one is over.
COUNT = """
insert into channels_apiuse as old
    (hospital_id, account_id, path, "window", ends_at, used_count, blocked_until)
select %s, %s, told.*
from unnest(%s::text[], %s::text[], %s::timestamptz[], %s::int[], %s::timestamptz[]) as told
on conflict (account_id, path, "window") do update set
    used_count = case
        when excluded.ends_at > old.ends_at then excluded.used_count
        when excluded.ends_at = old.ends_at then old.used_count + excluded.used_count
        else old.used_count end,
    ends_at = greatest(old.ends_at, excluded.ends_at),
    blocked_until = greatest(old.blocked_until, excluded.blocked_until)
"""


@transaction.atomic
def count_calls(hospital_id: int, account_id: int, uses: Sequence[Use]) -> list[Use]:
    """Add what one process has called; returns what all have. Told twice, it counts twice."""
    columns = [[use.path for use in uses], [use.window for use in uses]]
    with connection.cursor() as cursor:
        cursor.execute(
            COUNT,
            [
                hospital_id,
                account_id,
                *columns,
                [use.ends_at for use in uses],
                [use.used for use in uses],
                [use.blocked_until for use in uses],
            ],
        )
    now = time.now()
    for use in uses:
        if use.blocked_until is not None and use.blocked_until > now:
            events.record(
                "account.path_blocked",
                hospital_id=hospital_id,
                subject="account",
                subject_id=account_id,
                by=SystemActor(hospital_id),
                data={"path": use.path, "window": use.window},
            )
    return list_uses(hospital_id, account_id)
