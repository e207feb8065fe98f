"""Reading the chat archive: one worker at a time, and what became of each reading."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from lianxin.channels import facts, queries
from lianxin.channels.models import Archive, ArchiveConsent, ArchivedMessage
from lianxin.channels.queries import archive as archive_queries
from lianxin.core import events, time
from lianxin.core.actor import SystemActor

# So many rows are deleted in one transaction.
DELETED_AT_ONCE = 1000


def claim_archive(archive: Archive) -> datetime | None:
    """Take the lease to read; None when another worker has it, or it is not due.

    The next reading is set here, so that an event during this one can call it earlier.
    """
    now = time.now()
    lease = now + facts.seconds("archive_lease_seconds")
    rows = queries.free_rows(Archive, now).filter(pk=archive.pk, is_on=True)
    due = now + facts.seconds("archive_read_seconds")
    return lease if rows.update(leased_until=lease, next_try_at=due) else None


def extend_archive(archive: Archive, lease: datetime) -> datetime | None:
    """Take the lease anew between two batches; None when it was lost meanwhile."""
    longer = time.now() + facts.seconds("archive_lease_seconds")
    held = Archive.objects.filter(pk=archive.pk, leased_until=lease, is_on=True)
    return longer if held.update(leased_until=longer) else None


def settle_archive(archive: Archive, lease: datetime, *, read_until: datetime | None) -> bool:
    """Give the lease back. Without `read_until` there was more than one run may read."""
    changes: dict[str, Any] = {"leased_until": None, "failure_code": "", "missing_version": None}
    changes |= {"next_try_at": None} if read_until is None else {"read_until": read_until}
    return bool(Archive.objects.filter(pk=archive.pk, leased_until=lease).update(**changes))


def settle_archive_failed(
    archive: Archive, lease: datetime, reason: str, *, missing_version: int | None = None
) -> bool:
    """Note why the reading stopped, and when it is tried again."""
    return bool(
        Archive.objects.filter(pk=archive.pk, leased_until=lease).update(
            leased_until=None,
            failure_code=reason,
            missing_version=missing_version,
            next_try_at=time.now() + facts.seconds("archive_retry_seconds"),
        )
    )


@transaction.atomic
def note_archive_loss(archive: Archive, loss: tuple[datetime, datetime]) -> bool:
    """Say once that the provider deleted what nobody had read in time."""
    since, until = loss
    rows = Archive.objects.filter(pk=archive.pk, read_until=archive.read_until)
    if not rows.update(read_until=until, lost_from=since, lost_until=until):
        return False
    events.record(
        "archive.lost",
        hospital_id=archive.hospital_id,
        subject="account",
        subject_id=archive.account_id,
        by=SystemActor(archive.hospital_id),
        data={"since": since.isoformat(), "until": until.isoformat()},
    )
    return True


def forget_archived(hospital_id: int) -> int:
    """Delete what is kept too long, what a yes no longer covers, and what was chosen to go."""
    archives = Archive.objects.filter(hospital_id=hospital_id)
    return sum(forget_of_archive(archive) for archive in archives)


def forget_of_archive(archive: Archive) -> int:
    now = time.now()
    rows = ArchivedMessage.objects.filter(account_id=archive.account_id)
    if archive.erase_requested_at is None:
        withdrawn = now - facts.days("archive_withdrawn_days")
        consent = "relation__archive_consent"
        uncovered = ~Q(**{f"{consent}__state": ArchiveConsent.State.AGREED}) | Q(
            sent_at__lt=F(f"{consent}__changed_at")
        )
        rows = rows.filter(
            archive_queries.past_term(archive, now)
            | (uncovered & Q(**{f"{consent}__changed_at__lt": withdrawn}))
        )
    count = 0
    while gone := delete_some(archive, list(rows.values_list("pk", flat=True)[:DELETED_AT_ONCE])):
        count += gone
    if archive.erase_requested_at is not None:
        done = Archive.objects.filter(pk=archive.pk, erase_requested_at=archive.erase_requested_at)
        done.update(erase_requested_at=None)
    return count


@transaction.atomic
def delete_some(archive: Archive, ids: list[int]) -> int:
    if not ids:
        return 0
    count, _models = ArchivedMessage.objects.filter(pk__in=ids).delete()
    events.record(
        "archive.forgotten",
        hospital_id=archive.hospital_id,
        subject="account",
        subject_id=archive.account_id,
        by=SystemActor(archive.hospital_id),
        data={"count": count},
    )
    return count
