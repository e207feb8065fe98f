"""The network half of corp tags: the allow-list at the provider, and the marks of each relation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from asgiref.sync import sync_to_async

from lianxin.channels import actions, queries
from lianxin.channels.actions.corp_tags import TagClaim
from lianxin.channels.actions.marks import MarkClaim
from lianxin.channels.adapters.base import AccountFacts
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.adapters.reactions import load_facts as load_limits
from lianxin.channels.adapters.wecom import corp_tags
from lianxin.channels.adapters.wecom.corp_tags import StoredTag
from lianxin.channels.models import CorpTag, Relation
from lianxin.channels.providers import load_facts, run_with
from lianxin.channels.rules import tags as tag_rules
from lianxin.core import time
from lianxin.core.scope import scope

TAG_GONE = "tag_gone"


def keep_tag(tag: CorpTag) -> None:
    """Tell the provider the one thing it must know about this tag now. May run twice."""
    account = load_facts(tag.hospital_id, tag.account_id)
    with scope(tag.hospital_id):
        claim = actions.claim_tag(tag)
    if claim is None:
        return
    take_step = STEPS[claim.step]

    async def work(provider: Provider) -> StoredTag | ProviderError | None:
        try:
            return await take_step(provider, claim)
        except ProviderError as error:
            return error

    answer = run_with(account, work)
    with scope(tag.hospital_id):
        settle_tag(claim, answer)


def settle_tag(claim: TagClaim, answer: StoredTag | ProviderError | None) -> None:
    if isinstance(answer, ProviderError):
        actions.settle_tag_failed(claim, answer)
    elif claim.step == tag_rules.MAKE and answer is not None:
        # What stands under our words although we never asked for it was made by somebody else.
        is_ours = claim.asked_at is not None or answer.tag_id not in claim.found_ids
        actions.settle_tag_made(claim, answer, is_ours=is_ours)
    elif claim.step == tag_rules.RENAME:
        actions.settle_tag_renamed(claim)
    else:
        actions.settle_tag_removed(claim)


async def find_tag(provider: Provider, tag: CorpTag) -> StoredTag | None:
    """Find the tag of this name in this group, as the provider has it."""
    stored = await corp_tags.list_corp_tags(provider)
    same = [one for one in stored if (one.group_name, one.name) == (tag.group_name, tag.name)]
    return same[0] if same else None


async def make_tag(provider: Provider, claim: TagClaim) -> StoredTag | None:
    """Make it, or take the one that has this name in this group already."""
    found = await find_tag(provider, claim.tag)
    if found is not None:
        claim.found_ids.add(found.tag_id)
        return found
    made = await corp_tags.add_corp_tag(provider, claim.tag.group_name, claim.tag.name)
    return made or await find_tag(provider, claim.tag)


async def rename_tag(provider: Provider, claim: TagClaim) -> None:
    await corp_tags.edit_corp_tag(provider, claim.tag.tag_id, claim.tag.name)


async def delete_tag(provider: Provider, claim: TagClaim) -> None:
    """Delete it; one that is gone already is what we want."""
    tag_id = claim.tag.tag_id
    if not tag_id:
        found = await find_tag(provider, claim.tag)
        tag_id = found.tag_id if found else ""
    try:
        if tag_id:
            await corp_tags.del_corp_tag(provider, tag_id)
    except ProviderError as error:
        if error.reason != TAG_GONE:
            raise


async def let_go(provider: Provider, claim: TagClaim) -> None:
    """Tell nobody: it was made by somebody else, and nobody carries it through us."""
    del provider, claim


Step = Callable[[Provider, TagClaim], Awaitable[StoredTag | None]]
STEPS: dict[str, Step] = {
    tag_rules.MAKE: make_tag,
    tag_rules.RENAME: rename_tag,
    tag_rules.DELETE: delete_tag,
    tag_rules.LET_GO: let_go,
}


def read_tag_list(hospital_id: int, account_id: int) -> None:
    """Compare the allow-list with the provider's list of tags."""
    account = load_facts(hospital_id, account_id)
    read_at = time.now()
    stored = run_with(account, corp_tags.list_corp_tags)
    with scope(hospital_id):
        actions.settle_tag_list(account_id, stored, read_at=read_at)


def mark_relations(hospital_id: int) -> int:
    """Tell the provider which tags are on the relations that wait; returns how many calls."""
    with scope(hospital_id):
        most = load_limits()["corp_tag_marks_per_run"]
        due = queries.list_relations_to_mark(hospital_id, time.now(), most)
    by_account: dict[int, list[Relation]] = {}
    for relation in due:
        by_account.setdefault(relation.address.account_id, []).append(relation)
    return sum(mark_some(hospital_id, pk, rows) for pk, rows in by_account.items())


def mark_some(hospital_id: int, account_id: int, relations: list[Relation]) -> int:
    account = load_facts(hospital_id, account_id)

    async def work(provider: Provider) -> int:
        count = 0
        for relation in relations:
            claim = await sync_to_async(claim_marks)(account, relation)
            if claim is None:
                continue
            count += 1
            error = await mark(provider, claim)
            await sync_to_async(settle_marks)(account, claim, error)
            if error is not None and error.is_temporary:
                break
        return count

    return run_with(account, work)


async def mark(provider: Provider, claim: MarkClaim) -> ProviderError | None:
    pair = claim.relation.staff_userid, claim.relation.address.external_id
    try:
        await corp_tags.mark_tags(
            provider, pair, add=list(claim.add.values()), remove=list(claim.remove.values())
        )
    except ProviderError as error:
        return error
    return None


def claim_marks(account: AccountFacts, relation: Relation) -> MarkClaim | None:
    with scope(account.hospital_id):
        return actions.claim_marks(relation)


def settle_marks(account: AccountFacts, claim: MarkClaim, error: ProviderError | None) -> None:
    with scope(account.hospital_id):
        if error is None:
            actions.settle_marked(claim)
        else:
            actions.settle_mark_failed(claim, error)
