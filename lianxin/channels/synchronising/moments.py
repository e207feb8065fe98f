"""The network half of moments: one step of one moment at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from lianxin.channels import actions
from lianxin.channels.adapters.base import Attachment, SendFailed
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.adapters.uploads import MOMENT
from lianxin.channels.adapters.wecom import moments
from lianxin.channels.adapters.wecom.moments import MadeMoment, MomentReport
from lianxin.channels.models import Moment
from lianxin.channels.providers import load_facts, run_with
from lianxin.channels.uploading import EXPIRED, forget_media, prepare_media
from lianxin.core.scope import scope

StepAnswer = str | MadeMoment | MomentReport | SendFailed | None


def keep_moment(moment: Moment) -> None:
    """Do what the moment needs now: claim, network, settle. May run twice."""
    with scope(moment.hospital_id):
        claimed = actions.claim_moment(moment)
    if claimed is None:
        return
    answer = take_step(claimed)
    with scope(moment.hospital_id):
        settle(claimed, answer)


def take_step(moment: Moment) -> StepAnswer:
    async def work(provider: Provider) -> StepAnswer:
        try:
            return await STEPS[moment.state](provider, moment)
        except ProviderError as error:
            return error.as_failure("", provider.clock())
        except SendFailed as failure:
            return failure

    try:
        return run_with(load_facts(moment.hospital_id, moment.account_id), work)
    except SendFailed as inactive:
        return inactive


def settle(moment: Moment, answer: StepAnswer) -> None:
    if isinstance(answer, SendFailed):
        actions.settle_moment_failed(moment, answer)
    elif isinstance(answer, str):
        actions.settle_job(moment, answer)
    elif isinstance(answer, MomentReport) and moment.state == Moment.State.STOPPING:
        actions.settle_cancelled(moment, answer)
    elif isinstance(answer, MomentReport):
        actions.settle_progress(moment, answer)
    else:
        actions.settle_moment_made(moment, answer)


async def make(provider: Provider, moment: Moment) -> str:
    """Make the job; files whose ids have run out there are uploaded anew, once."""
    attachments = [Attachment(**one) for one in moment.attachments]
    files = [one.file for one in attachments]
    media_ids = await prepare_media(provider, MOMENT, files)
    order = (moment.text, attachments, moment.sender_userids)
    try:
        return await moments.add_moment(provider, *order, media_ids)
    except ProviderError as error:
        if error.reason != EXPIRED or not files:
            raise
    await forget_media(provider, MOMENT, files)
    return await moments.add_moment(provider, *order, await prepare_media(provider, MOMENT, files))


async def find_made(provider: Provider, moment: Moment) -> MadeMoment | None:
    return await moments.find_made(provider, moment.job_id)


async def read(provider: Provider, moment: Moment) -> MomentReport:
    return await moments.read_moment(provider, moment.provider_moment_id)


async def cancel(provider: Provider, moment: Moment) -> MomentReport:
    await moments.cancel_moment(provider, moment.provider_moment_id)
    return await moments.read_moment(provider, moment.provider_moment_id)


STEPS: dict[str, Callable[[Provider, Moment], Awaitable[StepAnswer]]] = {
    Moment.State.CLAIMED: make,
    Moment.State.MAKING: find_made,
    Moment.State.OPEN: read,
    Moment.State.STOPPING: cancel,
}
