from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from lianxin.channels.models import Account, Address, Arrival
from lianxin.conversations.rules import threads
from lianxin.core.ids import KeyField
from lianxin.core.models import Hospital
from lianxin.outreach.models import Intent
from lianxin.patients.models import Holder, Patient
from lianxin.staff.models import CareTeam, Department, Staff

CLIENT_KEY_CHARACTERS = 40


class ThreadQuerySet(models.QuerySet["Thread"]):
    def of(self, hospital_id: int) -> Self:
        return self.filter(hospital_id=hospital_id)

    def shown(self) -> Self:
        """Leave out what the law keeps and nobody may read for daily work."""
        return self.exclude(state=Thread.State.RESTRICTED)

    def open(self) -> Self:
        return self.filter(state=Thread.State.OPEN)

    def in_order(self) -> Self:
        """Order as a nurse works: danger, then what is due first, then the newest."""
        return self.order_by(
            "attention",
            models.F("first_reply_due_at").asc(nulls_last=True),
            "-last_message_at",
            "-id",
        )


class Thread(models.Model):
    """Everything said with one person who holds a phone, over all carriers."""

    class State(models.TextChoices):
        OPEN = "open"
        CLOSED = "closed"
        RESTRICTED = "restricted"

    class Urgency(models.TextChoices):
        NORMAL = "normal"
        URGENT = "urgent"
        EMERGENCY = "emergency"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    key = KeyField()
    holder = models.OneToOneField(Holder, models.PROTECT, related_name="+")
    # Whom the talk is about; empty until somebody was verified.
    patient = models.ForeignKey(Patient, models.PROTECT, null=True, related_name="+")
    team = models.ForeignKey(CareTeam, models.PROTECT, null=True, related_name="+")
    assignee = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    urgency = models.CharField(max_length=12, choices=Urgency.choices, default=Urgency.NORMAL)
    # Which words raised it: a code of data/emergency.yaml.
    urgency_category = models.CharField(max_length=20, blank=True)
    urgent_at = models.DateTimeField(null=True)
    escalation_rank = models.PositiveSmallIntegerField(default=0)
    escalated_at = models.DateTimeField(null=True)
    # The place in the list (rules.threads.attention); kept by the actions.
    attention = models.PositiveSmallIntegerField(default=threads.QUIET)
    unread_count = models.PositiveIntegerField(default=0)
    # The first patient message that nobody has answered, and until when it must be.
    waiting_since = models.DateTimeField(null=True)
    first_reply_due_at = models.DateTimeField(null=True)
    last_message = models.ForeignKey("Message", models.PROTECT, null=True, related_name="+")
    last_message_at = models.DateTimeField()
    last_patient_at = models.DateTimeField(null=True)
    # Where the patient wrote last: an answer goes there.
    last_address = models.ForeignKey(Address, models.PROTECT, null=True, related_name="+")
    last_account_kind = models.CharField(max_length=20, blank=True)
    opened_at = models.DateTimeField()

    objects = ThreadQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["hospital", "attention", "first_reply_due_at", "-last_message_at", "-id"],
                condition=~Q(state="restricted"),
                name="thread_in_order",
            ),
            models.Index(
                fields=["assignee", "attention", "first_reply_due_at"],
                condition=Q(state="open"),
                name="thread_by_assignee",
            ),
            models.Index(
                fields=["team", "attention", "first_reply_due_at"],
                condition=Q(state="open"),
                name="thread_by_team",
            ),
            models.Index(
                fields=["hospital", "first_reply_due_at"],
                condition=Q(waiting_since__isnull=False),
                name="thread_waiting",
            ),
            models.Index(fields=["patient", "-last_message_at"], name="thread_by_patient"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(waiting_since=None, first_reply_due_at=None)
                | Q(waiting_since__isnull=False, first_reply_due_at__isnull=False),
                name="thread_waiting_has_a_due_time",
            )
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    @property
    def is_waiting(self) -> bool:
        return self.waiting_since is not None


class Consult(models.Model):
    """One question from its first message to its outcome; what metrics count."""

    class State(models.TextChoices):
        OPEN = "open"
        CLOSED = "closed"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    key = KeyField()
    thread = models.ForeignKey(Thread, models.PROTECT, related_name="consults")
    patient = models.ForeignKey(Patient, models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=20, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    account_kind = models.CharField(max_length=20, blank=True)
    urgency = models.CharField(
        max_length=12, choices=Thread.Urgency.choices, default=Thread.Urgency.NORMAL
    )
    first_patient_at = models.DateTimeField()
    first_reply_due_at = models.DateTimeField()
    first_reply_at = models.DateTimeField(null=True)
    first_reply_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(max_length=24, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["thread"], condition=Q(state="open"), name="consult_one_open_per_thread"
            ),
            models.CheckConstraint(
                condition=Q(state="open") | Q(closed_at__isnull=False),
                name="consult_closed_has_a_time",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["hospital", "first_patient_at"], name="consult_by_time"),
            models.Index(fields=["thread", "-first_patient_at"], name="consult_by_thread"),
        ]

    def __str__(self) -> str:
        return self.key


