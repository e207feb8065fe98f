"""The network half of what staff are told: notices."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

from django.conf import settings

from lianxin.channels import actions, queries
from lianxin.channels.adapters.base import AccountFacts, SendFailed
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.adapters.wecom import calls as wecom_calls
from lianxin.channels.adapters.wecom.calls import NoticeWords
from lianxin.channels.models import Account, CardPress, StaffNotice
from lianxin.channels.providers import run_with
from lianxin.channels.sealing import CARD_FIELD
from lianxin.core import keys
from lianxin.core.scope import scope

# A member who is gone, and a call that may have worked: plain words would not help, or come twice.
NOT_ABOUT_CARDS = {"unknown_recipient", "outcome_unknown"}


def send_notice(hospital_id: int, notice_id: int) -> None:
    """Send one notice: claim, network, settle."""
    with scope(hospital_id):
        notice = actions.claim_notice(notice_id)
        account = find_sender(hospital_id)
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
    """Send one notice. A card that is refused as a card goes out as plain words: it is urgent."""
    words = words_of(notice)

    async def work(provider: Provider) -> tuple[SendFailed | None, str]:
        try:
            return await say(provider, notice, words)
        except ProviderError as error:
            is_about_card = words.task_id and error.reason not in NOT_ABOUT_CARDS
            if error.is_temporary or not is_about_card:
                return error.as_failure("", provider.clock()), ""
        try:
            return await say(provider, notice, replace(words, task_id="", button=""))
        except ProviderError as error:
            return error.as_failure("", provider.clock()), ""

    return run_with(account, work)


async def say(
    provider: Provider, notice: StaffNotice, words: NoticeWords
) -> tuple[SendFailed | None, str]:
    userid = notice.staff.wecom_userid
    answer = await wecom_calls.send_notice(provider, userids=[userid], words=words)
    if userid.lower() in answer.unreached:
        return SendFailed("unknown_recipient", permanent=True), answer.message_id
    return None, answer.message_id


def words_of(notice: StaffNotice) -> NoticeWords:
    is_card = notice.look != StaffNotice.Look.TEXT
    return NoticeWords(
        title=notice.title,
        text=notice.text,
        url=settings.BASE_URL + notice.path,
        task_id=actions.task_id_of(notice) if is_card else "",
        button=notice.button,
    )


def tell_press(hospital_id: int, press_id: int) -> None:
    """Show in the card what became of its press: claim, network, settle."""
    with scope(hospital_id):
        press = actions.claim_press(hospital_id, press_id)
        account = find_sender(hospital_id)
    if press is None:
        return
    is_told = account is not None and ask(account, partial(show, press=press))
    with scope(hospital_id):
        actions.settle_press(press, is_told=is_told)


async def show(provider: Provider, press: CardPress) -> None:
    code = keys.hospital_open(press.hospital_id, bytes(press.response_sealed), field=CARD_FIELD)
    await wecom_calls.update_card(
        provider, userid=press.staff_userid, response_code=code, answer=press.answer
    )


def recall_notice(hospital_id: int, notice_id: int) -> None:
    """Take a message back that is about something settled."""
    with scope(hospital_id):
        notice = actions.claim_recall(hospital_id, notice_id)
        account = find_sender(hospital_id)
    if notice is not None and account is not None:
        message_id = notice.provider_message_id
        ask(account, partial(wecom_calls.recall_notice, message_id=message_id))


def find_sender(hospital_id: int) -> AccountFacts | None:
    sender = queries.find_account_of_kind(hospital_id, Account.Kind.WECOM)
    return queries.facts_of(sender) if sender else None


def ask(account: AccountFacts, call: Callable[[Provider], Awaitable[None]]) -> bool:
    """Ask once; tell whether the provider did it."""

    async def work(provider: Provider) -> bool:
        try:
            await call(provider)
        except ProviderError:
            return False
        return True

    return run_with(account, work)
