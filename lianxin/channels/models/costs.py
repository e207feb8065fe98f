"""What messages and calls cost: agreed prices, monthly budgets, and one line for each cost."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.db import models

from lianxin.channels.models.accounts import Account
from lianxin.core.ids import KeyField
from lianxin.core.models import Hospital
from lianxin.staff.models import Staff


class Price(models.Model):
    """What one unit of an account costs from a day on. Counts once a second person approved it."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    key = KeyField()
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    # Thousandths of a fen: a segment may cost 4.5 fen.
    unit_millifen = models.PositiveIntegerField()
    valid_from = models.DateField()
    # Where the number stands: a contract, an invoice.
    source = models.CharField(max_length=200)
    entered_by = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    entered_at = models.DateTimeField()
    approved_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(approved_by=None)
                | ~models.Q(approved_by=models.F("entered_by")),
                name="price_approved_by_another",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["account", "-valid_from"], name="price_by_account")
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.unit_fen} {self.valid_from}"

    @property
    def unit_fen(self) -> Decimal:
        return Decimal(self.unit_millifen) / 1000


class Budget(models.Model):
    """What an account may cost in a month. Told once a month at the warning and at the end."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.OneToOneField(Account, models.PROTECT, related_name="+")
    month_fen = models.PositiveBigIntegerField()
    set_by = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    set_at = models.DateTimeField()
    warned_on = models.DateField(null=True)
    reached_on = models.DateField(null=True)

    def __str__(self) -> str:
        return f"{self.account_id} {self.month_fen}"


class CostLine(models.Model):
    """What one message or call cost. Without a price the units are kept and the sum is open."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    # The client key of the delivery or call: counted once, whoever counts it again.
    line_key = models.CharField(max_length=60)
    month = models.DateField()
    units = models.PositiveIntegerField()
    # Whether the units are ours, because the provider named none.
    is_estimate = models.BooleanField()
    unit_millifen = models.PositiveIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "line_key"], name="costline_once_per_delivery"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["hospital", "month", "account"], name="costline_by_month")
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.line_key}"