class Message(models.Model):
    """One thing said, or one private note. Its words are sealed under the holder's record key."""

    class Sender(models.TextChoices):
        PATIENT = "patient"
        STAFF = "staff"
        ASSISTANT = "assistant"  # the product itself, always labelled
        SYSTEM = "system"
        NOTE = "note"

    class State(models.TextChoices):
        RECEIVED = "received"
        QUEUED = "queued"
        SENT = "sent"
        DELIVERED = "delivered"
        FAILED = "failed"
        REFUSED = "refused"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    key = KeyField()
    thread = models.ForeignKey(Thread, models.PROTECT, related_name="messages")
    consult = models.ForeignKey(Consult, models.PROTECT, null=True, related_name="+")
    sender_kind = models.CharField(max_length=12, choices=Sender.choices)
    # Empty for a colleague who answered in the provider's own client.
    sender = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    address = models.ForeignKey(Address, models.PROTECT, null=True, related_name="+")
    arrival = models.OneToOneField(Arrival, models.PROTECT, null=True, related_name="+")
    intent = models.OneToOneField(Intent, models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=40, default="text")
    body_sealed = models.BinaryField(default=b"")
    # What raised the urgency of this message: a code of data/emergency.yaml.
    category = models.CharField(max_length=20, blank=True)
    card_code = models.CharField(max_length=20, blank=True)
    carrier = models.CharField(max_length=16, blank=True)
    delivery_state = models.CharField(max_length=12, choices=State.choices, blank=True)
    reason_code = models.CharField(max_length=40, blank=True)
    reason_facts = models.JSONField(default=dict, blank=True)
    provider_message_id = models.CharField(max_length=120, blank=True)
    # The browser's own key of one send: a double click is one message.
    client_key = models.CharField(max_length=CLIENT_KEY_CHARACTERS, null=True)  # noqa: DJ001
    recalled_at = models.DateTimeField(null=True)
    at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["thread", "client_key"], name="message_once_per_client_key"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["thread", "-at", "-id"], name="message_by_thread"),
            models.Index(
                fields=["account", "provider_message_id"],
                condition=~Q(provider_message_id=""),
                name="message_by_provider_id",
            ),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def is_from_patient(self) -> bool:
        return self.sender_kind == self.Sender.PATIENT


class Rating(models.Model):
    """How a patient found one consult: asked once, answered by a press, words if she likes."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    consult = models.OneToOneField(Consult, models.PROTECT, related_name="rating")
    thread = models.ForeignKey(Thread, models.PROTECT, related_name="ratings")
    # The question, and what she wrote right after her answer.
    question = models.OneToOneField(Message, models.PROTECT, related_name="+")
    words = models.OneToOneField(Message, models.PROTECT, null=True, related_name="+")
    # Whose work it was; empty for a colleague whom Lianxin does not know.
    staff = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    score = models.PositiveSmallIntegerField(null=True)
    asked_at = models.DateTimeField()
    scored_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(score=None, scored_at=None)
                | Q(score__gte=1, score__lte=5, scored_at__isnull=False),
                name="rating_score_has_a_time",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["hospital", "asked_at"], name="rating_by_time"),
            models.Index(fields=["thread", "-asked_at"], name="rating_by_thread"),
        ]

    def __str__(self) -> str:
        return f"rating {self.consult_id}"


SCRIPT_CHARACTERS = 600


class Script(models.Model):
    """Ready words (话术) that staff take, change and send by hand. They name no patient."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    key = KeyField()
    title = models.CharField(max_length=40)
    text = models.CharField(max_length=SCRIPT_CHARACTERS)
    # Whose words these are; empty: everybody's.
    department = models.ForeignKey(Department, models.PROTECT, null=True, related_name="+")
    is_active = models.BooleanField(default=True)
    # Counts the changes, so that nobody's change overwrites one that they have not seen.
    revision = models.PositiveIntegerField(default=1)
    changed_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["hospital", "title"],
                condition=Q(is_active=True),
                name="script_title_once_while_active",
            )
        ]

    def __str__(self) -> str:
        return self.title
