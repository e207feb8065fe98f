"""Keep the archive of conversations."""

from __future__ import annotations

from lianxin.channels import synchronising
from lianxin.core.jobs import periodic


@periodic(seconds=3600, queue="bulk")
def read_archive_consents(hospital_id: int) -> None:
    """Ask who agreed to the archive, where it is on: a callback may be lost."""
    synchronising.read_archive_consents(hospital_id)
