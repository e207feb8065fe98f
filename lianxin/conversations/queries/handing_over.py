"""What of the talks is somebody's, to be handed over."""

from __future__ import annotations

from lianxin.conversations.models import Thread
from lianxin.staff.models import Staff


def count_threads_of(staff: Staff) -> int:
    """Count the talks that this person is responsible for."""
    return Thread.objects.of(staff.hospital_id).shown().filter(assignee=staff).count()
