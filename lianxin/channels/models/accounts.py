"""Accounts at providers, their tokens and the way from a callback address to a hospital."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models

from lianxin.core.ids import KeyField
from lianxin.core.models import Hospital


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
        VOICE = "voice"

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
    # Counts the changes, so that nobody's change overwrites one that they have not seen.
    revision = models.PositiveIntegerField(default=1)
    health = models.CharField(max_length=12, choices=Health.choices, default=Health.UNKNOWN)
    health_reason = models.CharField(max_length=40, blank=True)
    check_requested_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    last_callback_at = models.DateTimeField(null=True)
    # Since when token and AES key are these, and when the provider last proved to have them.
    callback_set_at = models.DateTimeField(null=True)
    callback_verified_at = models.DateTimeField(null=True)
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
    """The provider's token of one account, or one of its page tickets, shared by all processes."""

    class Kind(models.TextChoices):
        ACCESS = "access"
        # What page signatures are made with: for the corp or the Official Account, for the app.
        PAGE_TICKET = "page_ticket"
        AGENT_TICKET = "agent_ticket"
        # What the chat archive's own secret gives.
        ARCHIVE = "archive"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.ACCESS)
    token_sealed = models.BinaryField(default=b"")
    expires_at = models.DateTimeField(null=True)
    # The process that took the lease refreshes; a dead one's lease runs out.
    refreshing_until = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "kind"], name="accesstoken_once_per_kind")
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.account_id}"
