"""Corp tags: which may leave, who carries them here, and what the provider has of that."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from lianxin.channels.models.accounts import Account
from lianxin.channels.models.addresses import Address, Relation
from lianxin.core.ids import KeyField
from lianxin.core.models import Hospital
from lianxin.staff.models import Staff

NAME_CHARACTERS = 30


class CorpTag(models.Model):
    """One neutral tag that may leave, and under which words. Nothing else leaves."""

    class State(models.TextChoices):
        MAKING = "making"
        READY = "ready"
        FAILED = "failed"
        REMOVING = "removing"
        REMOVED = "removed"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    key = KeyField()
    # Our word for it, as it stands behind live codes and on people.
    code = models.CharField(max_length=60)
    # What is seen in WeCom.
    name = models.CharField(max_length=NAME_CHARACTERS)
    group_name = models.CharField(max_length=NAME_CHARACTERS)
    is_allowed = models.BooleanField(default=True)
    allowed_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    allowed_at = models.DateTimeField()
    # Null while it stands, and when the provider's side ended it.
    withdrawn_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.MAKING)
    tag_id = models.CharField(max_length=64, blank=True)
    # The provider lets us change only what our own app made.
    is_ours = models.BooleanField(default=False)
    seen_name = models.CharField(max_length=120, blank=True)
    # What a look at the provider's list found: "", "lost" (deleted there), "renamed" (there).
    finding = models.CharField(max_length=12, blank=True)
    failure_code = models.CharField(max_length=40, blank=True)
    # When the provider was first asked to make it, while nobody knows whether it did.
    asked_at = models.DateTimeField(null=True)
    read_due_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)
    next_try_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "code"], name="corptag_once_per_code"),
            models.UniqueConstraint(
                fields=["account", "group_name", "name"], name="corptag_once_per_name"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group_name} {self.name}"


class ContactTag(models.Model):
    """Whether one person carries an allowed tag, and since when: the two sides' last word."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    address = models.ForeignKey(Address, models.PROTECT, related_name="contact_tags")
    tag = models.ForeignKey(CorpTag, models.PROTECT, related_name="+")
    is_on = models.BooleanField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["address", "tag"], name="contacttag_once_per_address")
        ]

    def __str__(self) -> str:
        return f"{self.address_id} {self.tag_id} {self.is_on}"


class RelationTag(models.Model):
    """What the provider has of one tag on one relation, as far as we know."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    relation = models.ForeignKey(Relation, models.PROTECT, related_name="tags")
    tag = models.ForeignKey(CorpTag, models.PROTECT, related_name="relation_tags")
    is_on = models.BooleanField(default=False)
    changed_at = models.DateTimeField(null=True)
    # What we asked for, while nobody knows whether it was done.
    asked = models.BooleanField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["relation", "tag"], name="relationtag_once_per_relation"
            )
        ]

    def __str__(self) -> str:
        return f"{self.relation_id} {self.tag_id} {self.is_on}"
