"""The network half of the chat archive: ask who agreed, and fetch what they and members wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

import structlog
from asgiref.sync import sync_to_async
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from django.conf import settings
from django.utils.module_loading import import_string

from lianxin.channels import actions, facts, queries
from lianxin.channels.adapters.base import AccountFacts, SendFailed
from lianxin.channels.adapters.checking import (
    FAILING,
    OK,
    TOKEN,
    Check,
    CheckFailed,
    Finding,
    run_checks,
)
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.adapters.reactions import load_facts as load_limits
from lianxin.channels.adapters.wecom import archive as port
from lianxin.channels.adapters.wecom.archive import (
    ArchivedLine,
    ArchiveRefused,
    ArchiveSource,
    EncryptedRecord,
    FinanceSdk,
    SdkSource,
)
from lianxin.channels.adapters.wecom.archive_consents import Answer, list_answers, list_permitted
from lianxin.channels.adapters.wecom.checks import check_token
from lianxin.channels.models import AccessToken, Archive
from lianxin.channels.providers import load_facts, run_with
from lianxin.channels.queries import archive as archive_queries
from lianxin.channels.rules.archive import find_loss
from lianxin.core import time
from lianxin.core.scope import scope

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Batch:
    """What one fetch came to. `missing_version`: the key that the next record needs."""

    kept: int = 0
    is_last: bool = True
    missing_version: int | None = None


@dataclass
class Reading:
    """One run over an archive: its lease, taken anew for each batch, and what came of it."""

    archive: Archive
    lease: datetime
    started: datetime
    kept: int = 0
    is_done: bool = False
    missing_version: int | None = None


def keep_archive(hospital_id: int, archive: Archive) -> int:
    """Read what is new, batch by batch, and note how it went; returns how many were kept.

    May run twice and die anywhere: the place in the row moves with what was kept.
    """
    with scope(hospital_id):
        lease = actions.claim_archive(archive)
    if lease is None:
        return 0
    reading = Reading(archive, lease, time.now())
    try:
        read_batches(hospital_id, reading)
    except ArchiveRefused as error:
        log.warning("archive.not_read", account=archive.account.key, reason=error.code)
        with scope(hospital_id):
            actions.settle_archive_failed(archive, reading.lease, error.code)
        return reading.kept
    with scope(hospital_id):
        settle(reading)
    return reading.kept


def settle(reading: Reading) -> None:
    if reading.missing_version is not None:
        actions.settle_archive_failed(
            reading.archive,
            reading.lease,
            port.KEY_UNKNOWN,
            missing_version=reading.missing_version,
        )
    else:
        until = reading.started if reading.is_done else None
        actions.settle_archive(reading.archive, reading.lease, read_until=until)


def read_batches(hospital_id: int, reading: Reading) -> None:
    """Read until there is nothing new, a key is missing, or one run has read enough."""
    archive = reading.archive
    with scope(hospital_id):
        if not queries.has_agreed(archive.account_id):
            reading.is_done = True
            return
        keys = archive_queries.open_archive_keys(archive.account_id)
    account = archive_facts(hospital_id, archive.account_id)
    with open_source(account) as source:
        for _number in range(load_limits()["archive_batches"]):
            batch = read_batch(hospital_id, archive.account_id, source, keys)
            reading.kept += batch.kept
            if batch.is_last:
                reading.is_done, reading.missing_version = True, batch.missing_version
                return
            with scope(hospital_id):
                longer = actions.extend_archive(archive, reading.lease)
            if longer is None:
                return
            reading.lease = longer


@contextmanager
def open_source(account: AccountFacts) -> Iterator[ArchiveSource]:
    """Load the vendor's library, or refuse with the reason."""
    if not settings.ARCHIVE_LIBRARY:
        raise ArchiveRefused(port.LIBRARY_MISSING)
    try:
        sdk: FinanceSdk = import_string(settings.ARCHIVE_SDK)(
            settings.ARCHIVE_LIBRARY, account.setting("corp_id"), account.secret("secret")
        )
    except (OSError, ImportError):
        raise ArchiveRefused(port.LIBRARY_MISSING) from None
    try:
        yield SdkSource(sdk)
    finally:
        sdk.close()


