"""Background work of the channels. Every job may run twice and may die anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TypeVar

import structlog
from django.db import DataError, IntegrityError, transaction
from procrastinate.exceptions import AlreadyEnqueued

from lianxin.channels import actions, queries, synchronising
from lianxin.channels.adapters import ADAPTERS
from lianxin.channels.adapters.base import AccountFacts, Inbound, SendFailed
from lianxin.channels.adapters.provider_http import ProviderError
from lianxin.channels.adapters.xml import XmlRefused
from lianxin.channels.models import Account, Callback, Group, StaffCall
from lianxin.channels.sealing import CALLBACK_FIELD
from lianxin.core import keys, time
from lianxin.core.actor import SystemActor
from lianxin.core.errors import RefusedError
from lianxin.core.jobs import job, periodic
from lianxin.core.scope import scope

log = structlog.get_logger(__name__)
T = TypeVar("T")

# A callback this old has lost its job: the worker died again and again, or the queue was emptied.
LEFT_BEHIND = timedelta(minutes=2)
# What a callback that we cannot read may raise; anything else is our bug and fails the job.
UNREADABLE = (XmlRefused, ValueError, TypeError, KeyError, DataError, IntegrityError, RefusedError)


@job()
def translate(hospital_id: int, callback_ids: list[int]) -> None:
    """Turn stored callbacks into arrivals and events; what was translated before is left alone."""
    with scope(hospital_id):
        by_account: dict[int, list[Callback]] = {}
        for callback in queries.list_received(hospital_id, callback_ids):
            by_account.setdefault(callback.account_id, []).append(callback)
        for callbacks in by_account.values():
            translate_group(queries.facts_of(callbacks[0].account), callbacks)


def translate_group(account: AccountFacts, callbacks: list[Callback]) -> None:
    """Translate together; if one spoils it, each on its own, and that one is marked failed."""
    try:
        with transaction.atomic():
            take_callbacks(account, callbacks)
    except UNREADABLE as error:
        if len(callbacks) == 1:
            log.warning("callback.unreadable", id=callbacks[0].pk, error=type(error).__name__)
            actions.settle_callbacks([callbacks[0].pk], Callback.State.FAILED)
            return
        for callback in callbacks:
            translate_group(account, [callback])


def take_callbacks(account: AccountFacts, callbacks: list[Callback]) -> None:
    adapter = ADAPTERS[account.kind]
    known: list[int] = []
    unknown: list[int] = []
    inbounds: list[Inbound] = []
    for callback in callbacks:
        body = keys.hospital_open(
            account.hospital_id, bytes(callback.body_sealed), field=CALLBACK_FIELD
        )
        parsed = adapter.parse(account, body)
        inbounds += [replace(one, received_at=callback.received_at) for one in parsed]
        (known if parsed else unknown).append(callback.pk)
    actions.take_in(account, inbounds)
    actions.settle_callbacks(known, Callback.State.TRANSLATED)
    actions.settle_callbacks(unknown, Callback.State.UNKNOWN)
    actions.note_callback(account.id)
    for notice in inbounds:
        if notice.event == "sync.due":
            defer_sync(account.hospital_id, dict(notice.raw))


def defer_sync(hospital_id: int, notice: dict[str, str]) -> None:
    """Ask for one sync of the account; a waiting one will fetch these messages too."""
    account = queries.find_kf_account(hospital_id, notice.get("open_kfid", ""))
    if account is None:
        return
    lock = f"kf:{account.pk}"
    try:
        with transaction.atomic():
            sync_messages.configure(lock=lock, queueing_lock=lock).defer(
                hospital_id=hospital_id, account_id=account.pk, token=notice.get("token", "")
            )
    except (AlreadyEnqueued, IntegrityError):
        return


@job(queue="urgent")
def sync_messages(hospital_id: int, account_id: int, token: str = "") -> None:
    """Fetch what customer service has; some of it may be answered for 20 seconds only."""
    synchronising.sync_messages(hospital_id, account_id, token)


@job(queue="urgent")
def change_session(hospital_id: int, request_id: int) -> None:
    synchronising.change_session(hospital_id, request_id)


@periodic(seconds=60)
def sweep_sessions(hospital_id: int) -> None:
    """Take up changes of sessions whose job was lost."""
    with scope(hospital_id):
        left = queries.list_left_requests(hospital_id, time.now())
    for request_id in left:
        synchronising.change_session(hospital_id, request_id)


@periodic(seconds=5)
def keep_servicers(hospital_id: int) -> None:
    with scope(hospital_id):
        accounts = queries.list_servicer_accounts(hospital_id, time.now())
    keep_each(accounts, partial(synchronising.keep_servicers, hospital_id), "servicers")


@periodic(seconds=5)
def keep_menus(hospital_id: int) -> None:
    """Publish the menus that were changed."""
    with scope(hospital_id):
        due = queries.list_menus_to_publish(hospital_id, time.now())
    keep_each(due, partial(synchronising.keep_menu, hospital_id), "menu")


@periodic(seconds=5)
def keep_publications(hospital_id: int) -> None:
    """Take the next step of each article on its way."""
    synchronising.keep_publications(hospital_id)


@periodic(seconds=60)
def sweep_callbacks(hospital_id: int) -> None:
    """Find callbacks whose job was lost."""
    with scope(hospital_id):
        ids = queries.list_left_behind(hospital_id, time.now() - LEFT_BEHIND)
        if ids:
            translate.defer(hospital_id=hospital_id, callback_ids=ids)


@periodic(seconds=24 * 3600, queue="bulk")
def forget_raw_callbacks(hospital_id: int) -> None:
    with scope(hospital_id):
        actions.forget_raw(hospital_id)


@periodic(seconds=5, queue="urgent")
def sweep_welcomes(hospital_id: int) -> None:
    """Call a welcome missed when its code has died; it never waits silently."""
    with scope(hospital_id):
        actions.miss_overdue(hospital_id, queries.list_overdue_welcomes(hospital_id, time.now()))


@periodic(seconds=5, queue="urgent")
def send_notices(hospital_id: int) -> None:
    with scope(hospital_id):
        due = queries.list_due_notices(hospital_id, time.now())
    for notice_id in due:
        synchronising.send_notice(hospital_id, notice_id)


@periodic(seconds=5, queue="urgent")
def place_calls(hospital_id: int) -> None:
    """Ring who is to be rung, and end what has been silent for too long."""
    with scope(hospital_id):
        due = queries.list_due_calls(hospital_id, time.now())
        actions.end_silent(hospital_id, [call.pk for call in due])
    for call in due:
        if call.state == StaffCall.State.WAITING:
            synchronising.place_call(hospital_id, call.pk)


@periodic(seconds=5, queue="urgent")
def tell_presses(hospital_id: int) -> None:
    """Show in cards what became of their presses, and take back what is settled."""
    with scope(hospital_id):
        presses = queries.list_presses_to_tell(hospital_id)
        recalls = queries.list_notices_to_recall(hospital_id)
    for press_id in presses:
        synchronising.tell_press(hospital_id, press_id)
    for notice_id in recalls:
        synchronising.recall_notice(hospital_id, notice_id)


@periodic(seconds=5)
def make_live_codes(hospital_id: int) -> None:
    with scope(hospital_id):
        codes = queries.list_unmade_codes(hospital_id)
    keep_each(codes, synchronising.keep_live_code)


@periodic(seconds=20)
def keep_live_codes(hospital_id: int) -> None:
    """Tell the provider who answers now, wherever it knows something else."""
    with scope(hospital_id):
        actions.close_ended_codes(hospital_id)
        codes = queries.list_codes_to_keep(hospital_id, time.now())
    keep_each(codes, synchronising.keep_live_code)


@periodic(seconds=3600, queue="bulk")
def read_live_codes(hospital_id: int) -> None:
    """Read at night what the provider really has behind each code."""
    with scope(hospital_id):
        codes = queries.list_codes_to_read(hospital_id, time.now())
    keep_each(codes, synchronising.read_live_code)


@periodic(seconds=10)
def read_code_pictures(hospital_id: int) -> None:
    """Read what new pictures say, so that they can be printed."""
    with scope(hospital_id):
        codes = queries.list_unread_pictures(hospital_id, time.now())
    keep_each(codes, synchronising.read_picture)


def keep_each(things: Iterable[T], keep: Callable[[T], None], what: str = "live_code") -> None:
    """Keep one after the other; an account that was switched off does not stop the rest."""
    for one in things:
        try:
            keep(one)
        except SendFailed as error:
            key = getattr(one, "key", one)
            log.warning("channels.not_kept", what=what, key=key, reason=str(error))


@periodic(seconds=5)
def identify_addresses(hospital_id: int) -> None:
    """Ask for the union ids that join one person's addresses."""
    with scope(hospital_id):
        accounts = list(queries.list_accounts(hospital_id).active())
    for account in accounts:
        if account.kind in synchronising.UNION_ID_ASKERS:
            synchronising.identify_addresses(hospital_id, account.pk)


