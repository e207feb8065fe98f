"""The chat archive: noting who agreed, keeping what they and their members wrote."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q

from lianxin.channels import queries, sealing
from lianxin.channels.adapters.base import Inbound
from lianxin.channels.adapters.wecom.archive import RECALL, ArchivedLine
from lianxin.channels.models import (
    Archive,
    ArchiveConsent,
    ArchivedMessage,
    Relation,
)
from lianxin.channels.rules.archive import may_keep, pair_of
from lianxin.core import events
from lianxin.core.actor import SystemActor
from lianxin.core.keys import Keyring

if TYPE_CHECKING:
    from lianxin.channels.actions.intake import Intake


@transaction.atomic
def note_consent(relation: Relation, state: str, at: datetime) -> bool:
    """Remember what a contact answered for one member; the newest word counts."""
    consent, is_new = ArchiveConsent.objects.get_or_create(
        relation=relation,
        defaults={"hospital_id": relation.hospital_id, "state": state, "changed_at": at},
    )
    older = Q(changed_at__lt=at)
    if state != ArchiveConsent.State.AGREED:
        older |= Q(changed_at=at)  # of one second, the no counts
    rows = ArchiveConsent.objects.filter(older, pk=consent.pk)
    if not is_new and not rows.exclude(state=state).update(state=state, changed_at=at):
        return False
    events.record(
        "archive_consent.changed",
        hospital_id=relation.hospital_id,
        subject="address",
        subject_id=relation.address_id,
        by=SystemActor(relation.hospital_id),
        data={"state": state},
    )
    return True


def take_agreed(intake: Intake, inbound: Inbound) -> None:
    """Take in a yes. Of a relation that is not here yet, the next look at the answers tells."""
    relation = queries.find_relation(intake.account.id, inbound.staff_userid, inbound.external_id)
    if relation is not None:
        note_consent(relation, ArchiveConsent.State.AGREED, inbound.occurred_at)


def take_due(intake: Intake, inbound: Inbound) -> None:
    """Take in 'there is something new': it is read with the next look of the job."""
    del inbound
    Archive.objects.filter(account_id=intake.account.id, is_on=True).update(next_try_at=None)


@transaction.atomic
def keep_lines(archive: Archive, lines: Sequence[ArchivedLine], *, up_to: int) -> int:
    """Keep what may be kept and move on to `up_to`; 0 when another worker was faster."""
    claimed = Archive.objects.filter(pk=archive.pk, is_on=True, seq=archive.seq)
    if not claimed.update(seq=up_to):
        return 0
    return sum(keep_line(archive, line) for line in lines)


def keep_line(archive: Archive, line: ArchivedLine) -> bool:
    if line.action == RECALL:
        mine = ArchivedMessage.objects.filter(account_id=archive.account_id)
        mine.filter(message_id=line.recalls, recalled_at=None).update(
            recalled_at=line.sent_at, body_sealed=b""
        )
        return False
    pair = pair_of(line.sender, line.receivers, line.group_id)
    if pair is None or not line.message_id:
        return False
    relation = queries.find_relation(archive.account_id, pair.staff_userid, pair.external_id)
    consent = queries.find_archive_consent(relation) if relation else None
    if relation is None or consent is None:
        return False
    if not may_keep(consent.state, consent.changed_at, line.sent_at):
        return False
    subject = (sealing.ADDRESS, relation.address_id)
    ring = Keyring.load(archive.hospital_id, [subject], create=True)
    body = {"kind": line.kind, "text": line.text}
    _row, is_new = ArchivedMessage.objects.get_or_create(
        account_id=archive.account_id,
        message_id=line.message_id[:128],
        defaults={
            "hospital_id": archive.hospital_id,
            "relation": relation,
            "body_sealed": sealing.seal_payload(
                ring, archive.hospital_id, relation.address_id, body
            ),
            "is_from_staff": pair.is_from_staff,
            "sent_at": line.sent_at,
        },
    )
    return is_new
