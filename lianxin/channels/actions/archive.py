"""The chat archive: switching it, noting who agreed, keeping what they and their members wrote."""

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
    Account,
    Archive,
    ArchiveConsent,
    ArchivedMessage,
    Relation,
)
from lianxin.channels.rules.archive import may_keep, pair_of
from lianxin.core import events
from lianxin.core.actor import Actor, SystemActor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.core.keys import Keyring

if TYPE_CHECKING:
    from lianxin.channels.actions.intake import Intake


@transaction.atomic
def switch_archive(account: Account, *, is_on: bool, by: Actor) -> None:
    """Switch the archive of a WeCom account on or off; off keeps what was read."""
    if not by.may("channel.manage"):
        raise ForbiddenError
    if account.kind != Account.Kind.WECOM:
        raise RefusedError("只有企业微信有会话内容存档。")
    Archive.objects.get_or_create(account=account, defaults={"hospital_id": account.hospital_id})
    changed = Archive.objects.filter(account=account, is_on=not is_on).update(is_on=is_on)
    if changed:
        events.record(
            "archive.switched",
            hospital_id=account.hospital_id,
            subject="account",
            subject_id=account.pk,
            by=by,
            data={"is_on": is_on},
        )


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
        mine.filter(message_id=line.recalls, recalled_at=None).update(recalled_at=line.sent_at)
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