@periodic(seconds=5)
def read_contacts(hospital_id: int) -> None:
    """Look at the contacts whose callback left something out: who, how they met, which tags."""
    with scope(hospital_id):
        accounts = list(queries.list_accounts(hospital_id).active().filter(kind="wecom"))
    for account in accounts:
        synchronising.read_contacts(hospital_id, account.pk)


@periodic(seconds=5)
def keep_tags(hospital_id: int) -> None:
    """Keep the allow-list of tags at the provider, and read its list when somebody changed it."""
    with scope(hospital_id):
        lists = queries.list_tag_lists_to_read(hospital_id)
        tags = queries.list_tags_to_keep(hospital_id, time.now())
    try:
        for account_id in lists:
            synchronising.read_tag_list(hospital_id, account_id)
        for tag in tags:
            synchronising.keep_tag(tag)
    except (ProviderError, SendFailed) as error:
        log.warning("tags.not_kept", reason=str(error))


@periodic(seconds=5, queue="bulk")
def mark_relations(hospital_id: int) -> None:
    """Make the tags at the provider equal to what people are to carry."""
    try:
        synchronising.mark_relations(hospital_id)
    except (ProviderError, SendFailed) as error:
        log.warning("relations.not_marked", reason=str(error))


@periodic(seconds=5)
def keep_transfers(hospital_id: int) -> None:
    """Move contacts from one member to another, and ask what became of it."""
    with scope(hospital_id):
        accounts = queries.list_accounts_with_transfers(hospital_id, time.now())
    for account_id in accounts:
        try:
            synchronising.keep_transfers(hospital_id, account_id)
        except (ProviderError, SendFailed) as error:
            log.warning("transfers.not_kept", account_id=account_id, reason=str(error))


