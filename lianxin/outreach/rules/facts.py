"""What the gate must know to decide, and what it answers. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, tzinfo
from types import MappingProxyType

# Kinds of message.
CARD = "card"
CONTENT = "content"
MESSAGE = "message"
REPLY = "reply"
SAFETY = "safety"
WELCOME = "welcome"
# What is said when a talk is handed on or ends, and the question how it was.
SESSION = "session"
RATING = "rating"
KINDS = (SAFETY, WELCOME, REPLY, SESSION, RATING, CARD, CONTENT, MESSAGE)

# Carriers: the ways out of the house.
KF_TEXT = "kf_text"
OA_TEXT = "oa_text"
OA_SUBSCRIBE = "oa_subscribe"
OA_TEMPLATE = "oa_template"
MINI_TEXT = "mini_text"
MINI_SUBSCRIBE = "mini_subscribe"
WECOM_TASK = "wecom_task"
WELCOME_CODE = "welcome_code"
WEBCHAT = "webchat"
SMS = "sms"

CARRIERS_OF_ACCOUNT: Mapping[str, tuple[str, ...]] = {
    "wecom_kf": (KF_TEXT, WELCOME_CODE),
    "official_account": (OA_TEXT, OA_SUBSCRIBE, OA_TEMPLATE),
    "mini_program": (MINI_TEXT, MINI_SUBSCRIBE),
    "wecom": (WECOM_TASK, WELCOME_CODE),
    "webchat": (WEBCHAT,),
    "sms": (SMS,),
    "voice": (),  # rings staff, never a patient
}

# The kinds of account that a patient can come to by herself; the others need a telephone number.
JOINABLE = ("wecom", "wecom_kf", "official_account", "mini_program", "webchat")

# Why a subscribe message may not go: the person has not said yes often enough.
NO_TICK = "mini_no_tick"
NOTICE_USED = "notice_used"

# A provider forgets a second send with the same client key, so these may be tried again blindly.
REPEATABLE = frozenset({KF_TEXT, OA_TEMPLATE, WEBCHAT, WELCOME_CODE})


@dataclass(frozen=True, slots=True)
class Message:
    """One thing that wants to reach a patient."""

    kind: str
    priority: str
    purpose: str = ""
    key: str = ""
    findings: tuple[str, ...] = ()
    lock_screen_names: tuple[str, ...] = ()
    is_patient_set_time: bool = False
    answers_address_id: int | None = None
    window_starts_at: datetime | None = None
    window_ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """How many capped messages this patient already got, counted in hospital days."""

    total_today: int = 0
    today: Mapping[str, int] = field(default_factory=dict)
    this_week: Mapping[str, int] = field(default_factory=dict)
    this_month: Mapping[str, int] = field(default_factory=dict)


NOTHING_SENT = Usage()


@dataclass(frozen=True, slots=True)
class Person:
    """The patient, or a holder of whom no patient is verified yet (`is_verified` false)."""

    state: str = "active"
    is_verified: bool = True
    is_stopped: bool = False
    stop_reason: str = ""
    consents: frozenset[str] = frozenset()
    usage: Usage = NOTHING_SENT


@dataclass(frozen=True, slots=True)
class StaffFacts:
    """A staff member whom this contact has added, with today's confirmation tasks."""

    staff_id: int
    userid: str
    tasks_today: int = 0


@dataclass(frozen=True, slots=True)
class QuotaUse:
    """What is used of one quota in its running period; closed when the provider said so itself."""

    limit: int
    used: int = 0
    closed_until: datetime | None = None
    # Of the whole account, not of one customer.
    is_shared: bool = False
    # A budget of money, counted in messages of what one costs.
    is_money: bool = False
    # How long a period is: day, week or month.
    every: str = "month"

    @property
    def left(self) -> int:
        return max(0, self.limit - self.used)


NO_QUOTAS: Mapping[str, QuotaUse] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """One template of subscribe notices, and what is left of a person's yes to it."""

    template_id: str
    title: str
    is_long_term: bool
    # The priorities of the messages that it is for.
    uses: frozenset[str]
    left: int = 0
    # Why nothing is left, as a code of `data/reasons.yaml`.
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AddressFacts:
    """One address of one holder, and what its provider still allows there."""

    account_id: int
    account_kind: str
    address_id: int
    holder_id: int | None = None
    rank: int = 0
    is_active: bool = True
    account_is_active: bool = True
    last_message_at: datetime | None = None
    sent_since_message: int = 0
    last_action_at: datetime | None = None
    sent_since_action: int = 0
    service_state: int | None = None
    is_open: bool = False
    template_id: str = ""
    ticks_left: int = 0
    notices: tuple[NoticeFacts, ...] = ()
    staff: tuple[StaffFacts, ...] = ()
    tasks_today: int = 0
    welcome_until: datetime | None = None
    # By carrier: of the whole account, or of this address.
    quotas: Mapping[str, QuotaUse] = field(default_factory=lambda: NO_QUOTAS)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why not, as a code of `data/reasons.yaml` and the numbers of its sentence."""

    code: str
    facts: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Opening:
    """A carrier that may be used: until when and how often (None: no such limit)."""

    until: datetime | None = None
    left: int | None = None
    limit: int | None = None
    staff_id: int | None = None
    # By which template, where the carrier has several.
    template_id: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    carrier: str
    account_id: int
    address_id: int
    holder_id: int | None = None
    staff_id: int | None = None
    not_before: datetime | None = None
    template_id: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reason, for one carrier or (carrier empty) for the whole message."""

    reason: Reason
    carrier: str = ""
    account_id: int | None = None
    address_id: int | None = None
    # Whether this way would have come before the one that was chosen.
    is_before_choice: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """Carriers to try in this order; when there is none, the refusals say why."""

    attempts: tuple[Attempt, ...] = ()
    refusals: tuple[Refusal, ...] = ()

    @property
    def is_allowed(self) -> bool:
        return bool(self.attempts)

    @property
    def is_refused_whole(self) -> bool:
        return not self.attempts and any(not refusal.carrier for refusal in self.refusals)


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, and the zone in which the hospital's clock hangs."""

    at: datetime
    zone: tzinfo

    @property
    def local(self) -> datetime:
        return self.at.astimezone(self.zone)


@dataclass(frozen=True, slots=True)
class Span:
    """A daily stretch of clock time, which may run past midnight."""

    starts: time
    ends: time


def list_carriers(address: AddressFacts) -> list[str]:
    """Return the ways out at an address; subscribe notices only where the account has some."""
    return [
        carrier
        for carrier in CARRIERS_OF_ACCOUNT[address.account_kind]
        if carrier != OA_SUBSCRIBE or address.notices
    ]
