"""Intents, their deliveries over carriers, the cards that wait, and what staff confirm."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from lianxin.channels.models import Account, Address
from lianxin.core.ids import KeyField
from lianxin.core.models import Hospital
from lianxin.patients.models import Holder, Patient
from lianxin.staff.models import Staff


class IntentQuerySet(models.QuerySet["Intent"]):
    def of(self, hospital_id: int) -> Self:
        return self.filter(hospital_id=hospital_id)

    def unfinished(self) -> Self:
        return self.filter(state__in=Intent.UNFINISHED)


class Intent(models.Model):
    """One thing that somebody or some rule wants to say to a patient, once."""

    class Kind(models.TextChoices):
        CARD = "card"
        CONTENT = "content"
        MESSAGE = "message"
        REPLY = "reply"
        SAFETY = "safety"
        WELCOME = "welcome"
        SESSION = "session"
        RATING = "rating"

    class State(models.TextChoices):
        PENDING = "pending"
        SENDING = "sending"  # a delivery is claimed
        WAITING_STAFF = "waiting_staff"
        SENT = "sent"
        REFUSED = "refused"
        CANCELLED = "cancelled"
        MISSED = "missed"

    UNFINISHED: ClassVar = (State.PENDING, State.SENDING, State.WAITING_STAFF)

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    key = KeyField()
    patient = models.ForeignKey(Patient, models.PROTECT, null=True, related_name="+")
    holder = models.ForeignKey(Holder, models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    purpose = models.CharField(max_length=40, blank=True)
    priority = models.CharField(max_length=16)
    # Who says the same thing twice for the same reason says it once.
    unique_key = models.CharField(max_length=120)
    subject_kind = models.CharField(max_length=40, blank=True)
    subject_id = models.BigIntegerField(null=True)
    title_sealed = models.BinaryField(default=b"")
    body_sealed = models.BinaryField(default=b"")
    path = models.CharField(max_length=300, blank=True)
    # Categories of the wording guard's findings when it was written; any of them blocks.
    findings = models.JSONField(default=list, blank=True)
    is_patient_set_time = models.BooleanField(default=False)
    answers_address = models.ForeignKey(Address, models.PROTECT, null=True, related_name="+")
    by_kind = models.CharField(max_length=20)
    by_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    window_starts_at = models.DateTimeField(null=True)
    window_ends_at = models.DateTimeField(null=True)
    # When a worker should look at it next; moves with quiet hours and retries.
    due_at = models.DateTimeField()
    state = models.CharField(max_length=16, choices=State.choices, default=State.PENDING)
    reason_code = models.CharField(max_length=40, blank=True)
    settled_at = models.DateTimeField(null=True)

    objects = IntentQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["hospital", "unique_key"], name="intent_once_per_key"),
            models.CheckConstraint(
                condition=Q(patient__isnull=False) | Q(holder__isnull=False),
                name="intent_is_for_somebody",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["hospital", "due_at"], condition=Q(state="pending"), name="intent_due"
            ),
            models.Index(fields=["patient", "-id"], name="intent_by_patient"),
            models.Index(
                fields=["hospital", "subject_kind", "subject_id"], name="intent_by_subject"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.unique_key}"

    @property
    def is_finished(self) -> bool:
        return self.state not in self.UNFINISHED


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def of(self, hospital_id: int) -> Self:
        return self.filter(hospital_id=hospital_id)


class Delivery(models.Model):
    """One carrier tried for one intent: sent, still under way, or refused with its reason."""

    class State(models.TextChoices):
        PLANNED = "planned"
        CLAIMED = "claimed"
        SENT = "sent"
        DELIVERED = "delivered"
        FAILED = "failed"
        WAITING_STAFF = "waiting_staff"
        REFUSED = "refused"
        CANCELLED = "cancelled"

    UNFINISHED: ClassVar = (State.PLANNED, State.CLAIMED, State.WAITING_STAFF)
    ARRIVED: ClassVar = (State.SENT, State.DELIVERED)

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    key = KeyField()
    intent = models.ForeignKey(Intent, models.PROTECT, related_name="deliveries")
    patient = models.ForeignKey(Patient, models.PROTECT, null=True, related_name="+")
    holder = models.ForeignKey(Holder, models.PROTECT, null=True, related_name="+")
    # Empty on the one row that says why the whole message was refused.
    carrier = models.CharField(max_length=16, blank=True)
    account = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    address = models.ForeignKey(Address, models.PROTECT, null=True, related_name="+")
    staff = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    confirmation = models.ForeignKey(
        "StaffConfirmation", models.PROTECT, null=True, related_name="deliveries"
    )
    state = models.CharField(max_length=16, choices=State.choices, default=State.PLANNED)
    # What the intent's priority was: caps count by it without a join.
    priority = models.CharField(max_length=16)
    is_counted = models.BooleanField(default=True)
    client_key = models.CharField(max_length=32, unique=True)
    # By which template it went, where the carrier costs a yes to it.
    template_id = models.CharField(max_length=64, blank=True, default="", db_default="")
    reason_code = models.CharField(max_length=40, blank=True)
    reason_facts = models.JSONField(default=dict, blank=True)
    attempt_count = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    provider_message_id = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["intent", "carrier", "address"],
                nulls_distinct=False,
                name="delivery_once_per_carrier",
            ),
            models.CheckConstraint(
                condition=~Q(state="claimed") | Q(lease_until__isnull=False),
                name="delivery_claimed_has_lease",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["hospital", "lease_until"],
                condition=Q(state="claimed"),
                name="delivery_leased",
            ),
            models.Index(
                fields=["hospital", "staff"],
                condition=Q(state="waiting_staff"),
                name="delivery_waiting_staff",
            ),
            models.Index(fields=["patient", "-created_at"], name="delivery_by_patient"),
            models.Index(fields=["hospital", "-created_at", "-id"], name="delivery_newest"),
            models.Index(
                fields=["account", "provider_message_id"],
                condition=~Q(provider_message_id=""),
                name="delivery_by_provider_id",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.carrier or '-'} {self.state}"


class Card(models.Model):
    """One merged card: waits on the patient page whether or not anything may announce it."""

    class Slot(models.TextChoices):
        MORNING = "morning"
        EVENING = "evening"

    class State(models.TextChoices):
        WAITING = "waiting"
        ANNOUNCED = "announced"
        DONE = "done"
        EXPIRED = "expired"
        CANCELLED = "cancelled"

    OPEN: ClassVar = (State.WAITING, State.ANNOUNCED)

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    key = KeyField()
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="+")
    on = models.DateField()
    slot = models.CharField(max_length=8, choices=Slot.choices)
    # Codes such as measure_bp, pills, read:<item key>: what to do is data of the rooms above.
    items = models.JSONField(default=list)
    done_items = models.JSONField(default=list)
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    expires_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["patient", "on", "slot"], name="card_once_per_patient_and_slot"
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["hospital", "expires_at"],
                condition=Q(state__in=["waiting", "announced"]),
                name="card_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.patient_id} {self.on} {self.slot}"


class StaffConfirmation(models.Model):
    """One WeCom mass task: a staff member confirms once, many patients get their neutral line."""

    class State(models.TextChoices):
        PLANNED = "planned"
        CLAIMED = "claimed"
        WAITING = "waiting"  # made at WeCom, the staff member has not finished
        TAKING_BACK = "taking_back"  # somebody in it must not be reached any more
        STOPPING = "stopping"  # cancelled by a colleague, or its slot is over: stopped at WeCom
        DONE = "done"
        FAILED = "failed"
        EXPIRED = "expired"
        CANCELLED = "cancelled"

    UNFINISHED: ClassVar = (
        State.PLANNED,
        State.CLAIMED,
        State.WAITING,
        State.TAKING_BACK,
        State.STOPPING,
    )

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    key = KeyField()
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    on = models.DateField()
    slot = models.CharField(max_length=12)
    people_count = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.PLANNED)
    provider_message_id = models.CharField(max_length=120, blank=True)
    reason_code = models.CharField(max_length=40, blank=True)
    attempt_count = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    due_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["staff", "on", "slot"], name="confirmation_once_per_staff_and_slot"
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["hospital", "due_at"],
                condition=Q(state__in=["planned", "claimed", "waiting", "taking_back", "stopping"]),
                name="confirmation_unfinished",
            ),
            models.Index(
                fields=["account", "provider_message_id"],
                condition=~Q(provider_message_id=""),
                name="confirmation_by_provider_id",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.staff_id} {self.on} {self.slot}"


class Quota(models.Model):
    """What one account, or one address of it, has used of a provider's quota in one period.

    Written from real answers: counted when a message is taken on, given back when the provider
    did not take it, closed when the provider itself says that it is used up.
    """

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    # Empty: the whole account.
    address = models.ForeignKey(Address, models.PROTECT, null=True, related_name="+")
    carrier = models.CharField(max_length=16)
    starts_on = models.DateField()
    used_count = models.PositiveIntegerField(default=0)
    closed_until = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "address", "carrier", "starts_on"],
                nulls_distinct=False,
                name="quota_once_per_period",
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.address_id} {self.carrier} {self.starts_on}"
