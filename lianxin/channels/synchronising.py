"""The network half of the jobs: load, ask the provider, hand the answer to one action."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
from asgiref.sync import sync_to_async
from django.conf import settings

from lianxin.channels import actions, contact_syncing, facts, queries, rules
from lianxin.channels.actions.contact_ways import CodeClaim
from lianxin.channels.adapters import ADAPTERS
from lianxin.channels.adapters.base import AccountFacts, SendFailed
from lianxin.channels.adapters.checking import Finding, run_checks
from lianxin.channels.adapters.official_account import calls as official_calls
from lianxin.channels.adapters.pictures import fetch_picture, read_code
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.adapters.wecom import calls as wecom_calls
from lianxin.channels.adapters.wecom import contact_ways
from lianxin.channels.adapters.wecom.contact_ways import ContactWay, StoredWay
from lianxin.channels.adapters.wecom_kf import calls as kf_calls
from lianxin.channels.models import Account, LiveCode, MemberTask, StaffNotice
from lianxin.channels.providers import load_facts, run_with
from lianxin.core.scope import scope

log = structlog.get_logger(__name__)

# More pages than three days of messages can fill; a provider that never stops is broken.
MAX_PAGES = 500

# What the provider was found to no longer have.
GONE = "gone"
StepAnswer = ContactWay | str | None

AskUnionId = Callable[[Provider, str], Awaitable[str]]
UNION_ID_ASKERS: dict[str, AskUnionId] = {
    Account.Kind.OFFICIAL_ACCOUNT: official_calls.find_union_id,
}


# ---- customer service messages ------------------------------------------------------------


def sync_messages(hospital_id: int, account_id: int, token: str) -> int:
    """Fetch every page from the stored cursor on; returns how many messages came."""
    account = load_facts(hospital_id, account_id)

    async def work(provider: Provider) -> int:
        cursor = await sync_to_async(read_cursor)(account)
        count = 0
        for _page in range(MAX_PAGES):
            page = await fetch_page(provider, cursor, token)
            await sync_to_async(store_page)(account, page)
            count, cursor = count + len(page.arrivals), page.cursor
            if not page.has_more:
                break
        return count

    return run_with(account, work)


async def fetch_page(provider: Provider, cursor: str, token: str) -> kf_calls.Page:
    """Fetch one page; a token that died meanwhile costs only the higher rate."""
    try:
        return await kf_calls.sync_page(provider, cursor=cursor, token=token)
    except ProviderError as error:
        if error.reason == "cursor_invalid" and cursor:
            return await kf_calls.sync_page(provider, cursor="", token=token)
        if error.reason == "sync_token_invalid" and token:
            return await kf_calls.sync_page(provider, cursor=cursor, token="")
        raise


def read_cursor(account: AccountFacts) -> str:
    with scope(account.hospital_id):
        found = queries.find_account(account.hospital_id, account.id)
    return found.sync_cursor if found else ""


def store_page(account: AccountFacts, page: kf_calls.Page) -> None:
    with scope(account.hospital_id):
        actions.store_page(account, page.arrivals, cursor=page.cursor)


# ---- contacts -----------------------------------------------------------------------------


def reconcile_contacts(hospital_id: int, account_id: int) -> tuple[int, int]:
    """Compare our relations with the provider's lists: (added, ended)."""
    return contact_syncing.sync_now(hospital_id, account_id)


def read_contacts(hospital_id: int, account_id: int) -> int:
    """Look at the contacts of which something is missing, one by one; returns how many."""
    return contact_syncing.read_contacts(hospital_id, account_id)


