"""The network half of what staff are told: notices."""

from __future__ import annotations

from django.conf import settings

from lianxin.channels import actions, queries
from lianxin.channels.adapters.base import AccountFacts, SendFailed
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.adapters.wecom import calls as wecom_calls
from lianxin.channels.models import Account, StaffNotice
from lianxin.channels.providers import run_with
from lianxin.core.scope import scope


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