def read_batch(
    hospital_id: int, account_id: int, source: ArchiveSource, keys: Mapping[int, RSAPrivateKey]
) -> Batch:
    """Fetch once and keep what may be kept. Without a single yes nothing is fetched."""
    with scope(hospital_id):
        archive = queries.find_archive(account_id)
        if archive is None or not archive.is_on or not queries.has_agreed(account_id):
            return Batch()
    limit = load_limits()["archive_batch"]
    now = time.now()
    records = source.fetch(archive.seq, limit)
    lines, up_to, missing = open_records(source, keys, records, archive.seq)
    kept = 0
    with scope(hospital_id):
        loss = find_loss(archive.read_until, now, facts.days("archive_kept_days"))
        if loss is not None:
            actions.note_archive_loss(archive, loss)
        if up_to > archive.seq:
            kept = actions.keep_lines(archive, lines, up_to=up_to)
    return Batch(kept, len(records) < limit or missing is not None, missing)


def open_records(
    source: ArchiveSource,
    keys: Mapping[int, RSAPrivateKey],
    records: Sequence[EncryptedRecord],
    seq: int,
) -> tuple[list[ArchivedLine], int, int | None]:
    """Open them in order, up to the first whose key is not here. A broken one is passed over."""
    lines: list[ArchivedLine] = []
    for record in records:
        try:
            lines.append(port.open_record(source, keys, record))
        except ArchiveRefused as error:
            log.warning("archive.record_refused", seq=record.seq, reason=error.code)
            if error.code == port.KEY_UNKNOWN:
                return lines, seq, record.key_version
        seq = max(seq, record.seq)
    return lines, seq, None


# ---- who is archived, and who agreed ------------------------------------------------------


def archive_facts(hospital_id: int, account_id: int) -> AccountFacts:
    """Return the account as the archive's own calls go out: with the archive's secret."""
    account = load_facts(hospital_id, account_id)
    with scope(hospital_id):
        archive = queries.find_archive(account_id)
        secret = archive_queries.open_archive_secret(archive) if archive else ""
    return replace(account, secrets=dict(account.secrets) | {"secret": secret})


def check_archive(hospital_id: int, archive: Archive) -> list[Finding]:
    """Ask everything that can be asked about the archive, and store the answers."""
    account = archive_facts(hospital_id, archive.account_id)
    permitted: list[str] | None = None

    async def ask_members(provider: Provider) -> dict[str, int]:
        nonlocal permitted
        permitted = await list_permitted(provider)
        if not permitted:
            raise CheckFailed("archive_nobody")
        return {"count": len(permitted)}

    async def work(provider: Provider) -> list[Finding]:
        asked = (Check(TOKEN, check_token, proves_ip=False), Check("archive_members", ask_members))
        return await run_checks(provider, asked)

    findings = run_with(account, work, access=AccessToken.Kind.ARCHIVE)
    with scope(hospital_id):
        versions = [key.version for key in archive_queries.list_archive_keys(archive.account_id)]
    findings.append(check_library(account))
    findings.append(
        Finding("archive_key", OK, facts={"count": len(versions), "name": versions[0]})
        if versions
        else Finding("archive_key", FAILING, "archive_no_key")
    )
    with scope(hospital_id):
        actions.settle_archive_check(archive, findings, permitted)
    return findings


def check_library(account: AccountFacts) -> Finding:
    try:
        with open_source(account):
            return Finding("archive_library", OK)
    except ArchiveRefused as error:
        return Finding("archive_library", FAILING, error.code)


def read_archive_consents(hospital_id: int) -> int:
    """Ask what every standing contact answered, where the archive is on; returns the news."""
    with scope(hospital_id):
        accounts = queries.list_archived_accounts(hospital_id)
    news = 0
    for account in accounts:
        try:
            news += read_answers_of(hospital_id, account.pk)
        except (ProviderError, SendFailed) as error:
            log.warning("archive_consents.not_read", account=account.key, reason=str(error))
    return news


def read_answers_of(hospital_id: int, account_id: int) -> int:
    account = archive_facts(hospital_id, account_id)
    with scope(hospital_id):
        pairs = queries.list_standing_relations(account_id).values_list(
            "staff_userid", "address__external_id"
        )
        left = iter(list(pairs))

    def note(answers: list[Answer]) -> int:
        with scope(hospital_id):
            return sum(note_answer(account_id, answer) for answer in answers)

    async def work(provider: Provider) -> int:
        news = 0
        while chunk := list(islice(left, load_limits()["archive_pairs"])):
            news += await sync_to_async(note)(await list_answers(provider, chunk))
        return news

    return run_with(account, work, access=AccessToken.Kind.ARCHIVE)


def note_answer(account_id: int, answer: Answer) -> bool:
    """Note one answer. A yes without a time is no yes: what it covers is not known."""
    relation = queries.find_relation(account_id, answer.staff_userid, answer.external_id)
    if relation is None or (answer.changed_at is None and answer.state == "agreed"):
        return False
    return actions.note_consent(relation, answer.state, answer.changed_at or time.now())