@periodic(seconds=3600, queue="bulk")
def read_member_days(hospital_id: int) -> None:
    """Ask what members did yesterday, once the provider has counted it."""
    if not queries.is_day_told(time.now()):
        return
    with scope(hospital_id):
        accounts = list(queries.list_accounts(hospital_id).active().filter(kind="wecom"))
    for account in accounts:
        try:
            synchronising.read_member_days(hospital_id, account.pk)
        except (ProviderError, SendFailed) as error:
            log.warning("member_days.not_read", account=account.key, reason=str(error))


@periodic(seconds=3600, queue="bulk")
def read_archive_consents(hospital_id: int) -> None:
    """Ask who agreed to the archive, where it is on: a callback may be lost."""
    synchronising.read_archive_consents(hospital_id)


@periodic(seconds=3600, queue="bulk")
def read_unassigned(hospital_id: int) -> None:
    """Ask who has gone and left contacts behind: a callback may be lost, or not be set up."""
    with scope(hospital_id):
        accounts = list(queries.list_accounts(hospital_id).active().filter(kind="wecom"))
    for account in accounts:
        try:
            synchronising.read_unassigned(hospital_id, account.pk)
        except (ProviderError, SendFailed) as error:
            log.warning("unassigned.not_read", account=account.key, reason=str(error))


@periodic(seconds=5)
def check_accounts(hospital_id: int) -> None:
    with scope(hospital_id):
        accounts = list(queries.list_accounts_to_check(hospital_id, time.now()))
    for account in accounts:
        try:
            synchronising.check_account(hospital_id, account.pk)
        except SendFailed as error:
            # Switched off since it was listed.
            log.info("account.not_checked", account=account.key, reason=str(error))


@periodic(seconds=30, queue="bulk")
def settle_tasks(hospital_id: int) -> None:
    """Ask what became of the staff-confirmed tasks."""
    with scope(hospital_id):
        tasks = queries.list_due_tasks(hospital_id, time.now())
    for task in tasks:
        try:
            synchronising.settle_task(task)
        except (ProviderError, SendFailed) as error:
            log.warning("task.not_settled", task_id=task.pk, reason=str(error))


@periodic(seconds=5)
def remind_members(hospital_id: int) -> None:
    """Send the reminders that somebody asked for."""
    with scope(hospital_id):
        actions.settle_abandoned_reminders(hospital_id)
        due = queries.list_due_reminders(hospital_id)
    for reminder_id in due:
        synchronising.remind_members(hospital_id, reminder_id)


@periodic(seconds=5)
def keep_moments(hospital_id: int) -> None:
    """Make the moments that were asked for, and look who has published."""
    with scope(hospital_id):
        due = queries.list_due_moments(hospital_id, time.now())
    for moment in due:
        synchronising.keep_moment(moment)


@periodic(seconds=3600, queue="bulk")
def find_outside_tasks(hospital_id: int) -> None:
    """Look for mass tasks that members or other tools made: they use the customers' quota too."""
    with scope(hospital_id):
        accounts = queries.list_accounts_with_tasks(hospital_id)
    for account in accounts:
        try:
            synchronising.find_outside_tasks(hospital_id, account.pk)
        except (ProviderError, SendFailed) as error:
            log.warning("tasks.not_listed", account=account.key, reason=str(error))


