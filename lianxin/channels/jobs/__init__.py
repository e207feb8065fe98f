"""Background work of the channels. Every job may run twice and may die anywhere."""

from __future__ import annotations

from lianxin.channels.jobs.accounts import check_accounts, reconcile, reconcile_account
from lianxin.channels.jobs.archive import (
    check_archives,
    forget_archived,
    read_archive_consents,
    read_archives,
)
from lianxin.channels.jobs.callbacks import forget_raw_callbacks, sweep_callbacks, translate
from lianxin.channels.jobs.contacts import (
    identify_addresses,
    keep_syncs,
    keep_tags,
    mark_relations,
    read_contacts,
    sync_contacts,
)
from lianxin.channels.jobs.customer_service import (
    change_session,
    keep_servicers,
    read_customers,
    read_service_days,
    sweep_sessions,
    sync_messages,
)
from lianxin.channels.jobs.groups import (
    count_group_days,
    keep_group_syncs,
    keep_join_codes,
    make_group_transfers,
    read_groups,
    sync_groups,
)
from lianxin.channels.jobs.links import keep_links, read_link_quotas, read_links
from lianxin.channels.jobs.live_codes import (
    keep_live_codes,
    make_live_codes,
    read_code_pictures,
    read_live_codes,
)
from lianxin.channels.jobs.media import keep_media
from lianxin.channels.jobs.members import (
    keep_transfers,
    read_member_days,
    read_unassigned,
)
from lianxin.channels.jobs.notices import place_calls, send_notices, sweep_welcomes, tell_presses
from lianxin.channels.jobs.official_account import (
    keep_menus,
    keep_publications,
    read_article_counts,
    read_follower_days,
)
from lianxin.channels.jobs.service_accounts import keep_service_accounts, read_service_accounts
from lianxin.channels.jobs.tasks import (
    find_outside_tasks,
    keep_moments,
    remind_members,
    settle_tasks,
)

__all__ = [
    "change_session",
    "check_accounts",
    "check_archives",
    "count_group_days",
    "find_outside_tasks",
    "forget_archived",
    "forget_raw_callbacks",
    "identify_addresses",
    "keep_group_syncs",
    "keep_join_codes",
    "keep_links",
    "keep_live_codes",
    "keep_media",
    "keep_menus",
    "keep_moments",
    "keep_publications",
    "keep_service_accounts",
    "keep_servicers",
    "keep_syncs",
    "keep_tags",
    "keep_transfers",
    "make_group_transfers",
    "make_live_codes",
    "mark_relations",
    "place_calls",
    "read_archive_consents",
    "read_archives",
    "read_article_counts",
    "read_code_pictures",
    "read_contacts",
    "read_customers",
    "read_follower_days",
    "read_groups",
    "read_link_quotas",
    "read_links",
    "read_live_codes",
    "read_member_days",
    "read_service_accounts",
    "read_service_days",
    "read_unassigned",
    "reconcile",
    "reconcile_account",
    "remind_members",
    "send_notices",
    "settle_tasks",
    "sweep_callbacks",
    "sweep_sessions",
    "sweep_welcomes",
    "sync_contacts",
    "sync_groups",
    "sync_messages",
    "tell_presses",
    "translate",
]
