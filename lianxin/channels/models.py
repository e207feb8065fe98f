"""Accounts, what came in, and the addresses it came from."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models

from lianxin.core.ids import KeyField
from lianxin.core.models import Hospital
from lianxin.staff.models import CareTeam, Department, Staff

EXTERNAL_ID_CHARACTERS = 64
ARRIVAL_KEY_CHARACTERS = 200


class AccountQuerySet(models.QuerySet["Account"]):
    def of(self, hospital_id: int) -> Self:
        return self.filter(hospital_id=hospital_id)

    def active(self) -> Self:
        return self.filter(is_active=True)


class Account(models.Model):
    """One account at one provider. `config` holds ids, the secrets are sealed."""

    class Kind(models.TextChoices):
        WECOM = "wecom"
        WECOM_KF = "wecom_kf"
        OFFICIAL_ACCOUNT = "official_account"
        MINI_PROGRAM = "mini_program"
        WEBCHAT = "webchat"
        SMS = "sms"

    class Health(models.TextChoices):
        UNKNOWN = "unknown"
        WORKING = "working"
        FAILING = "failing"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    key = KeyField()
    kind = models.CharField(max_length=20, choices=Kind.choices)
    name = models.CharField(max_length=120)
    # corp_id, agent_id, open_kfid, app_id, original_id, mode, page, sdk_app_id, sign_name …
    config = models.JSONField(default=dict, blank=True)
    # JSON: secret, token, encoding_aes_key, secret_id, secret_key
    secrets_sealed = models.BinaryField(default=b"")
    base_url = models.CharField(max_length=300, blank=True)
    is_active = models.BooleanField(default=True)
    health = models.CharField(max_length=12, choices=Health.choices, default=Health.UNKNOWN)
    health_reason = models.CharField(max_length=40, blank=True)
    check_requested_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    last_callback_at = models.DateTimeField(null=True)
    # WeChat customer service: where the next page starts, and when reconciliation last ran.
    sync_cursor = models.CharField(max_length=200, blank=True)
    reconciled_at = models.DateTimeField(null=True)

    objects = AccountQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class AccountRoute(models.Model):
    """Which hospital an account key in a callback address belongs to. Holds nothing else."""

    row_security_exempt: ClassVar[str] = "a callback arrives before its hospital is known"

    key = models.CharField(max_length=12, primary_key=True)
    kind = models.CharField(max_length=20)
    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account_id = models.BigIntegerField()

    def __str__(self) -> str:
        return self.key


class AccessToken(models.Model):
    """The provider's token of one account, shared by all processes."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.OneToOneField(Account, models.PROTECT, related_name="+")
    token_sealed = models.BinaryField(default=b"")
    expires_at = models.DateTimeField(null=True)
    # The process that took the lease refreshes; a dead one's lease runs out.
    refreshing_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"token of {self.account_id}"


class Callback(models.Model):
    """A verified callback as it came, kept before anybody understands it."""

    class State(models.TextChoices):
        RECEIVED = "received"
        TRANSLATED = "translated"
        UNKNOWN = "unknown"
        FAILED = "failed"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    event_key = models.CharField(max_length=40)
    body_sealed = models.BinaryField()
    is_urgent = models.BooleanField(default=False)
    received_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.RECEIVED)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "event_key"], name="callback_once_per_account"
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["hospital", "received_at"],
                condition=models.Q(state="received"),
                name="callback_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.event_key}"


