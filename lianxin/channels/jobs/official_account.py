"""Keep an Official Account: its menu and its articles."""

from __future__ import annotations

from functools import partial

from lianxin.channels import queries, synchronising
from lianxin.channels.jobs.keeping import keep_each
from lianxin.core import time
from lianxin.core.jobs import periodic
from lianxin.core.scope import scope


@periodic(seconds=5)
def keep_menus(hospital_id: int) -> None:
    """Publish the menus that were changed."""
    with scope(hospital_id):
        due = queries.list_menus_to_publish(hospital_id, time.now())
    keep_each(due, partial(synchronising.keep_menu, hospital_id), "menu")


@periodic(seconds=5)
def keep_publications(hospital_id: int) -> None:
    """Take the next step of each article on its way."""
    synchronising.keep_publications(hospital_id)
