"""Keep acquisition links and the quota they are paid from."""

from __future__ import annotations

from lianxin.channels.jobs.keeping import keep_each
from lianxin.channels.queries import links as queries
from lianxin.channels.synchronising.links import keep_link, read_link, read_quota
from lianxin.core import time
from lianxin.core.jobs import periodic
from lianxin.core.scope import scope


@periodic(seconds=10)
def keep_links(hospital_id: int) -> None:
    """Make the links what they are to be: the people who answer now, or gone."""
    with scope(hospital_id):
        due = queries.list_links_to_keep(hospital_id, time.now())
    keep_each(due, keep_link, "acquisition_link")


@periodic(seconds=3600, queue="bulk")
def read_links(hospital_id: int) -> None:
    """Read at night what the provider really has behind each link, and what it counted."""
    with scope(hospital_id):
        due = queries.list_links_to_read(hospital_id, time.now())
    keep_each(due, read_link, "acquisition_link")


@periodic(seconds=60)
def read_link_quotas(hospital_id: int) -> None:
    """Read how much of the quota is left: now and then, and when an event speaks of it."""
    with scope(hospital_id):
        due = queries.list_quotas_to_read(hospital_id, time.now())
    keep_each(due, read_quota, "link_quota")