class LiveCode(models.Model):
    """A QR code and what is behind it: who answers, which tags, which journey, which welcome."""

    class State(models.TextChoices):
        MAKING = "making"
        READY = "ready"
        FAILED = "failed"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    key = KeyField()
    # What the provider carries in `state`: at most 30 characters, so a key and not a payload.
    state_key = models.CharField(max_length=30, unique=True)
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    staff = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    team = models.ForeignKey(CareTeam, models.PROTECT, null=True, related_name="+")
    department = models.ForeignKey(Department, models.PROTECT, null=True, related_name="+")
    name = models.CharField(max_length=120)
    # Neutral words only: a disease never becomes a tag before verification and consent.
    tag_names = models.JSONField(default=list, blank=True)
    journey_key = models.CharField(max_length=60, blank=True)
    welcome_text = models.TextField(blank=True)
    welcome_link_path = models.CharField(max_length=300, blank=True)
    config_id = models.CharField(max_length=120, blank=True)
    qr_url = models.CharField(max_length=600, blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.MAKING)
    failure_code = models.CharField(max_length=40, blank=True)
    is_active = models.BooleanField(default=True)
    # The number of the version that holds now; two people who edit at once meet here.
    revision = models.PositiveIntegerField(default=1)
    # Whether a scan adds at once (`skip_verify`), or the member confirms first.
    adds_at_once = models.BooleanField(default=True)
    # Made for one person (`type` 1): the provider lets such a way never have two.
    is_single = models.BooleanField(default=False)
    # What the provider last confirmed: userids, remark, state, skip_verify.
    confirmed = models.JSONField(default=dict, blank=True)
    confirmed_at = models.DateTimeField(null=True)
    # When the provider's own truth was last read.
    read_at = models.DateTimeField(null=True)
    # The worker that took the lease talks to the provider; a dead one's lease runs out.
    leased_until = models.DateTimeField(null=True)
    next_try_at = models.DateTimeField(null=True)
    # When the provider was first asked to make it, while nobody knows whether it did.
    asked_at = models.DateTimeField(null=True)
    # What the last reading found: "", "drifted" (changed there), "lost" (deleted there).
    finding = models.CharField(max_length=12, blank=True)
    found_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["hospital", "name"], name="livecode_by_name")]

    def __str__(self) -> str:
        return self.name


class CodeMember(models.Model):
    """One person behind a live code: when they answer, and how many new contacts a day."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    live_code = models.ForeignKey(LiveCode, models.PROTECT, related_name="members")
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    rank = models.PositiveSmallIntegerField()
    # [weekday (Monday 0), from, to] in minutes after midnight of the hospital; none: always.
    hours = models.JSONField(default=list, blank=True)
    # 0: as many as come.
    daily_cap = models.PositiveIntegerField(default=0)
    is_fallback = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["live_code", "staff"], name="codemember_once_per_code")
        ]

    def __str__(self) -> str:
        return f"{self.live_code_id} {self.staff_id}"


class LiveCodeVersion(models.Model):
    """One version of a live code, whole, as somebody left it. Written once."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    live_code = models.ForeignKey(LiveCode, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    # Null: the system.
    changed_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["live_code", "number"], name="livecodeversion_once_per_number"
            )
        ]

    def __str__(self) -> str:
        return f"{self.live_code_id} v{self.number}"


class Address(models.Model):
    """Somewhere a message can come from or go to. Who it is, the rooms above know."""

    class State(models.TextChoices):
        ACTIVE = "active"
        REMOVED = "removed"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    key = KeyField()
    external_id = models.CharField(max_length=EXTERNAL_ID_CHARACTERS)
    union_id = models.CharField(max_length=64, blank=True)
    # When the provider was asked for the union id; not every account may know it.
    union_asked_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.ACTIVE)
    live_code = models.ForeignKey(LiveCode, models.PROTECT, null=True, related_name="+")
    # WeCom: the member who added the person first.
    staff = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)
    # The providers' windows count from the patient's own last message.
    last_inbound_at = models.DateTimeField(null=True)
    sent_since_inbound_count = models.PositiveIntegerField(default=0)
    # WeChat customer service: 0 new, 1 bot, 2 queue, 3 taken in the client, 4 ended.
    session_state = models.PositiveSmallIntegerField(default=0)
    session_changed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "external_id"], name="address_once_per_account"
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["hospital", "union_id"],
                condition=~models.Q(union_id=""),
                name="address_by_union",
            ),
            models.Index(
                fields=["account", "added_at"],
                condition=models.Q(union_id="", union_asked_at=None, state="active"),
                name="address_unasked",
            ),
        ]

    def __str__(self) -> str:
        return self.key


