"""Reads of the chat archive: who agreed, and what is kept."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from lianxin.channels import sealing
from lianxin.channels.models import (
    Account,
    Archive,
    ArchiveConsent,
    ArchivedMessage,
    Relation,
)
from lianxin.core.keys import Keyring


@dataclass(frozen=True)
class ArchiveStanding:
    """Whether the archive is on, and what the standing contacts of an account answered."""

    is_on: bool
    agreed: int
    refused: int
    unasked: int


def find_archive(account_id: int) -> Archive | None:
    return Archive.objects.filter(account_id=account_id).first()


def list_archived_accounts(hospital_id: int) -> list[Account]:
    """Return the active accounts whose archive is on."""
    on = Archive.objects.filter(hospital_id=hospital_id, is_on=True).values("account_id")
    return list(Account.objects.active().filter(hospital_id=hospital_id, pk__in=on))


def find_relation(account_id: int, staff_userid: str, external_id: str) -> Relation | None:
    """Return the standing relation of a member and a contact."""
    rows = Relation.objects.filter(
        address__account_id=account_id,
        address__external_id=external_id,
        staff_userid=staff_userid,
    )
    return rows.exclude(state=Relation.State.REMOVED).first()


def find_archive_consent(relation: Relation) -> ArchiveConsent | None:
    return ArchiveConsent.objects.filter(relation=relation).first()


def list_standing_relations(account_id: int) -> QuerySet[Relation]:
    rows = Relation.objects.filter(address__account_id=account_id).exclude(staff_userid="")
    return rows.exclude(state=Relation.State.REMOVED).select_related("address").order_by("pk")


def has_agreed(account_id: int) -> bool:
    agreed = ArchiveConsent.State.AGREED
    return list_standing_relations(account_id).filter(archive_consent__state=agreed).exists()


def archive_standing(account: Account) -> ArchiveStanding:
    """Count the answers. A yes that the provider only assumed counts as not asked."""
    archive = find_archive(account.pk)
    state = "archive_consent__state"
    counted = (
        list_standing_relations(account.pk)
        .order_by()
        .aggregate(
            agreed=Count("pk", filter=Q(**{state: ArchiveConsent.State.AGREED})),
            refused=Count("pk", filter=Q(**{state: ArchiveConsent.State.REFUSED})),
            everyone=Count("pk"),
        )
    )
    agreed, refused = counted["agreed"], counted["refused"]
    is_on = archive is not None and archive.is_on
    return ArchiveStanding(is_on, agreed, refused, counted["everyone"] - agreed - refused)


def archived_texts(relation: Relation) -> list[str]:
    """Return what was said, oldest first, without what was recalled."""
    rows = ArchivedMessage.objects.filter(relation=relation, recalled_at=None).order_by("sent_at")
    ring = Keyring.load(relation.hospital_id, [(sealing.ADDRESS, relation.address_id)])
    opened = [
        sealing.open_payload(
            ring, relation.hospital_id, relation.address_id, bytes(row.body_sealed)
        )
        for row in rows
    ]
    return [str(body.get("text", "")) for body in opened]
