"""Keep an Official Account: its menu, its articles, and what the platform counts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import structlog

from lianxin.channels import queries, synchronising
from lianxin.channels.adapters.base import SendFailed
from lianxin.channels.adapters.provider_http import ProviderError
from lianxin.channels.jobs.keeping import keep_each
from lianxin.channels.queries import follower_days
from lianxin.core import time
from lianxin.core.jobs import periodic
from lianxin.core.scope import scope

log = structlog.get_logger(__name__)


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


@periodic(seconds=3600, queue="bulk")
def read_follower_days(hospital_id: int) -> None:
    """Ask who came and who went, once the provider has counted it."""
    if follower_days.is_follower_day_told(time.now()):
        ask_each(hospital_id, synchronising.read_follower_days, "follower_days.not_read")


@periodic(seconds=3600, queue="bulk")
def read_article_counts(hospital_id: int) -> None:
    """Ask how many read the articles of the last weeks, once the provider has counted it."""
    ask_each(hospital_id, synchronising.read_article_counts, "article_counts.not_read")


def ask_each(hospital_id: int, ask: Callable[[int, int], int], failure: str) -> None:
    """Ask for each Official Account in turn; one that fails holds up no other."""
    with scope(hospital_id):
        accounts = queries.list_official_accounts(hospital_id)
    for account in accounts:
        try:
            ask(hospital_id, account.pk)
        except (ProviderError, SendFailed) as error:
            log.warning(failure, account=account.key, reason=str(error))