class TickCount(models.Model):
    """How many reminders of one kind a person has said yes to: each is good for one message."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    address = models.ForeignKey(Address, models.PROTECT, related_name="ticks")
    template_id = models.CharField(max_length=64)
    left_count = models.PositiveIntegerField(default=0)
    # Refused in the message's own menu: the provider takes none until the next yes.
    is_switched_off = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["address", "template_id"], name="tickcount_once_per_template"
            )
        ]

    def __str__(self) -> str:
        return f"{self.address_id} {self.template_id}"


class Relation(models.Model):
    """One member of staff and one WeCom contact. A person may have several."""

    class State(models.TextChoices):
        HALF = "half"  # the person added a member who has not confirmed yet
        ACTIVE = "active"
        REMOVED = "removed"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    address = models.ForeignKey(Address, models.PROTECT, related_name="relations")
    staff_userid = models.CharField(max_length=64)
    staff = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    live_code = models.ForeignKey(LiveCode, models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=12, choices=State.choices)
    removed_by = models.CharField(max_length=12, blank=True)
    added_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["address", "staff_userid"], name="relation_once_per_pair"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["live_code", "added_at"], name="relation_by_live_code")
        ]

    def __str__(self) -> str:
        return f"{self.address_id} {self.staff_userid}"


class Arrival(models.Model):
    """One translated thing that came in, by callback, sync, web page or reconciliation: once."""

    class Welcome(models.TextChoices):
        NONE = "none"
        WAITING = "waiting"
        CLAIMED = "claimed"
        SENT = "sent"
        MISSED = "missed"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    address = models.ForeignKey(Address, models.PROTECT, null=True, related_name="+")
    live_code = models.ForeignKey(LiveCode, models.PROTECT, null=True, related_name="+")
    # The event it became: contact.added, contact.removed, message.arrived, receipt.arrived …
    event = models.CharField(max_length=40)
    kind = models.CharField(max_length=40)
    arrival_key = models.CharField(max_length=ARRIVAL_KEY_CHARACTERS)
    # Whether the patient could be welcomed through it, and whether that happened within 20 s.
    welcome = models.CharField(max_length=12, choices=Welcome.choices, default=Welcome.NONE)
    welcome_claimed_at = models.DateTimeField(null=True)
    welcome_settled_at = models.DateTimeField(null=True)
    welcome_reason = models.CharField(max_length=40, blank=True)
    payload_sealed = models.BinaryField()
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "arrival_key"], name="arrival_once_per_account"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["live_code", "event"], name="arrival_by_live_code"),
            models.Index(
                fields=["hospital", "received_at"],
                condition=models.Q(welcome__in=["waiting", "claimed"]),
                name="arrival_unwelcomed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.pk}"


class MemberTask(models.Model):
    """A task made at WeCom that a member must confirm; polled until everyone is settled."""

    class State(models.TextChoices):
        OPEN = "open"
        SETTLED = "settled"
        EXPIRED = "expired"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    provider_message_id = models.CharField(max_length=120)
    staff_userid = models.CharField(max_length=64)
    people_count = models.PositiveIntegerField()
    settled_count = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    created_at = models.DateTimeField()
    next_poll_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "provider_message_id"], name="membertask_once_per_message"
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["hospital", "next_poll_at"],
                condition=models.Q(state="open"),
                name="membertask_due",
            )
        ]

    def __str__(self) -> str:
        return self.provider_message_id


class StaffNotice(models.Model):
    """An app message to one member of staff. Holds no patient's name: the link leads there."""

    class State(models.TextChoices):
        WAITING = "waiting"
        CLAIMED = "claimed"
        SENT = "sent"
        FAILED = "failed"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    title = models.CharField(max_length=120)
    text = models.CharField(max_length=300)
    path = models.CharField(max_length=300)
    dedupe_key = models.CharField(max_length=120)
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    attempt_count = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    reason_code = models.CharField(max_length=40, blank=True)
    provider_message_id = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["hospital", "staff", "dedupe_key"], name="staffnotice_once_per_key"
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["hospital", "next_attempt_at"],
                condition=models.Q(state__in=["waiting", "claimed"]),
                name="staffnotice_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.staff_id} {self.dedupe_key}"
