"""The network half of join codes and group welcomes: one step towards what is wanted."""

from __future__ import annotations

from django.conf import settings

from lianxin.channels.actions import group_welcomes, join_codes
from lianxin.channels.actions.group_welcomes import WelcomeStep
from lianxin.channels.actions.join_codes import JoinClaim
from lianxin.channels.adapters.base import Attachment, SendFailed
from lianxin.channels.adapters.provider_http import Provider, ProviderError, unreachable
from lianxin.channels.adapters.uploads import MESSAGE
from lianxin.channels.adapters.wecom import group_welcomes as wecom_welcomes
from lianxin.channels.adapters.wecom import join_ways
from lianxin.channels.adapters.wecom.contact_ways import WAY_REFUSED
from lianxin.channels.adapters.wecom.group_welcomes import GroupGreeting
from lianxin.channels.adapters.wecom.join_ways import StoredJoinWay
from lianxin.channels.models import GroupWelcome, JoinCode
from lianxin.channels.providers import load_facts, run_with
from lianxin.channels.queries.attachments import as_attachments, resolve_attachments
from lianxin.channels.rules import groups as rules
from lianxin.channels.uploading import EXPIRED, forget_media, prepare_files
from lianxin.core.scope import scope

JoinAnswer = str | StoredJoinWay | None


def keep_join_code(code: JoinCode) -> None:
    """Tell the provider the one thing it must know about this code now. May run twice."""
    account = load_facts(code.hospital_id, code.account_id)
    with scope(code.hospital_id):
        claim = join_codes.claim_join_step(code)
    if claim is None:
        return

    async def work(provider: Provider) -> JoinAnswer | ProviderError:
        try:
            return await take_join_step(provider, claim)
        except ProviderError as error:
            return error

    answer = run_with(account, work)
    with scope(code.hospital_id):
        settle_join_step(claim, answer)


async def take_join_step(provider: Provider, claim: JoinClaim) -> JoinAnswer:
    config_id = claim.code.config_id
    if claim.step == rules.MAKE:
        return await join_ways.add_join_way(provider, claim.content)
    if claim.step == rules.READ:
        return await join_ways.find_join_way(provider, config_id)
    if claim.step == rules.UPDATE:
        await join_ways.update_join_way(provider, config_id, claim.content)
    else:
        await join_ways.delete_join_way(provider, config_id)
    return None


def settle_join_step(claim: JoinClaim, answer: JoinAnswer | ProviderError) -> None:
    if isinstance(answer, ProviderError):
        if claim.step == rules.UPDATE and answer.reason == WAY_REFUSED:
            # It may be gone: reading it tells.
            join_codes.settle_join_unread(claim)
        else:
            join_codes.settle_join_failed(claim, answer)
    elif isinstance(answer, str):
        join_codes.settle_join_made(claim, answer)
    elif claim.step == rules.READ:
        join_codes.settle_join_read(claim, answer)
    elif claim.step == rules.UPDATE:
        join_codes.settle_join_updated(claim)
    else:
        join_codes.settle_join_withdrawn(claim)


def keep_group_welcome(welcome: GroupWelcome) -> None:
    """Make the welcome at the provider what it is here. May run twice."""
    account = load_facts(welcome.hospital_id, welcome.account_id)
    with scope(welcome.hospital_id):
        claim = group_welcomes.claim_welcome_step(welcome)
        if claim is None:
            return
        attachments = greeting_attachments(claim.welcome)

    async def work(provider: Provider) -> str | ProviderError:
        try:
            return await take_welcome_step(provider, claim, attachments)
        except ProviderError as error:
            return error
        except SendFailed:
            # A file did not get there, so the welcome was not asked for yet.
            return ProviderError(unreachable(provider.platform), "upload")

    answer = run_with(account, work)
    with scope(welcome.hospital_id):
        if isinstance(answer, ProviderError):
            group_welcomes.settle_welcome_failed(claim, answer)
        else:
            group_welcomes.settle_welcome_step(claim, answer)


def greeting_attachments(welcome: GroupWelcome) -> tuple[Attachment, ...]:
    """Return what goes along now; a content that was withdrawn since does not."""
    chosen = as_attachments(welcome.attachments)
    return resolve_attachments(
        welcome.hospital_id, chosen, lambda path: f"{settings.BASE_URL}{path}"
    )


async def take_welcome_step(
    provider: Provider, claim: WelcomeStep, attachments: tuple[Attachment, ...]
) -> str:
    if claim.step == rules.DELETE:
        await wecom_welcomes.delete_welcome(provider, claim.welcome.template_id)
        return claim.welcome.template_id
    media_ids = await prepare_files(provider, attachments)
    try:
        return await tell_welcome(provider, claim, attachments, media_ids)
    except ProviderError as error:
        if error.reason != EXPIRED or not media_ids:
            raise
    # The provider knows the file no more: uploaded anew, once.
    await forget_media(provider, MESSAGE, media_ids)
    media_ids = await prepare_files(provider, attachments)
    return await tell_welcome(provider, claim, attachments, media_ids)


async def tell_welcome(
    provider: Provider,
    claim: WelcomeStep,
    attachments: tuple[Attachment, ...],
    media_ids: dict[str, str],
) -> str:
    greeting = GroupGreeting(claim.welcome.text, attachments, media_ids)
    if claim.step == rules.MAKE:
        return await wecom_welcomes.add_welcome(provider, greeting)
    await wecom_welcomes.edit_welcome(provider, claim.welcome.template_id, greeting)
    return claim.welcome.template_id
