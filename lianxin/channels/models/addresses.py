"""Where a person can be reached, by whom, and how often a tick allows it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from lianxin.channels.models.accounts import Account
from lianxin.channels.models.live_codes import LiveCode
from lianxin.core.ids import KeyField
from lianxin.core.models import Hospital
from lianxin.staff.models import Staff

EXTERNAL_ID_CHARACTERS = 64
# What stands for a provider's id that was erased here.
ERASED_PREFIX = "erased:"


class Address(models.Model):
    """Somewhere a message can come from or go to. Who it is, the rooms above know."""

    class State(models.TextChoices):
        ACTIVE = "active"
        REMOVED = "removed"

    # No index of their own: rows come by the hundred thousand, and constraints begin with them.
    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+", db_index=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    key = KeyField()
    external_id = models.CharField(max_length=EXTERNAL_ID_CHARACTERS)
    union_id = models.CharField(max_length=64, blank=True)
    # When the provider was asked for the union id; not every account may know it.
    union_asked_at = models.DateTimeField(null=True)
    # WeCom: since when the contact is to be looked at on its own, because something is missing.
    read_due_at = models.DateTimeField(null=True)
    # Official Account: when the provider's list of followers last had it.
    listed_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.ACTIVE)
    live_code = models.ForeignKey(LiveCode, models.PROTECT, null=True, related_name="+")
    # WeCom: the member who added the person first.
    staff = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)
    # The providers' windows count from the patient's own last message.
    last_inbound_at = models.DateTimeField(null=True)
    sent_since_inbound_count = models.PositiveIntegerField(default=0)
    # Official Account and mini-program: a press, a scan or an entry opens a minute of its own.
    last_action_at = models.DateTimeField(null=True)
    sent_since_action_count = models.PositiveIntegerField(default=0)
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
            models.Index(
                fields=["account", "read_due_at"],
                condition=~models.Q(read_due_at=None),
                name="address_to_read",
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
    # The provider itself said that nothing is left, although we had counted something.
    is_denied = models.BooleanField(default=False)

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

    class Doubt(models.TextChoices):
        NO_FRIEND = "no_friend"  # a message of the member's did not reach the person
        NO_RELATION = "no_relation"  # the provider knows of no such pair

    # No index of their own where one below begins with them: rows come by the hundred thousand.
    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+", db_index=False)
    address = models.ForeignKey(Address, models.PROTECT, related_name="relations", db_index=False)
    staff_userid = models.CharField(max_length=64)
    staff = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    live_code = models.ForeignKey(
        LiveCode, models.PROTECT, null=True, related_name="+", db_index=False
    )
    state = models.CharField(max_length=12, choices=State.choices)
    removed_by = models.CharField(max_length=12, blank=True)
    added_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)
    # How they met, as the provider numbers it; null: not known yet.
    add_way = models.PositiveIntegerField(null=True)
    # When the provider's list last had it. No index: most updates touch this alone.
    listed_at = models.DateTimeField(null=True)
    # When staff last changed the remark or the tags in the client, as far as callbacks told.
    edited_at = models.DateTimeField(null=True)
    # When the provider is to hear which tags are on it; null: it knows.
    tags_due_at = models.DateTimeField(null=True)
    # The worker that marks it holds it: two at once are refused by the provider.
    marking_until = models.DateTimeField(null=True)
    marked_at = models.DateTimeField(null=True)
    # Since when the provider's answers contradict it, and how: a look at the contact decides.
    doubted_at = models.DateTimeField(null=True)
    doubt = models.CharField(max_length=12, blank=True, choices=Doubt.choices)
    # How many tags staff put on it that are none of ours; which ones stays out.
    kept_out_count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["address", "staff_userid"], name="relation_once_per_pair"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["live_code", "added_at"], name="relation_by_live_code"),
            models.Index(fields=["hospital", "staff_userid"], name="relation_by_member"),
            models.Index(
                fields=["hospital", "tags_due_at"],
                condition=~models.Q(tags_due_at=None),
                name="relation_to_mark",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address_id} {self.staff_userid}"
