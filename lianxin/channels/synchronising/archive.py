"""The network half of the chat archive: ask who agreed, and fetch what they and members wrote."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

import structlog
from asgiref.sync import sync_to_async
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from lianxin.channels import actions, queries
from lianxin.channels.adapters.base import SendFailed
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.adapters.reactions import load_facts as load_limits
from lianxin.channels.adapters.wecom import archive as port
from lianxin.channels.adapters.wecom.archive import ArchivedLine, ArchiveRefused, ArchiveSource
from lianxin.channels.adapters.wecom.archive_consents import Answer, list_answers
from lianxin.channels.providers import load_facts, run_with
from lianxin.core import time
from lianxin.core.scope import scope

log = structlog.get_logger(__name__)


def read_archive(
    hospital_id: int, account_id: int, source: ArchiveSource, keys: Mapping[int, RSAPrivateKey]
) -> int:
    """Fetch once; returns how many messages were kept. Without a single yes nothing is fetched."""
    with scope(hospital_id):
        archive = queries.find_archive(account_id)
        if archive is None or not archive.is_on or not queries.has_agreed(account_id):
            return 0
    records = source.fetch(archive.seq, load_limits()["archive_records"])
    lines: list[ArchivedLine] = []
    up_to = archive.seq
    for record in records:
        try:
            lines.append(port.open_record(source, keys, record))
        except ArchiveRefused as error:
            log.warning("archive.record_refused", seq=record.seq, reason=error.code)
            if error.code == port.KEY_UNKNOWN:
                break  # it is read once the key of this version is there
        up_to = max(up_to, record.seq)
    if up_to == archive.seq:
        return 0
    with scope(hospital_id):
        return actions.keep_lines(archive, lines, up_to=up_to)


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
    account = load_facts(hospital_id, account_id)
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

    return run_with(account, work)


def note_answer(account_id: int, answer: Answer) -> bool:
    """Note one answer. A yes without a time is no yes: what it covers is not known."""
    relation = queries.find_relation(account_id, answer.staff_userid, answer.external_id)
    if relation is None or (answer.changed_at is None and answer.state == "agreed"):
        return False
    return actions.note_consent(relation, answer.state, answer.changed_at or time.now())
