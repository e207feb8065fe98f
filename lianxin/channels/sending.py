"""Sending: called by jobs, between transactions, with any number of messages at once.

A message that failed is a result, not an error: one recipient never stops the others.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from lianxin.channels import actions, queries, reasons
from lianxin.channels.actions.welcomes import WelcomeClaim
from lianxin.channels.adapters import ADAPTERS
from lianxin.channels.adapters.base import AccountFacts, Attachment, Outbound, SendFailed, Sent
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.adapters.uploads import MESSAGE, PICTURE
from lianxin.channels.adapters.wecom import mass
from lianxin.channels.adapters.wecom.attachments import cover_key, find_attachment_fault
from lianxin.channels.models import Account, MemberTask
from lianxin.channels.providers import load_facts, run_with
from lianxin.channels.uploading import EXPIRED, forget_media, prepare_files, ready_media
from lianxin.core import time
from lianxin.core.scope import scope

Result = Sent | SendFailed

# As many as the slowest provider answers without 45033 (too many at once).
AT_ONCE = 16
WELCOME_RETRY_SECONDS = 1.0
# What counts against a customer's window of five.
WINDOWED = {"text", "link", "menu"}
SESSION_TAKEN = 3
SESSION_ENDED = 4
# After these the text goes without the files.
LEAVES_FILES = {EXPIRED, "attachment_refused"}
STATE_OF_REASON = {"kf_session_taken": SESSION_TAKEN, "kf_session_ended": SESSION_ENDED}


def send(hospital_id: int, account_id: int, outbounds: Sequence[Outbound]) -> list[Result]:
    """Send all; the results come in the order of the messages."""
    try:
        account = load_facts(hospital_id, account_id)
    except SendFailed as failure:
        return [failed(failure, outbound) for outbound in outbounds]

    async def work(provider: Provider) -> list[Result]:
        gate = asyncio.Semaphore(AT_ONCE)
        return list(await asyncio.gather(*(send_one(provider, one, gate) for one in outbounds)))

    results = run_with(account, work)
    with scope(hospital_id):
        note_results(account, outbounds, results)
    return results


async def send_one(provider: Provider, outbound: Outbound, gate: asyncio.Semaphore) -> Result:
    async with gate:
        try:
            return await send_with_files(provider, outbound)
        except ProviderError as error:
            return failed(error.as_failure(outbound.client_key, provider.clock()), outbound)
        except SendFailed as failure:
            return failed(failure, outbound)


async def send_with_files(provider: Provider, outbound: Outbound) -> Sent:
    """Send, with the files at the provider; ids that ran out there are made anew, once."""
    send = ADAPTERS[provider.account.kind].send
    if outbound.carrier_kind == "welcome" and outbound.attachments:
        return await send_with_ready_files(provider, outbound)
    links = 1 if outbound.url else 0
    if outbound.attachments and provider.account.kind != Account.Kind.WECOM:
        raise SendFailed("carrier_unsupported", permanent=True, client_key=outbound.client_key)
    if fault := find_attachment_fault(outbound.attachments, links=links):
        raise SendFailed(fault, permanent=True, client_key=outbound.client_key)
    media_ids = await prepare_files(provider, outbound.attachments)
    try:
        return await send(provider, replace(outbound, media_ids=media_ids))
    except ProviderError as error:
        if error.reason != EXPIRED or not media_ids:
            raise
    await forget_media(provider, MESSAGE, media_ids)
    media_ids = await prepare_files(provider, outbound.attachments)
    return await send(provider, replace(outbound, media_ids=media_ids))


async def send_with_ready_files(provider: Provider, outbound: Outbound) -> Sent:
    """Send within the seconds of a code: only what is at the provider goes along with the text.

    Whatever the provider does not take is left out; the text goes in any case.
    """
    send = ADAPTERS[provider.account.kind].send
    links = 1 if outbound.url else 0
    media_ids = await ready_files(provider, outbound.attachments)
    ready = [one for one in outbound.attachments if is_ready(one, media_ids)]
    if find_attachment_fault(ready, links=links):
        ready = []
    try:
        sent = await send(
            provider, replace(outbound, attachments=tuple(ready), media_ids=media_ids)
        )
    except ProviderError as error:
        if not ready or error.reason not in LEAVES_FILES:
            raise
        if error.reason == EXPIRED:
            await forget_media(provider, MESSAGE, media_ids)
        ready = [one for one in ready if not one.file and error.reason == EXPIRED]
        sent = await send(provider, replace(outbound, attachments=tuple(ready), media_ids={}))
    return replace(sent, left_out_count=len(outbound.attachments) - len(ready))


async def ready_files(provider: Provider, attachments: Sequence[Attachment]) -> dict[str, str]:
    covers = [one.file for one in attachments if one.kind == "link"]
    files = [one.file for one in attachments if one.kind != "link"]
    addresses = await ready_media(provider, PICTURE, covers)
    found = {cover_key(file): url for file, url in addresses.items()}
    return found | await ready_media(provider, MESSAGE, files)


def is_ready(one: Attachment, media_ids: Mapping[str, str]) -> bool:
    """Tell whether it can go now; a link goes without its cover too."""
    return one.kind == "link" or one.file in media_ids


def failed(failure: SendFailed, outbound: Outbound) -> SendFailed:
    return SendFailed(
        failure.reason_code,
        permanent=failure.permanent,
        retry_at=failure.retry_at,
        client_key=outbound.client_key,
        sentence=reasons.sentence_of(failure.reason_code),
    )


def note_results(
    account: AccountFacts, outbounds: Sequence[Outbound], results: Sequence[Result]
) -> None:
    """Count windows, remember tasks and sessions that the answers have shown."""
    sent: Counter[str] = Counter()
    if account.kind == "sms":
        actions.record_costs(account.hospital_id, account.id, bill(account, outbounds, results))
    for outbound, result in zip(outbounds, results, strict=True):
        if isinstance(result, SendFailed):
            note_failure(account, outbound, result)
        elif outbound.carrier_kind == "staff_task":
            note_task(account, outbound, result)
        elif outbound.carrier_kind in WINDOWED and not result.was_repeat:
            sent[outbound.address] += 1
    actions.count_sent(account.hospital_id, account.id, sent)


def bill(
    account: AccountFacts, outbounds: Sequence[Outbound], results: Sequence[Result]
) -> list[actions.Billed]:
    """Count what text messages cost; what nobody answered may have been sent, so it counts too."""
    found: list[actions.Billed] = []
    for outbound, result in zip(outbounds, results, strict=True):
        units = result.billed_units if isinstance(result, Sent) else None
        if units is not None:
            found.append(actions.Billed(outbound.client_key, units, is_estimate=False))
        elif isinstance(result, Sent) or result.reason_code == "outcome_unknown":
            text = f"【{account.setting('sign_name')}】{outbound.text}"
            count = queries.segments().count(text)
            found.append(actions.Billed(outbound.client_key, count, is_estimate=True))
    return found


def note_failure(account: AccountFacts, outbound: Outbound, result: SendFailed) -> None:
    state = STATE_OF_REASON.get(result.reason_code)
    if state is not None:
        actions.note_session(account.hospital_id, account.id, outbound.address, state)


def note_task(account: AccountFacts, outbound: Outbound, result: Sent) -> None:
    wanted = outbound.chat_ids or outbound.external_ids or (outbound.address,)
    people = set(wanted) - set(result.failed_external_ids)
    audience = MemberTask.Audience.GROUP if outbound.chat_ids else MemberTask.Audience.SINGLE
    actions.note_task(
        account.hospital_id,
        account.id,
        result.provider_message_id,
        staff_userid=outbound.staff_userid,
        people_count=len(people),
        audience=audience,
    )


def send_welcome(
    hospital_id: int,
    claim: WelcomeClaim,
    *,
    text: str,
    url: str = "",
    title: str = "",
    attachments: Sequence[Attachment] = (),
) -> Result:
    """Send a claimed welcome, again and again while the provider says busy, until the code dies."""
    outbound = Outbound(
        client_key=f"welcome-{claim.arrival_id}",
        carrier_kind="welcome",
        address=claim.external_id,
        text=text,
        url=url,
        title=title,
        staff_userid=claim.staff_userid,
        welcome_code=claim.welcome_code,
        attachments=tuple(attachments),
    )
    return send_by_code(hospital_id, claim, outbound)


def send_by_code(hospital_id: int, claim: WelcomeClaim, outbound: Outbound) -> Result:
    """Send what a code allows, again and again while the provider says busy, until it dies."""
    try:
        account = load_facts(hospital_id, claim.account_id)
    except SendFailed as failure:
        return failed(failure, outbound)

    async def work(provider: Provider) -> Result:
        gate = asyncio.Semaphore(1)
        result = await send_one(provider, outbound, gate)
        while isinstance(result, SendFailed) and not result.permanent:
            if time.now() >= claim.ends_at:
                return failed(SendFailed("welcome_late", permanent=True), outbound)
            await asyncio.sleep(WELCOME_RETRY_SECONDS)
            result = await send_one(provider, outbound, gate)
        return result

    return run_with(account, work)


def take_back_task(hospital_id: int, account_id: int, message_id: str) -> Result:
    """Stop a staff-confirmed task at the provider, and store what it had sent by then.

    Doing it twice is harmless. What was sent before cannot be recalled.
    """
    outbound = Outbound(client_key=message_id[:32], carrier_kind="staff_task")
    try:
        account = load_facts(hospital_id, account_id)
    except SendFailed as failure:
        return failed(failure, outbound)

    async def work(provider: Provider) -> mass.TaskReport | SendFailed:
        try:
            await mass.cancel_task(provider, message_id)
            return await mass.read_task(provider, message_id)
        except ProviderError as error:
            return failed(error.as_failure(outbound.client_key, provider.clock()), outbound)

    found = run_with(account, work)
    if isinstance(found, SendFailed):
        return found
    with scope(hospital_id):
        task = queries.find_task(account_id, message_id)
        if task is not None:
            actions.settle_task(task, account, found, is_cancelled=True)
    return Sent(outbound.client_key, message_id)
