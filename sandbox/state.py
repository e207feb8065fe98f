"""Everything the sandbox remembers, as plain dataclasses that become JSON and come back."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field, fields, is_dataclass
from hashlib import sha256
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from sandbox.archive_state import CorpArchive
from sandbox.group_state import CorpGroups
from sandbox.kf_state import KfAccount, KfCode
from sandbox.mini_program.users import MiniCode, MiniLink, MiniScene, MiniUser, SubscribeSend
from sandbox.voice.lines import VoiceApp
from sandbox.wecom.people import AcquisitionLink, QuotaPack, Transfer
from sandbox.wecom.posts import Media, Moment

T = TypeVar("T")
Json = dict[str, Any]


@dataclass
class Settings:
    """What the documents leave open or what tests want smaller."""

    minute_limit: int = 10_000
    hour_limit: int = 150_000
    staff_message_limit: int = 30
    staff_message_hour_limit: int = 1000
    kf_transitions: dict[str, list[int]] = field(
        default_factory=lambda: {"0": [2, 3], "1": [2, 3], "2": [3], "3": [3, 4], "4": []}
    )
    kf_empty_pages: bool = True
    kf_page_size: int = 1000
    kf_without_token_limit: int = 600
    # A corp that is not verified may have ten.
    kf_account_limit: int = 5000
    welcome_busy_seconds: float = 0.0
    mark_busy_seconds: float = 0.0
    transfer_busy_seconds: float = 0.0
    callback_timeout_seconds: float = 5.0
    callback_retry_seconds: float = 1.0
    timeout_seconds: float = 6.0
    # How often one number may be rung within so many seconds, how long it rings, how long it talks.
    voice_limits: dict[str, int] = field(default_factory=lambda: {"30": 1, "600": 2, "86400": 3})
    ring_seconds: float = 45.0
    talk_seconds: float = 60.0
    console_url: str = ""
    frame_origins: list[str] = field(default_factory=list)
    phone_cookies: list[str] = field(default_factory=list)


@dataclass
class PhoneMessage:
    """One line in one chat on a person's phone."""

    id: int
    chat: str
    at: float
    side: str  # them, me, system
    sender: str
    kind: str  # text, link, miniprogram, image, template, menu, note
    body: Json
    via: str  # welcome, mass, kf, official, template, mini, subscribe, sms, typed
    log_id: int | None = None
    provider_id: str = ""


@dataclass
class Person:
    id: str
    name: str
    age: int = 0
    gender: int = 0
    phone: str = ""
    union_id: str = ""
    note: str = ""
    name_en: str = ""
    note_en: str = ""
    is_featured: bool = True
    inbox: list[PhoneMessage] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    templates_blocked: list[str] = field(default_factory=list)

    def introduce(self) -> Json:
        """Name her for the log, in both languages."""
        return {"person": self.name, "person_en": self.name_en or self.name}


@dataclass
class CallbackTarget:
    url: str = ""
    token: str = ""
    encoding_aes_key: str = ""


@dataclass
class App:
    agent_id: str
    secret: str
    name: str = ""
    rights: list[str] = field(default_factory=lambda: ["contact", "kf", "message"])
    # 企业可信IP; none means that any address may call, as in a corp of the time before it.
    trusted_ips: list[str] = field(default_factory=list)
    # 聊天工具栏: the page that stands beside the members' chats.
    sidebar_url: str = ""


@dataclass
class Member:
    userid: str
    name: str = ""
    position: str = ""
    mobile: str = ""
    is_active: bool = True
    # Without one (互通许可) the lists leave out the member's customers and name the member.
    has_licence: bool = True
    # How many customers fit (客户上限); 0: as many as come.
    customer_limit: int = 0
    is_verified: bool = True
    left_at: int = 0


@dataclass
class ContactWay:
    config_id: str
    body: Json
    qr_code: str
    created_at: int
    turn: int = 0


@dataclass
class Relation:
    """One member and one customer of a corp."""

    userid: str
    external_userid: str
    person: str
    state: str = "active"  # half, active, removed_by_member, removed_by_customer
    code_state: str = ""
    added_at: int = 0
    last_at: float = 0.0
    has_chatted: bool = False
    remark: Json = field(default_factory=dict)
    tag_ids: list[str] = field(default_factory=list)
    add_way: int = 1
    mass_received: list[float] = field(default_factory=list)


@dataclass
class WelcomeCode:
    code: str
    userid: str
    external_userid: str
    issued_at: float
    status: str = "issued"  # issued, sending, delivered


@dataclass
class MassItem:
    external_userid: str
    userid: str
    status: int = 0
    send_time: int = 0
    # A customer group instead of a customer.
    chat_id: str = ""


