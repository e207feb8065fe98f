"""Background work: deleting what a platform's rules want deleted."""

from __future__ import annotations

from lianxin.compliance import actions, queries
from lianxin.core.actor import SystemActor
from lianxin.core.jobs import periodic
from lianxin.core.scope import scope


@periodic(seconds=600, queue="bulk")
def forget_unfollowed(hospital_id: int) -> None:
    """Delete the data of those who unfollowed an Official Account, each in its transaction."""
    with scope(hospital_id):
        due = queries.list_unfollowed(hospital_id)
    for address_id in due:
        with scope(hospital_id):
            actions.forget_follower(hospital_id, address_id, by=SystemActor(hospital_id))
