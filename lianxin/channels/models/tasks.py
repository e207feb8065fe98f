"""What members confirm on their phones, and what they are told."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from lianxin.channels.models.accounts import Account
from lianxin.channels.models.addresses import EXTERNAL_ID_CHARACTERS, Address
from lianxin.channels.models.arrivals import Arrival
from lianxin.channels.rules import tasks
from lianxin.core.models import Hospital
from lianxin.staff.models import Staff


class MemberTask(models.Model):
    """A task made at WeCom that a member must confirm; polled until everyone is settled."""

    class State(models.TextChoices):
        OPEN = "open"
        SETTLED = "settled"
        EXPIRED = "expired"
        CANCELLED = "cancelled"  # stopped at the provider; what was sent before stays sent

    class Audience(models.TextChoices):
        SINGLE = "single"
        GROUP = "group"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    provider_message_id = models.CharField(max_length=120)
    # Who confirms. Empty in a task that others made, for several members at once.
    staff_userid = models.CharField(max_length=64, blank=True)
    audience = models.CharField(max_length=8, choices=Audience.choices, default=Audience.SINGLE)
    # Found in the provider's list and not made here: it counts for its customers' quota.
    is_ours = models.BooleanField(default=True)
    # People, or customer groups.
    people_count = models.PositiveIntegerField()
    settled_count = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    created_at = models.DateTimeField()
    # When the member confirmed, as far as the provider has told.
    confirmed_at = models.DateTimeField(null=True)
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


class TaskShare(models.Model):
    """What became of one person, or one customer group, in a task. Only what is settled."""

    class Outcome(models.TextChoices):
        SENT = tasks.SENT
        NOT_A_CONTACT = tasks.NOT_A_CONTACT
        QUOTA_FULL = tasks.QUOTA_FULL

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    task = models.ForeignKey(MemberTask, models.PROTECT, related_name="shares")
    address = models.ForeignKey(Address, models.PROTECT, null=True, related_name="+")
    chat_id = models.CharField(max_length=EXTERNAL_ID_CHARACTERS, blank=True)
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    sent_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["task", "address", "chat_id"],
                nulls_distinct=False,
                name="taskshare_once_per_recipient",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["address", "sent_at"], name="taskshare_received")]

    def __str__(self) -> str:
        return f"{self.task_id} {self.outcome}"


class TaskReminder(models.Model):
    """One reminder of a task that somebody asked for. Counted: the provider allows few a day."""

    class State(models.TextChoices):
        WAITING = "waiting"
        CLAIMED = "claimed"
        SENT = "sent"
        REFUSED = "refused"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    task = models.ForeignKey(MemberTask, models.PROTECT, related_name="reminders")
    asked_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    claimed_at = models.DateTimeField(null=True)
    reason_code = models.CharField(max_length=40, blank=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["task"],
                condition=models.Q(state__in=["waiting", "claimed"]),
                name="taskreminder_one_under_way",
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["hospital", "asked_at"],
                condition=models.Q(state__in=["waiting", "claimed"]),
                name="taskreminder_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.task_id} {self.state}"


class StaffNotice(models.Model):
    """An app message to one member of staff. Holds no patient's name: the link leads there."""

    class State(models.TextChoices):
        WAITING = "waiting"
        CLAIMED = "claimed"
        SENT = "sent"
        FAILED = "failed"

    class Look(models.TextChoices):
        TEXT = "text"
        CARD = "card"
        BUTTON = "button"  # a card with one button that acts without opening a page

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    look = models.CharField(max_length=8, choices=Look.choices, default=Look.TEXT)
    button = models.CharField(max_length=20, blank=True)
    # What it is about, for the room above that hears of a press, and for taking it back.
    subject = models.CharField(max_length=20, blank=True)
    subject_key = models.CharField(max_length=20, blank=True)
    title = models.CharField(max_length=120)
    text = models.CharField(max_length=300)
    path = models.CharField(max_length=300)
    dedupe_key = models.CharField(max_length=120)
    # A danger: it goes before the others, and what is kept of the platform's limit is for it.
    is_first = models.BooleanField(default=False)
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    attempt_count = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    reason_code = models.CharField(max_length=40, blank=True)
    provider_message_id = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    # Somebody else has taken it on: the provider is to take the message back.
    recall_due_at = models.DateTimeField(null=True)

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
            ),
            models.Index(
                fields=["hospital", "subject", "subject_key"],
                condition=~models.Q(subject=""),
                name="staffnotice_by_subject",
            ),
            models.Index(
                fields=["staff", "sent_at"],
                condition=models.Q(sent_at__isnull=False),
                name="staffnotice_sent",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.staff_id} {self.dedupe_key}"


class CardPress(models.Model):
    """A member pressed the button of a card: what followed, and how the card is to say so."""

    class State(models.TextChoices):
        PRESSED = "pressed"
        ANSWERED = "answered"
        TOLD = "told"
        FAILED = "failed"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    arrival = models.OneToOneField(Arrival, models.PROTECT, related_name="+")
    notice = models.ForeignKey(StaffNotice, models.PROTECT, related_name="presses")
    staff_userid = models.CharField(max_length=64)
    # Lets us change the card once, within 72 hours.
    response_sealed = models.BinaryField(default=b"")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PRESSED)
    answer = models.CharField(max_length=30, blank=True)
    pressed_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["hospital", "pressed_at"],
                condition=models.Q(state="answered"),
                name="cardpress_to_tell",
            )
        ]

    def __str__(self) -> str:
        return f"{self.notice_id} {self.state}"