@dataclass
class MassTask:
    msgid: str
    body: Json
    created_at: int
    items: list[MassItem]
    confirmed: dict[str, int] = field(default_factory=dict)
    is_cancelled: bool = False
    reminded: list[float] = field(default_factory=list)


@dataclass
class StaffMessage:
    """What the work phone of one member shows."""

    id: int
    userid: str
    at: float
    kind: str
    body: Json
    agent_id: str
    msgid: str
    # A card whose button was pressed: what stands in the buttons' place.
    answer: str = ""


@dataclass
class CardCode:
    """What a press gave to the app: it may change the card with it, once."""

    code: str
    userid: str
    message_id: int
    issued_at: float
    is_used: bool = False


@dataclass
class Tag:
    id: str
    name: str
    created_at: int
    order: int = 0
    # The app that made it; empty: an administrator, in the console.
    agent_id: str = ""


@dataclass
class TagGroup:
    id: str
    name: str
    created_at: int
    order: int = 0
    agent_id: str = ""
    tags: list[Tag] = field(default_factory=list)


@dataclass
class Token:
    value: str
    agent_id: str
    expires_at: float
    is_revoked: bool = False


@dataclass
class Corp:
    corp_id: str
    name: str = ""
    apps: list[App] = field(default_factory=list)
    members: dict[str, Member] = field(default_factory=dict)
    callback: CallbackTarget = field(default_factory=CallbackTarget)
    kf_callback: CallbackTarget = field(default_factory=CallbackTarget)
    contacts_callback: CallbackTarget = field(default_factory=CallbackTarget)
    has_developer_account: bool = True
    has_own_welcome: bool = False
    mass_quota: str = "month_days"
    tokens: dict[str, Token] = field(default_factory=dict)
    contact_ways: dict[str, ContactWay] = field(default_factory=dict)
    relations: dict[str, Relation] = field(default_factory=dict)
    welcome_codes: dict[str, WelcomeCode] = field(default_factory=dict)
    tasks: dict[str, MassTask] = field(default_factory=dict)
    tag_groups: list[TagGroup] = field(default_factory=list)
    groups: CorpGroups = field(default_factory=CorpGroups)
    staff_messages: list[StaffMessage] = field(default_factory=list)
    card_codes: dict[str, CardCode] = field(default_factory=dict)
    # Who answered for the archive: "userid external_userid", or chat_id in front → answer, when.
    archive_answers: dict[str, Json] = field(default_factory=dict)
    archive: CorpArchive = field(default_factory=CorpArchive)
    kf: dict[str, KfAccount] = field(default_factory=dict)
    kf_codes: dict[str, KfCode] = field(default_factory=dict)
    moments: dict[str, Moment] = field(default_factory=dict)
    media: dict[str, Media] = field(default_factory=dict)
    transfers: list[Transfer] = field(default_factory=list)
    links: dict[str, AcquisitionLink] = field(default_factory=dict)
    link_quota: list[QuotaPack] = field(default_factory=list)
    link_quota_total: int = 0
    # userid → day (YYYY-MM-DD) → what the statistics have of it.
    behavior: dict[str, Json] = field(default_factory=dict)

    def list_relations(self, external_userid: str) -> list[Relation]:
        return [r for r in self.relations.values() if r.external_userid == external_userid]


@dataclass
class Follower:
    openid: str
    person: str
    is_subscribed: bool = False
    subscribed_at: int = 0
    scene: str = ""
    # How they came, as the statistics number it.
    source: int = 0
    message_at: float = 0.0
    message_sent: int = 0
    act_at: float = 0.0
    act_sent: int = 0
    ticks: dict[str, int] = field(default_factory=dict)
    switched_off: list[str] = field(default_factory=list)


@dataclass
class SceneCode:
    ticket: str
    scene: str
    is_text: bool
    expires_at: float | None


@dataclass
class TemplateSend:
    msgid: int
    openid: str
    template_id: str
    body: Json
    at: float
    status: str = "sent"


@dataclass
class OfficialAccount:
    app_id: str
    original_id: str = ""
    name: str = ""
    secret: str = ""
    token: str = ""
    encoding_aes_key: str = ""
    mode: str = "safe"
    callback_url: str = ""
    ip_white_list: list[str] = field(default_factory=list)
    is_bound: bool = True
    templates: list[Json] = field(default_factory=list)
    # Templates of subscribe notices; `kind` is one_time or long_term.
    notices: list[Json] = field(default_factory=list)
    tokens: dict[str, Token] = field(default_factory=dict)
    forced_at: list[float] = field(default_factory=list)
    followers: dict[str, Follower] = field(default_factory=dict)
    codes: dict[str, SceneCode] = field(default_factory=dict)
    templates_sent: list[TemplateSend] = field(default_factory=list)
    client_msg_ids: dict[str, int] = field(default_factory=dict)
    notices_sent: list[SubscribeSend] = field(default_factory=list)
    media: dict[str, float] = field(default_factory=dict)
    menu: list[Json] = field(default_factory=list)
    drafts: dict[str, list[Json]] = field(default_factory=dict)
    publications: dict[str, Json] = field(default_factory=dict)
    # What the platform will say of the next submitted draft: 0 for yes.
    next_examination: int = 0
    # Day → source → how many came and how many went.
    follow_days: dict[str, dict[str, list[int]]] = field(default_factory=dict)