def identify_addresses(hospital_id: int, account_id: int) -> int:
    """Ask for union ids of new addresses; returns how many were asked about."""
    with scope(hospital_id):
        addresses = queries.list_unidentified(hospital_id, account_id)
    if not addresses:
        return 0
    account = load_facts(hospital_id, account_id)
    ask = UNION_ID_ASKERS[account.kind]

    async def work(provider: Provider) -> None:
        for address in addresses:
            try:
                union_id = await ask(provider, address.external_id)
            except ProviderError as error:
                if error.is_temporary:
                    return
                union_id = ""
            await sync_to_async(store_identity)(address.pk, union_id)

    def store_identity(address_id: int, union_id: str) -> None:
        with scope(hospital_id):
            address = queries.find_address(hospital_id, address_id)
            if address is not None:
                actions.settle_identity(address, union_id)

    run_with(account, work)
    return len(addresses)


# ---- live codes, checks, tasks, notices ---------------------------------------------------


def keep_live_code(code: LiveCode) -> None:
    """Tell the provider the one thing it must know about this code now. May run twice."""
    account = load_facts(code.hospital_id, code.account_id)
    with scope(code.hospital_id):
        claim = actions.claim_code(code)
    if claim is None:
        return
    take_step = STEPS[claim.step]

    async def work(provider: Provider) -> StepAnswer | ProviderError:
        try:
            return await take_step(provider, claim)
        except ProviderError as error:
            return error

    answer = run_with(account, work)
    with scope(code.hospital_id):
        settle_step(claim, answer)


def settle_step(claim: CodeClaim, answer: StepAnswer | ProviderError) -> None:
    if isinstance(answer, ProviderError):
        actions.settle_failed(claim, answer)
    elif answer == GONE:
        actions.settle_reading(claim, None)
    elif isinstance(answer, ContactWay):
        actions.settle_made(claim, answer)
    elif claim.step == rules.UPDATE:
        actions.settle_updated(claim)
    else:
        actions.settle_withdrawn(claim)


async def make_code(provider: Provider, claim: CodeClaim) -> ContactWay:
    """Make it; one that was asked for before, without a known outcome, is looked for first."""
    code = claim.code
    if code.account.kind == Account.Kind.OFFICIAL_ACCOUNT:
        ticket, picture, content = await official_calls.create_qr(provider, code.state_key)
        return ContactWay(ticket[:120], picture, content)
    found = await find_made_way(provider, claim) if claim.asked_at else None
    if found is None:
        return await contact_ways.add_contact_way(provider, claim.content)
    await contact_ways.update_contact_way(provider, found.config_id, claim.content)
    return found.way


async def find_made_way(provider: Provider, claim: CodeClaim) -> StoredWay | None:
    asked_at, now = claim.asked_at or provider.clock(), provider.clock()
    spare = facts.seconds("contact_way_clock_seconds")
    state = claim.code.state_key
    return await contact_ways.find_contact_way(provider, state, asked_at - spare, now + spare)


async def update_code(provider: Provider, claim: CodeClaim) -> StepAnswer:
    """Change the way. A refusal may mean that it is gone: reading it tells."""
    try:
        await contact_ways.update_contact_way(provider, claim.code.config_id, claim.content)
    except ProviderError as error:
        is_refused = error.reason == contact_ways.WAY_REFUSED
        if is_refused and await find_way(provider, claim.code.config_id) is None:
            return GONE
        raise
    return None


async def find_way(provider: Provider, config_id: str) -> StoredWay | None:
    """Return the way as the provider has it, None when it is gone."""
    try:
        return await contact_ways.get_contact_way(provider, config_id)
    except ProviderError as error:
        if error.reason == contact_ways.WAY_REFUSED:
            return None
        raise


async def withdraw_code(provider: Provider, claim: CodeClaim) -> None:
    """Take the way back; one that is gone already is what we want."""
    config_id = claim.code.config_id
    if not config_id:
        found = await find_made_way(provider, claim)
        config_id = found.config_id if found else ""
    try:
        if config_id:
            await contact_ways.del_contact_way(provider, config_id)
    except ProviderError as error:
        if error.reason != contact_ways.WAY_REFUSED:
            raise


