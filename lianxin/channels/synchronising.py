"""The network half of the jobs: load, ask the provider, hand the answer to one action."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
from asgiref.sync import sync_to_async
from django.conf import settings

from lianxin.channels import actions, queries
from lianxin.channels.adapters import ADAPTERS
from lianxin.channels.adapters.base import AccountFacts, SendFailed
from lianxin.channels.adapters.official_account import calls as official_calls
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.adapters.wecom import calls as wecom_calls
from lianxin.channels.adapters.wecom_kf import calls as kf_calls
from lianxin.channels.models import Account, LiveCode, MemberTask, StaffNotice
from lianxin.channels.providers import load_facts, run_with
from lianxin.core.actor import SystemActor
from lianxin.core.scope import scope

log = structlog.get_logger(__name__)

# More pages than three days of messages can fill; a provider that never stops is broken.
MAX_PAGES = 500

AskUnionId = Callable[[Provider, str], Awaitable[str]]
UNION_ID_ASKERS: dict[str, AskUnionId] = {
    Account.Kind.WECOM: wecom_calls.find_union_id,
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
    account = load_facts(hospital_id, account_id)

    async def work(provider: Provider) -> tuple[list[str], list[wecom_calls.Contact]]:
        userids = await wecom_calls.list_follow_users(provider)
        contacts = [one async for one in wecom_calls.list_contacts(provider, userids)]
        return userids, contacts

    userids, contacts = run_with(account, work)
    with scope(hospital_id):
        added, ended = actions.take_in_listed(account, contacts, listed_members=userids)
    if added or ended:
        log.info("contacts.reconciled", account=account.key, added=added, ended=ended)
    return added, ended


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


def make_live_code(code: LiveCode) -> None:
    """Ask the provider for the code's picture, and store the answer."""
    account = load_facts(code.hospital_id, code.account_id)
    make = make_contact_way if account.kind == Account.Kind.WECOM else make_scene_code

    async def work(provider: Provider) -> wecom_calls.ContactWay | ProviderError:
        try:
            return await make(provider, code)
        except ProviderError as error:
            return error

    made = run_with(account, work)
    with scope(code.hospital_id):
        if isinstance(made, ProviderError):
            actions.fail_live_code(code, made.reason, is_permanent=not made.is_temporary)
        else:
            by = SystemActor(code.hospital_id)
            actions.settle_live_code(code, config_id=made.config_id, qr_url=made.qr_url, by=by)


async def make_contact_way(provider: Provider, code: LiveCode) -> wecom_calls.ContactWay:
    userid = code.staff.wecom_userid if code.staff else ""
    return await wecom_calls.add_contact_way(
        provider, state=code.state_key, userids=[userid], remark=code.name
    )


async def make_scene_code(provider: Provider, code: LiveCode) -> wecom_calls.ContactWay:
    ticket, picture = await official_calls.create_qr(provider, code.state_key)
    return wecom_calls.ContactWay(ticket[:120], picture)


def check_account(hospital_id: int, account_id: int) -> None:
    """Try the account with one harmless call, and store what came of it."""
    account = load_facts(hospital_id, account_id)

    async def work(provider: Provider) -> str:
        try:
            await ADAPTERS[account.kind].check_health(provider)
        except ProviderError as error:
            return error.reason
        return ""

    reason = run_with(account, work)
    with scope(hospital_id):
        actions.settle_check(account_id, reason)


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