@periodic(seconds=60, queue="bulk")
def reconcile(hospital_id: int) -> None:
    """Compare with the providers' lists, as often as the setting says."""
    with scope(hospital_id):
        due = queries.list_accounts_to_reconcile(hospital_id, time.now())
    for account in due:
        if account.kind == Account.Kind.WECOM:
            # Its list may take minutes, so a job of its own reads it.
            with scope(hospital_id):
                actions.request_sync(account, by=SystemActor(hospital_id))
                actions.request_group_sync(account, by=SystemActor(hospital_id))
            continue
        try:
            reconcile_account(account)
        except (ProviderError, SendFailed) as error:
            # One provider that is away does not keep the others from being compared.
            log.warning("account.not_reconciled", account=account.key, reason=str(error))


def reconcile_account(account: Account) -> None:
    """Compare one account now, in this process."""
    if account.kind == Account.Kind.WECOM:
        synchronising.sync_now(account.hospital_id, account.pk)
        synchronising.sync_groups_now(account.hospital_id, account.pk)
    elif account.kind == Account.Kind.WECOM_KF:
        synchronising.sync_messages(account.hospital_id, account.pk, "")
        synchronising.read_servicers(account.hospital_id, account.pk)
    elif account.kind == Account.Kind.OFFICIAL_ACCOUNT:
        synchronising.compare_followers(account.hospital_id, account.pk)


@job(queue="bulk")
def sync_contacts(hospital_id: int, sync_id: int) -> None:
    """Go on with one comparison of contacts; what fails for now is taken up by keep_syncs."""
    try:
        synchronising.run_sync(hospital_id, sync_id)
    except (ProviderError, SendFailed) as error:
        log.warning("contact_sync.stopped", sync_id=sync_id, reason=str(error))


@job(queue="bulk")
def sync_groups(hospital_id: int, sync_id: int) -> None:
    """Go on with one comparison of groups; what fails for now is taken up by keep_group_syncs."""
    try:
        synchronising.run_group_sync(hospital_id, sync_id)
    except (ProviderError, SendFailed) as error:
        log.warning("group_sync.stopped", sync_id=sync_id, reason=str(error))


@periodic(seconds=5)
def keep_group_syncs(hospital_id: int) -> None:
    """Give every open comparison of groups that nobody works at a job."""
    with scope(hospital_id):
        for sync_id in queries.list_group_syncs_to_run(hospital_id, time.now()):
            lock = f"groups:{sync_id}"
            with suppress(AlreadyEnqueued, IntegrityError), transaction.atomic():
                sync_groups.configure(queueing_lock=lock).defer(
                    hospital_id=hospital_id, sync_id=sync_id
                )


@periodic(seconds=5)
def read_groups(hospital_id: int) -> None:
    """Look at the groups that an event, a list or a person asked for."""
    with scope(hospital_id):
        due = queries.list_groups_to_read(hospital_id, time.now())
    by_account: dict[int, list[Group]] = {}
    for row in due:
        by_account.setdefault(row.account_id, []).append(row)
    for rows in by_account.values():
        try:
            synchronising.read_groups(hospital_id, rows)
        except (ProviderError, SendFailed) as error:
            log.warning("groups.not_read", reason=str(error))


@periodic(seconds=5)
def keep_join_codes(hospital_id: int) -> None:
    """Make the codes that lead into groups, and the groups' welcomes, what they are to be."""
    with scope(hospital_id):
        codes = queries.list_join_codes_to_keep(hospital_id, time.now())
        welcomes = queries.list_welcomes_to_keep(hospital_id, time.now())
    keep_each(codes, synchronising.keep_join_code, "join_code")
    keep_each(welcomes, synchronising.keep_group_welcome, "group_welcome")


@periodic(seconds=10)
def make_group_transfers(hospital_id: int) -> None:
    """Hand over the groups that are to have another owner."""
    try:
        synchronising.make_group_transfers(hospital_id)
    except SendFailed as error:
        log.warning("groups.not_handed_over", reason=str(error))


@periodic(seconds=3 * 3600, queue="bulk")
def count_group_days(hospital_id: int) -> None:
    """Fetch the provider's own count of the groups of each owner."""
    with scope(hospital_id):
        accounts = list(queries.list_accounts(hospital_id).active().filter(kind="wecom"))
    for account in accounts:
        try:
            synchronising.count_group_days(account)
        except (ProviderError, SendFailed) as error:
            log.warning("groups.not_counted", account=account.key, reason=str(error))


@periodic(seconds=5)
def keep_syncs(hospital_id: int) -> None:
    """Give every open comparison that nobody works at a job; a waiting job does."""
    with scope(hospital_id):
        for sync_id in queries.list_syncs_to_run(hospital_id, time.now()):
            lock = f"contacts:{sync_id}"
            with suppress(AlreadyEnqueued, IntegrityError), transaction.atomic():
                sync_contacts.configure(queueing_lock=lock).defer(
                    hospital_id=hospital_id, sync_id=sync_id
                )
