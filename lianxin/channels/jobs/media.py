"""Keep the files of welcomes ready at the provider."""

from __future__ import annotations

from itertools import groupby

import structlog

from lianxin.channels import synchronising
from lianxin.channels.adapters.base import SendFailed
from lianxin.channels.queries.media import list_due_files
from lianxin.core import time
from lianxin.core.jobs import periodic
from lianxin.core.scope import scope

log = structlog.get_logger(__name__)


@periodic(seconds=15, queue="bulk")
def keep_media(hospital_id: int) -> None:
    """Upload what welcomes carry before anybody scans, and again before the ids run out."""
    with scope(hospital_id):
        due = list_due_files(hospital_id, time.now())
    for account_id, needed in groupby(due, key=lambda one: one.account_id):
        try:
            synchronising.keep_media(hospital_id, account_id, list(needed))
        except SendFailed as error:
            log.warning("media.not_kept", account_id=account_id, reason=str(error))
