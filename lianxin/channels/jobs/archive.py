"""Keep the archive of conversations."""

from __future__ import annotations

from functools import partial

from lianxin.channels import actions, synchronising
from lianxin.channels.jobs.keeping import keep_each
from lianxin.channels.models import Archive
from lianxin.channels.queries import archive as archive_queries
from lianxin.core import time
from lianxin.core.jobs import periodic
from lianxin.core.scope import scope


@periodic(seconds=15, queue="bulk")
def read_archives(hospital_id: int) -> None:
    """Read what is new, where the archive is on: after an event, and every few minutes."""
    with scope(hospital_id):
        due = archive_queries.list_archives_to_read(hospital_id, time.now())
    keep_each(due, partial(read_one, hospital_id), "archive")


def read_one(hospital_id: int, archive: Archive) -> None:
    synchronising.keep_archive(hospital_id, archive)


@periodic(seconds=5)
def check_archives(hospital_id: int) -> None:
    with scope(hospital_id):
        due = archive_queries.list_archives_to_check(hospital_id)
    keep_each(due, partial(check_one, hospital_id), "archive_check")


def check_one(hospital_id: int, archive: Archive) -> None:
    synchronising.check_archive(hospital_id, archive)


@periodic(seconds=3600, queue="bulk")
def read_archive_consents(hospital_id: int) -> None:
    """Ask who agreed to the archive, where it is on: a callback may be lost."""
    synchronising.read_archive_consents(hospital_id)


@periodic(seconds=600, queue="bulk")
def forget_archived(hospital_id: int) -> None:
    """Delete what is kept too long, what a yes no longer covers, and what was chosen to go."""
    with scope(hospital_id):
        actions.forget_archived(hospital_id)
