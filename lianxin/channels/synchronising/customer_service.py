"""The network half of customer service: moving sessions, and keeping the servicers."""

from __future__ import annotations

from lianxin.channels import actions
from lianxin.channels.actions.customer_service import SessionClaim
from lianxin.channels.adapters.base import SendFailed
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.adapters.wecom_kf import service
from lianxin.channels.adapters.wecom_kf.service import Session
from lianxin.channels.providers import load_facts, run_with
from lianxin.core.scope import scope

STEPS = ("add", "remove")


def change_session(hospital_id: int, request_id: int) -> None:
    """Move one session. May run twice: one that stands where it shall is not moved again."""
    with scope(hospital_id):
        claim = actions.claim_session_request(hospital_id, request_id)
    if claim is None:
        return
    request = claim.request

    async def work(provider: Provider) -> str:
        session = await service.read_session(provider, claim.external_id)
        if is_there(session, claim):
            return ""
        return await service.change_session(
            provider, claim.external_id, request.target, request.servicer_userid
        )

    try:
        code = run_with(load_facts(hospital_id, claim.account_id), work)
    except ProviderError as error:
        settle_failed(hospital_id, claim, error.reason)
    except SendFailed as failure:
        settle_failed(hospital_id, claim, failure.reason_code)
    else:
        with scope(hospital_id):
            actions.settle_session_request(claim, code)


def is_there(session: Session, claim: SessionClaim) -> bool:
    request = claim.request
    return session.state == request.target and session.servicer_userid == request.servicer_userid


def settle_failed(hospital_id: int, claim: SessionClaim, reason: str) -> None:
    """Note the refusal, and the state the session is really in, if the provider says it."""

    async def look(provider: Provider) -> int:
        return (await service.read_session(provider, claim.external_id)).state

    try:
        state: int | None = run_with(load_facts(hospital_id, claim.account_id), look)
    except (ProviderError, SendFailed):
        # The provider is away, or the account is: what we knew stays.
        state = None
    with scope(hospital_id):
        known = None if state == service.UNKNOWN_STATE else state
        actions.settle_session_failed(claim, reason, known)


def keep_servicers(hospital_id: int, account_id: int) -> None:
    """Tell the provider who is to serve, and who no more."""
    for step in STEPS:
        with scope(hospital_id):
            userids = actions.claim_servicers(hospital_id, account_id, step)
        if userids:
            tell_servicers(hospital_id, account_id, step, userids)


def tell_servicers(hospital_id: int, account_id: int, step: str, userids: list[str]) -> None:
    async def work(provider: Provider) -> dict[str, str]:
        try:
            return await service.tell_servicers(provider, step, userids)
        except ProviderError as error:
            return dict.fromkeys(userids, error.reason)

    results = run_with(load_facts(hospital_id, account_id), work)
    with scope(hospital_id):
        actions.settle_servicers(hospital_id, account_id, step, results)


def read_servicers(hospital_id: int, account_id: int) -> None:
    """Read who serves the account as the provider has it."""
    listed = run_with(load_facts(hospital_id, account_id), service.list_servicers)
    with scope(hospital_id):
        actions.note_servicers(hospital_id, account_id, listed)