@dataclass
class MiniProgram:
    app_id: str
    original_id: str = ""
    name: str = ""
    secret: str = ""
    token: str = ""
    encoding_aes_key: str = ""
    mode: str = "safe"
    data_format: str = "json"  # json, xml
    callback_url: str = ""
    ip_white_list: list[str] = field(default_factory=list)
    is_bound: bool = True
    home_url: str = ""
    pages: list[str] = field(default_factory=lambda: ["pages/home/index"])
    templates: list[Json] = field(default_factory=list)
    tokens: dict[str, Token] = field(default_factory=dict)
    forced_at: list[float] = field(default_factory=list)
    users: dict[str, MiniUser] = field(default_factory=dict)
    codes: dict[str, MiniCode] = field(default_factory=dict)
    links: dict[str, MiniLink] = field(default_factory=dict)
    scenes: dict[str, MiniScene] = field(default_factory=dict)
    sent: list[SubscribeSend] = field(default_factory=list)


@dataclass
class SmsApp:
    sdk_app_id: str
    secret_id: str = ""
    secret_key: str = ""
    signs: list[str] = field(default_factory=list)
    templates: dict[str, str] = field(default_factory=dict)
    # Ids of those that the gateway has not approved yet.
    in_review: list[str] = field(default_factory=list)
    sent: list[Json] = field(default_factory=list)


@dataclass
class OauthCode:
    code: str
    account: str
    person: str
    userid: str
    scope: str
    issued_at: float
    is_snapshot: bool = False
    is_used: bool = False


@dataclass
class World:
    """The whole of it."""

    settings: Settings = field(default_factory=Settings)
    persons: dict[str, Person] = field(default_factory=dict)
    corps: dict[str, Corp] = field(default_factory=dict)
    official_accounts: dict[str, OfficialAccount] = field(default_factory=dict)
    mini_programs: dict[str, MiniProgram] = field(default_factory=dict)
    sms: dict[str, SmsApp] = field(default_factory=dict)
    voice: dict[str, VoiceApp] = field(default_factory=dict)
    oauth_codes: dict[str, OauthCode] = field(default_factory=dict)
    oauth_tokens: dict[str, Json] = field(default_factory=dict)
    counts: dict[str, Json] = field(default_factory=dict)
    next_id: int = 1

    def take_id(self) -> int:
        self.next_id += 1
        return self.next_id - 1

    def find_kf(self, open_kfid: str) -> tuple[Corp, KfAccount] | None:
        for corp in self.corps.values():
            if account := corp.kf.get(open_kfid):
                return corp, account
        return None


def derive(prefix: str, *parts: str, size: int = 30) -> str:
    """Make an id that is stable for these parts and says nothing about them."""
    digest = sha256("|".join(parts).encode()).digest()
    return prefix + base64.urlsafe_b64encode(digest).decode().replace("=", "")[:size]


# A person with such an id uses WeCom at another company, not WeChat.
WECOM_USER = "wecom-"


def make_external_userid(corp_id: str, person_id: str) -> str:
    return derive("wo" if person_id.startswith(WECOM_USER) else "wm", corp_id, person_id)


def make_openid(account_id: str, person_id: str) -> str:
    return derive("o", account_id, person_id, size=27)


def dump(world: World) -> str:
    """Write it all as JSON, without copying it first."""
    return json.dumps(world, default=vars, ensure_ascii=False)


def load(kind: type[T], data: Any) -> T:
    """Rebuild a dataclass from its JSON; unknown keys are left out, missing ones defaulted."""
    hints = get_type_hints(kind)
    names = {f.name for f in fields(kind)}  # type: ignore[arg-type]  # T is a dataclass here
    values = {k: _restore(hints[k], v) for k, v in data.items() if k in names}
    return kind(**values)


def _restore(hint: Any, value: Any) -> Any:
    if is_dataclass(hint) and isinstance(hint, type):
        return load(hint, value)
    origin, args = get_origin(hint), get_args(hint)
    if origin is list and is_dataclass(args[0]):
        return [_restore(args[0], item) for item in value]
    if origin is dict and is_dataclass(args[1]):
        return {key: _restore(args[1], item) for key, item in value.items()}
    return value