STEPS: dict[str, Callable[[Provider, CodeClaim], Awaitable[StepAnswer]]] = {
    rules.MAKE: make_code,
    rules.UPDATE: update_code,
    rules.WITHDRAW: withdraw_code,
}


def read_live_code(code: LiveCode) -> None:
    """Read the provider's truth about a code; what differs is mended by the next step."""
    account = load_facts(code.hospital_id, code.account_id)
    with scope(code.hospital_id):
        claim = actions.claim_reading(code)
    if claim is None:
        return

    async def work(provider: Provider) -> StoredWay | ProviderError | None:
        try:
            return await find_way(provider, claim.code.config_id)
        except ProviderError as error:
            return error

    stored = run_with(account, work)
    with scope(code.hospital_id):
        if isinstance(stored, ProviderError):
            actions.settle_failed(claim, stored)
        else:
            actions.settle_reading(claim, stored)


def read_picture(code: LiveCode) -> None:
    """Read what a code's picture says, so that it can be printed at any size."""
    account = load_facts(code.hospital_id, code.account_id)
    with scope(code.hospital_id):
        if not actions.claim_picture(code):
            return

    async def work(provider: Provider) -> bytes | None:
        return await fetch_picture(provider.client, code.qr_url)

    picture = run_with(account, work)
    content = read_code(picture) if picture is not None else ""
    with scope(code.hospital_id):
        actions.settle_picture(code, content, is_there=picture is not None)


def check_account(hospital_id: int, account_id: int) -> list[Finding]:
    """Ask everything that can be asked about an account, and store the answers."""
    account = load_facts(hospital_id, account_id)
    with scope(hospital_id):
        seen = queries.find_account(hospital_id, account_id)
    if seen is None:
        return []

    async def work(provider: Provider) -> list[Finding]:
        return await run_checks(provider, ADAPTERS[account.kind].checks)

    found = run_with(account, work)
    with scope(hospital_id):
        findings = [*found, *queries.list_own_findings(hospital_id, account_id)]
        actions.settle_check(seen, findings)
    return findings


def settle_task(task: MemberTask) -> None:
    account = load_facts(task.hospital_id, task.account_id)

    async def work(provider: Provider) -> list[wecom_calls.TaskResult]:
        return await wecom_calls.list_task_results(provider, task.provider_message_id)

    results = run_with(account, work)
    with scope(task.hospital_id):
        actions.settle_task(task, account, results)


def send_notice(hospital_id: int, notice_id: int) -> None:
    """Send one notice: claim, network, settle."""
    with scope(hospital_id):
        notice = actions.claim_notice(notice_id)
        sender = queries.find_account_of_kind(hospital_id, Account.Kind.WECOM)
        account = queries.facts_of(sender) if sender else None
    if notice is None:
        return
    if account is None or not notice.staff.wecom_userid:
        failure: SendFailed | None = SendFailed("no_wecom", permanent=True)
        message_id = ""
    else:
        failure, message_id = deliver_notice(account, notice)
    with scope(hospital_id):
        actions.settle_notice(
            notice,
            reason=failure.reason_code if failure else "",
            is_permanent=failure.permanent if failure else False,
            message_id=message_id,
        )


def deliver_notice(account: AccountFacts, notice: StaffNotice) -> tuple[SendFailed | None, str]:
    userid = notice.staff.wecom_userid

    async def work(provider: Provider) -> tuple[SendFailed | None, str]:
        try:
            answer = await wecom_calls.send_notice(
                provider,
                userids=[userid],
                title=notice.title,
                text=notice.text,
                url=settings.BASE_URL + notice.path,
            )
        except ProviderError as error:
            return error.as_failure("", provider.clock()), ""
        if userid.lower() in answer.unreached:
            return SendFailed("unknown_recipient", permanent=True), answer.message_id
        return None, answer.message_id

    return run_with(account, work)
