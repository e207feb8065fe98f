"""What came in: callbacks as they were sent, and what was understood of them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from lianxin.channels.models.accounts import Account
from lianxin.channels.models.addresses import Address
from lianxin.channels.models.links import LinkPlace
from lianxin.channels.models.live_codes import LiveCode
from lianxin.core.models import Hospital

ARRIVAL_KEY_CHARACTERS = 200


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


class Arrival(models.Model):
    """One translated thing that came in, by callback, sync, web page or reconciliation: once."""

    class Welcome(models.TextChoices):
        NONE = "none"
        WAITING = "waiting"
        CLAIMED = "claimed"
        SENT = "sent"
        MISSED = "missed"

    # No index of their own: rows come by the hundred thousand, and those below begin with them.
    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+", db_index=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    address = models.ForeignKey(Address, models.PROTECT, null=True, related_name="+")
    live_code = models.ForeignKey(
        LiveCode, models.PROTECT, null=True, related_name="+", db_index=False
    )
    # Where the address was put that they opened; null: a QR code, or the link without a place.
    link_place = models.ForeignKey(
        LinkPlace, models.PROTECT, null=True, related_name="+", db_index=False
    )
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
                fields=["link_place", "event"],
                condition=~models.Q(link_place=None),
                name="arrival_by_link_place",
            ),
            models.Index(
                fields=["hospital", "received_at"],
                condition=models.Q(welcome__in=["waiting", "claimed"]),
                name="arrival_unwelcomed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.pk}"
