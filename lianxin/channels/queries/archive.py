"""Reads of the chat archive: who agreed, and what is kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.db.models import Count, F, Q, QuerySet

from lianxin.channels import sealing
from lianxin.channels.adapters.checking import Finding
from lianxin.channels.models import (
    Account,
    Archive,
    ArchiveConsent,
    ArchivedMessage,
    ArchiveKey,
    Relation,
)
from lianxin.channels.queries.groups import free_rows
from lianxin.core import keys, time
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


def list_archives_to_read(hospital_id: int, now: datetime) -> list[Archive]:
    rows = free_rows(Archive, now).filter(hospital_id=hospital_id, is_on=True)
    return list(rows.filter(account__is_active=True).select_related("account").order_by("pk"))


def list_archives_to_check(hospital_id: int) -> list[Archive]:
    rows = Archive.objects.filter(hospital_id=hospital_id, account__is_active=True)
    rows = rows.exclude(check_requested_at=None).select_related("account")
    return list(rows.order_by("check_requested_at"))


def open_archive_secret(archive: Archive) -> str:
    """Return the archive's own secret; empty when none was given."""
    if not archive.secret_sealed:
        return ""
    sealed = bytes(archive.secret_sealed)
    return keys.hospital_open(archive.hospital_id, sealed, field=sealing.ARCHIVE_SECRET_FIELD)


def list_archive_keys(account_id: int) -> list[ArchiveKey]:
    return list(ArchiveKey.objects.filter(account_id=account_id).order_by("-version"))


def open_archive_keys(account_id: int) -> dict[int, RSAPrivateKey]:
    """Return the private keys by their version."""
    opened: dict[int, RSAPrivateKey] = {}
    for row in list_archive_keys(account_id):
        text = keys.hospital_open(
            row.hospital_id, bytes(row.private_sealed), field=sealing.ARCHIVE_KEY_FIELD
        )
        key = load_pem_private_key(text.encode(), password=None)
        if isinstance(key, RSAPrivateKey):
            opened[row.version] = key
    return opened


def archive_findings(archive: Archive) -> list[Finding]:
    """Return what the last check found out."""
    return [
        Finding(str(row["code"]), str(row["state"]), str(row["reason"]), row["facts"])
        for row in archive.findings
    ]


def count_archived(account_id: int) -> int:
    return ArchivedMessage.objects.filter(account_id=account_id).count()


# ---- what was said ------------------------------------------------------------------------


@dataclass(frozen=True)
class Talk:
    """What one contact and one member said to each other, as far as it may be shown."""

    relation: Relation
    # agreed, refused, assumed; empty: not asked, as far as we know.
    state: str
    since: datetime | None
    count: int

    @property
    def is_agreed(self) -> bool:
        return self.state == ArchiveConsent.State.AGREED


@dataclass(frozen=True)
class TalkLine:
    """One message. One that was recalled has no text, and one of an erased address neither."""

    id: int
    is_from_staff: bool
    sent_at: datetime
    kind: str
    text: str
    is_recalled: bool


def past_term(archive: Archive, now: datetime) -> Q:
    return Q(sent_at__lt=now - timedelta(days=archive.keep_days))


def list_shown(archive: Archive) -> QuerySet[ArchivedMessage]:
    """Return what may be shown today: said after a yes that still stands, within its term."""
    rows = ArchivedMessage.objects.filter(account_id=archive.account_id)
    if archive.erase_requested_at is not None:
        return rows.none()
    consent = "relation__archive_consent"
    agreed = {f"{consent}__state": ArchiveConsent.State.AGREED}
    covered = rows.filter(**agreed, sent_at__gte=F(f"{consent}__changed_at"))
    return covered.exclude(past_term(archive, time.now()))


def list_talks(hospital_id: int, address_ids: Iterable[int]) -> list[Talk]:
    """Return the talks of these addresses where there is an archive; also where nothing is kept."""
    archives = {
        archive.account_id: archive for archive in Archive.objects.filter(hospital_id=hospital_id)
    }
    rows = Relation.objects.filter(
        hospital_id=hospital_id,
        address_id__in=list(address_ids),
        address__account_id__in=list(archives),
    ).exclude(staff_userid="")
    relations = list(rows.select_related("address__account", "staff").order_by("pk"))
    consents = {
        row.relation_id: row for row in ArchiveConsent.objects.filter(relation__in=relations)
    }
    counts: dict[int, int] = {}
    for archive in archives.values():
        shown = list_shown(archive).filter(relation__in=relations).order_by()
        counts |= dict(shown.values_list("relation").annotate(count=Count("pk")))
    return [
        Talk(
            relation,
            consents[relation.pk].state if relation.pk in consents else "",
            consents[relation.pk].changed_at if relation.pk in consents else None,
            counts.get(relation.pk, 0),
        )
        for relation in relations
    ]


def list_talk_lines(relation: Relation, *, before: int = 0, limit: int = 50) -> list[TalkLine]:
    """Return the newest lines of a talk, oldest first; `before`: what stands before that line."""
    archive = find_archive(relation.address.account_id)
    if archive is None:
        return []
    rows = list_shown(archive).filter(relation=relation).order_by("-sent_at", "-pk")
    first = rows.filter(pk=before).first() if before else None
    if first is not None:
        rows = rows.filter(Q(sent_at__lt=first.sent_at) | Q(sent_at=first.sent_at, pk__lt=before))
    return open_lines(relation, list(rows[:limit])[::-1])


def open_lines(relation: Relation, rows: Sequence[ArchivedMessage]) -> list[TalkLine]:
    ring = Keyring.load(relation.hospital_id, [(sealing.ADDRESS, relation.address_id)])
    lines: list[TalkLine] = []
    for row in rows:
        body = {}
        if row.recalled_at is None:
            sealed = bytes(row.body_sealed)
            body = sealing.open_payload(ring, row.hospital_id, relation.address_id, sealed)
        kind, text = str(body.get("kind", "")), str(body.get("text", ""))
        is_recalled = row.recalled_at is not None
        lines.append(TalkLine(row.pk, row.is_from_staff, row.sent_at, kind, text, is_recalled))
    return lines


def archived_texts(relation: Relation) -> list[str]:
    """Return what was said, oldest first, without what was recalled."""
    return [line.text for line in list_talk_lines(relation) if not line.is_recalled]
