"""The network half of customer groups: the list page after page, and one group at a time."""

from __future__ import annotations

from collections.abc import Sequence

from asgiref.sync import sync_to_async

from lianxin.channels import queries
from lianxin.channels.actions import group_syncs, groups
from lianxin.channels.actions.group_syncs import GroupSyncClaim
from lianxin.channels.actions.groups import LookClaim
from lianxin.channels.adapters.base import SendFailed
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.adapters.wecom import groups as wecom_groups
from lianxin.channels.adapters.wecom.calls import list_follow_users
from lianxin.channels.models import Group
from lianxin.channels.providers import load_facts, run_with
from lianxin.core.actor import SystemActor
from lianxin.core.scope import scope

CURSOR_INVALID = "cursor_invalid"


def sync_groups_now(hospital_id: int, account_id: int) -> int:
    """Compare with the list of groups, now and here: how many were new. The looks follow by job."""
    with scope(hospital_id):
        account = queries.find_account(hospital_id, account_id)
        if account is None:
            raise SendFailed("account_inactive", permanent=True)
        sync = group_syncs.request_group_sync(account, by=SystemActor(hospital_id))
    run_group_sync(hospital_id, sync.pk)
    with scope(hospital_id):
        done = queries.find_group_sync(hospital_id, sync.pk) or sync
    return done.found_count


def run_group_sync(hospital_id: int, sync_id: int) -> None:
    """Go on with a run from where it stands to its end. May die anywhere and run twice."""
    with scope(hospital_id):
        claim = group_syncs.claim_group_sync(hospital_id, sync_id)
    if claim is None:
        return
    runner = Runner(hospital_id, claim)
    try:
        account = load_facts(hospital_id, claim.sync.account_id)
        run_with(account, runner.run)
    except ProviderError as error:
        with scope(hospital_id):
            group_syncs.settle_group_sync_failed(runner.claim, error)
        raise


class Runner:
    """One worker at one run over the list of groups."""

    def __init__(self, hospital_id: int, claim: GroupSyncClaim) -> None:
        self.hospital_id = hospital_id
        self.claim = claim
        self.is_ours = True
        self.has_restarted = False

    async def run(self, provider: Provider) -> None:
        while self.is_ours:
            page = await self.fetch(provider)
            if page is None:
                continue
            await sync_to_async(self.store)(page)
            if not self.claim.sync.cursor and not self.claim.batch:
                break
        if self.is_ours:
            await sync_to_async(self.finish)()

    async def fetch(self, provider: Provider) -> wecom_groups.GroupPage | None:
        """Fetch a page; None when the run must begin its list anew."""
        try:
            return await wecom_groups.fetch_groups(
                provider, self.claim.batch, self.claim.sync.cursor
            )
        except ProviderError as error:
            if error.row.code == wecom_groups.TOO_MANY and not self.claim.batch:
                owners = await list_follow_users(provider)
                await sync_to_async(self.name_owners)(owners)
                return None
            if error.reason != CURSOR_INVALID or self.has_restarted or not self.claim.sync.cursor:
                raise
        self.has_restarted = True
        await sync_to_async(self.restart)()
        return None

    def move(self, claim: GroupSyncClaim | None) -> None:
        self.is_ours = claim is not None
        self.claim = claim or self.claim

    def store(self, page: wecom_groups.GroupPage) -> None:
        with scope(self.hospital_id):
            self.move(group_syncs.store_groups(self.claim, page))

    def name_owners(self, owners: Sequence[str]) -> None:
        with scope(self.hospital_id):
            self.move(group_syncs.name_owners(self.claim, owners))

    def restart(self) -> None:
        with scope(self.hospital_id):
            self.move(group_syncs.restart_list(self.claim))

    def finish(self) -> None:
        with scope(self.hospital_id):
            group_syncs.settle_group_sync(self.claim)


def read_groups(hospital_id: int, rows: Sequence[Group]) -> None:
    """Look at groups of one account, one by one; a busy provider ends the round."""
    account = load_facts(hospital_id, rows[0].account_id)

    async def work(provider: Provider) -> None:
        for row in rows:
            claim = await sync_to_async(take)(row)
            if claim is None:
                continue
            seen = await look(provider, claim)
            await sync_to_async(settle)(claim, seen)
            if isinstance(seen, ProviderError) and seen.is_temporary:
                return

    def take(row: Group) -> LookClaim | None:
        with scope(hospital_id):
            return groups.claim_look(row)

    def settle(claim: LookClaim, seen: wecom_groups.SeenGroup | ProviderError | None) -> None:
        with scope(hospital_id):
            if isinstance(seen, ProviderError):
                groups.settle_look_failed(claim, seen)
            else:
                groups.settle_look(claim, seen)

    run_with(account, work)


async def look(
    provider: Provider, claim: LookClaim
) -> wecom_groups.SeenGroup | ProviderError | None:
    try:
        return await wecom_groups.read_group(provider, claim.group.chat_id)
    except ProviderError as error:
        return error
