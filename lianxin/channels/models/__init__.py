"""Accounts, what came in, and the addresses it came from."""

from __future__ import annotations

from lianxin.channels.models.accounts import AccessToken, Account, AccountRoute
from lianxin.channels.models.addresses import (
    ERASED_PREFIX,
    EXTERNAL_ID_CHARACTERS,
    Address,
    Relation,
    TickCount,
)
from lianxin.channels.models.api_uses import ApiUse
from lianxin.channels.models.archive import (
    PURPOSE_CHARACTERS,
    Archive,
    ArchiveConsent,
    ArchivedMessage,
    ArchiveKey,
)
from lianxin.channels.models.arrivals import ARRIVAL_KEY_CHARACTERS, Arrival, Callback
from lianxin.channels.models.calls import StaffCall
from lianxin.channels.models.campaigns import Campaign, CampaignAddress, CampaignVisits
from lianxin.channels.models.checks import AccountCheck
from lianxin.channels.models.costs import Budget, CostLine, Price
from lianxin.channels.models.customer_service import Servicer, SessionRequest
from lianxin.channels.models.follower_days import FollowerDay
from lianxin.channels.models.groups import (
    GROUP_NAME_CHARACTERS,
    REMARK_CHARACTERS,
    Group,
    GroupCheck,
    GroupDay,
    GroupMember,
    GroupSync,
    GroupTransfer,
    GroupWelcome,
    JoinCode,
    JoinCodeGroup,
    KeptAtProvider,
)
from lianxin.channels.models.links import (
    PLACE_CHARACTERS,
    AcquisitionLink,
    LinkPlace,
    LinkQuota,
)
from lianxin.channels.models.live_codes import CodeMember, LiveCode, LiveCodeVersion
from lianxin.channels.models.mass_sends import MassSend
from lianxin.channels.models.media import Media, MediaFile
from lianxin.channels.models.member_days import MemberDay
from lianxin.channels.models.menus import OfficialMenu
from lianxin.channels.models.moments import Moment, MomentMember
from lianxin.channels.models.publications import (
    Publication,
)
from lianxin.channels.models.service_accounts import ServiceAccount
from lianxin.channels.models.service_days import ServiceDay
from lianxin.channels.models.stays import Stay
from lianxin.channels.models.subscribe_templates import SubscribeTemplate
from lianxin.channels.models.syncs import ContactSync
from lianxin.channels.models.tags import NAME_CHARACTERS, ContactTag, CorpTag, RelationTag
from lianxin.channels.models.tasks import (
    CardPress,
    MemberTask,
    StaffNotice,
    TaskReminder,
    TaskShare,
)
from lianxin.channels.models.transfers import WORDS_CHARACTERS, MemberLeave, Transfer
from lianxin.channels.models.webchat import UsedSignature

__all__ = [
    "ARRIVAL_KEY_CHARACTERS",
    "ERASED_PREFIX",
    "EXTERNAL_ID_CHARACTERS",
    "GROUP_NAME_CHARACTERS",
    "NAME_CHARACTERS",
    "PLACE_CHARACTERS",
    "PURPOSE_CHARACTERS",
    "REMARK_CHARACTERS",
    "WORDS_CHARACTERS",
    "AccessToken",
    "Account",
    "AccountCheck",
    "AccountRoute",
    "AcquisitionLink",
    "Address",
    "ApiUse",
    "Archive",
    "ArchiveConsent",
    "ArchiveKey",
    "ArchivedMessage",
    "Arrival",
    "Budget",
    "Callback",
    "Campaign",
    "CampaignAddress",
    "CampaignVisits",
    "CardPress",
    "CodeMember",
    "ContactSync",
    "ContactTag",
    "CorpTag",
    "CostLine",
    "FollowerDay",
    "Group",
    "GroupCheck",
    "GroupDay",
    "GroupMember",
    "GroupSync",
    "GroupTransfer",
    "GroupWelcome",
    "JoinCode",
    "JoinCodeGroup",
    "KeptAtProvider",
    "LinkPlace",
    "LinkQuota",
    "LiveCode",
    "LiveCodeVersion",
    "MassSend",
    "Media",
    "MediaFile",
    "MemberDay",
    "MemberLeave",
    "MemberTask",
    "Moment",
    "MomentMember",
    "OfficialMenu",
    "Price",
    "Publication",
    "Relation",
    "RelationTag",
    "ServiceAccount",
    "ServiceDay",
    "Servicer",
    "SessionRequest",
    "StaffCall",
    "StaffNotice",
    "Stay",
    "SubscribeTemplate",
    "TaskReminder",
    "TaskShare",
    "TickCount",
    "Transfer",
    "UsedSignature",
]
