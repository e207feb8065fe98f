"""The network half of the jobs: load, ask the provider, hand the answer to one action."""

from __future__ import annotations

from lianxin.channels.synchronising.accounts import (
    UNION_ID_ASKERS,
    check_account,
    identify_addresses,
)
from lianxin.channels.synchronising.archive import (
    check_archive,
    keep_archive,
    read_archive_consents,
    read_batch,
)
from lianxin.channels.synchronising.article_counts import read_article_counts
from lianxin.channels.synchronising.calls import place_call
from lianxin.channels.synchronising.contacts import read_contacts, run_sync, sync_now
from lianxin.channels.synchronising.customer_service import (
    change_session,
    keep_servicers,
    read_servicers,
)
from lianxin.channels.synchronising.customers import read_customers
from lianxin.channels.synchronising.follower_days import read_follower_days
from lianxin.channels.synchronising.followers import compare_followers
from lianxin.channels.synchronising.group_owners import count_group_days, make_group_transfers
from lianxin.channels.synchronising.groups import (
    read_groups,
    run_group_sync,
    sync_groups_now,
)
from lianxin.channels.synchronising.join_codes import keep_group_welcome, keep_join_code
from lianxin.channels.synchronising.live_codes import keep_live_code, read_live_code
from lianxin.channels.synchronising.media import keep_media
from lianxin.channels.synchronising.member_days import read_member_days
from lianxin.channels.synchronising.menus import keep_menu
from lianxin.channels.synchronising.messages import sync_messages
from lianxin.channels.synchronising.moments import keep_moment
from lianxin.channels.synchronising.notices import recall_notice, send_notice, tell_press
from lianxin.channels.synchronising.pictures import read_picture
from lianxin.channels.synchronising.publications import (
    keep_publications,
)
from lianxin.channels.synchronising.service_accounts import (
    keep_service_account,
    read_service_accounts,
)
from lianxin.channels.synchronising.service_days import read_service_days
from lianxin.channels.synchronising.subscribe_templates import read_subscribe_templates
from lianxin.channels.synchronising.tags import keep_tag, mark_relations, read_tag_list
from lianxin.channels.synchronising.tasks import find_outside_tasks, remind_members, settle_task
from lianxin.channels.synchronising.transfers import keep_transfers, read_unassigned

__all__ = [
    "UNION_ID_ASKERS",
    "change_session",
    "check_account",
    "check_archive",
    "compare_followers",
    "count_group_days",
    "find_outside_tasks",
    "identify_addresses",
    "keep_archive",
    "keep_group_welcome",
    "keep_join_code",
    "keep_live_code",
    "keep_media",
    "keep_menu",
    "keep_moment",
    "keep_publications",
    "keep_service_account",
    "keep_servicers",
    "keep_tag",
    "keep_transfers",
    "make_group_transfers",
    "mark_relations",
    "place_call",
    "read_archive_consents",
    "read_article_counts",
    "read_batch",
    "read_contacts",
    "read_customers",
    "read_follower_days",
    "read_groups",
    "read_live_code",
    "read_member_days",
    "read_picture",
    "read_service_accounts",
    "read_service_days",
    "read_servicers",
    "read_subscribe_templates",
    "read_tag_list",
    "read_unassigned",
    "recall_notice",
    "remind_members",
    "run_group_sync",
    "run_sync",
    "send_notice",
    "settle_task",
    "sync_groups_now",
    "sync_messages",
    "sync_now",
    "tell_press",
]
