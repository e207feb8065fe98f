"""Customer groups of WeCom: who is in them, what leads into them, who is to own them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from lianxin.channels.models.accounts import Account
from lianxin.channels.models.addresses import EXTERNAL_ID_CHARACTERS, Address
from lianxin.channels.models.pictures import Pictured
from lianxin.core.ids import KeyField
from lianxin.core.models import Hospital
from lianxin.staff.models import Staff

GROUP_NAME_CHARACTERS = 40
REMARK_CHARACTERS = 30


class KeptAtProvider(models.Model):
    """What a row needs so that one worker at a time talks to the provider about it."""

    # The worker that took the lease talks to the provider; a dead one's lease runs out.
    leased_until = models.DateTimeField(null=True)
    next_try_at = models.DateTimeField(null=True)
    failure_code = models.CharField(max_length=40, blank=True)

    class Meta:
        abstract = True


class Group(KeptAtProvider):
    """A customer group, as far as the provider tells. What is said in it, nobody tells."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    key = KeyField()
    chat_id = models.CharField(max_length=64)
    # Its name and its notice: people write them, so there may be anything in them.
    details_sealed = models.BinaryField(default=b"")
    # What was found in them when they were last read.
    has_illness_name = models.BooleanField(default=False)
    has_safety_notice = models.BooleanField(default=False)
    owner_userid = models.CharField(max_length=64, blank=True)
    owner = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    admin_userids = models.JSONField(default=list, blank=True)
    # As the provider numbers it: 0 normal, 1 owner has left, 2 being handed over, 3 handed over.
    status = models.PositiveIntegerField(default=0)
    # The provider's version of who is in it, ours when it is the same.
    member_version = models.CharField(max_length=64, blank=True)
    # Since when it is to be looked at; not before its details have settled at the provider.
    read_due_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    # When the provider's list last had it.
    listed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    dismissed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "chat_id"], name="group_once_per_account")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["hospital", "read_due_at"],
                condition=~models.Q(read_due_at=None),
                name="group_to_read",
            )
        ]

    def __str__(self) -> str:
        return self.key


class GroupMember(models.Model):
    """Somebody who is or was in a group."""

    class Kind(models.TextChoices):
        STAFF = "staff"
        OUTSIDE = "outside"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    group = models.ForeignKey(Group, models.PROTECT, related_name="members")
    # A userid or an external id.
    member_id = models.CharField(max_length=EXTERNAL_ID_CHARACTERS)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    staff = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    # Null for staff, and for people who are nobody's contact.
    address = models.ForeignKey(Address, models.PROTECT, null=True, related_name="+")
    join_code = models.ForeignKey("JoinCode", models.PROTECT, null=True, related_name="+")
    # How they came, numbered as a look at the group does and, differently, as the callback does;
    # numbers nobody has described are kept as they are.
    join_scene = models.PositiveIntegerField(null=True)
    told_join_scene = models.PositiveIntegerField(null=True)
    told_quit_scene = models.PositiveIntegerField(null=True)
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["group", "member_id"], name="groupmember_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["group", "joined_at"], name="groupmember_by_joining"),
            models.Index(fields=["address"], name="groupmember_by_address"),
        ]

    def __str__(self) -> str:
        return f"{self.group_id} {self.kind}"


class GroupSync(KeptAtProvider):
    """One comparison with the provider's list of groups, and how far it is."""

    class State(models.TextChoices):
        OPEN = "open"
        DONE = "done"
        FAILED = "failed"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    requested_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    # Userids whose groups are listed one batch after another; empty: all at once.
    owners = models.JSONField(default=list, blank=True)
    owners_done_count = models.PositiveIntegerField(default=0)
    cursor = models.TextField(blank=True)
    seen_count = models.PositiveIntegerField(default=0)
    found_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account"],
                condition=models.Q(state="open"),
                name="groupsync_one_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.state}"


class JoinCode(KeptAtProvider, Pictured):
    """A QR code that leads into one of up to five groups, and into a new one when all are full."""

    class State(models.TextChoices):
        MAKING = "making"
        READY = "ready"
        FAILED = "failed"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    key = KeyField()
    # What the provider carries in `state`: at most 30 characters.
    state_key = models.CharField(max_length=30, unique=True)
    name = models.CharField(max_length=REMARK_CHARACTERS)
    # When all groups are full the provider makes one: the base name and the next number.
    rolls_over = models.BooleanField(default=True)
    base_name = models.CharField(max_length=GROUP_NAME_CHARACTERS, blank=True)
    base_number = models.PositiveIntegerField(default=1)
    is_active = models.BooleanField(default=True)
    # Two people who change it at once meet here.
    revision = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=12, choices=State.choices, default=State.MAKING)
    config_id = models.CharField(max_length=120, blank=True)
    # What the provider last confirmed, and when its own truth was last read.
    confirmed = models.JSONField(default=dict, blank=True)
    read_at = models.DateTimeField(null=True)
    # What the last reading found: "", "drifted" (changed there), "lost" (deleted there).
    finding = models.CharField(max_length=12, blank=True)
    found_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class JoinCodeGroup(models.Model):
    """One group behind a join code."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    join_code = models.ForeignKey(JoinCode, models.PROTECT, related_name="lines")
    group = models.ForeignKey(Group, models.PROTECT, related_name="+")
    # The provider made it because the others were full.
    is_made = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["join_code", "group"], name="joincodegroup_once")
        ]

    def __str__(self) -> str:
        return f"{self.join_code_id} {self.group_id}"


class GroupWelcome(KeptAtProvider):
    """A welcome for groups, kept at the provider; owners choose one for a group in their client."""

    class State(models.TextChoices):
        MAKING = "making"
        READY = "ready"
        FAILED = "failed"
        REMOVED = "removed"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    key = KeyField()
    text = models.TextField()
    is_active = models.BooleanField(default=True)
    revision = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=12, choices=State.choices, default=State.MAKING)
    template_id = models.CharField(max_length=120, blank=True)
    confirmed_text = models.TextField(blank=True)
    # At most one, as Attachment has it, and what the provider confirmed of it.
    attachments = models.JSONField(default=list, blank=True)
    confirmed_attachments = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key

    @property
    def is_confirmed(self) -> bool:
        """Tell whether the provider has what is wanted now."""
        wanted = (self.text, self.attachments)
        return wanted == (self.confirmed_text, self.confirmed_attachments)


class GroupTransfer(KeptAtProvider):
    """A group that is to have another owner, and what became of it."""

    class Kind(models.TextChoices):
        LEFT = "left"  # the owner has left
        ON_JOB = "on_job"

    class State(models.TextChoices):
        OPEN = "open"
        DONE = "done"
        FAILED = "failed"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    group = models.ForeignKey(Group, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    from_userid = models.CharField(max_length=64)
    to = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    # The provider was asked and its answer is not known: the group itself tells.
    asked_at = models.DateTimeField(null=True)
    requested_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    requested_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["group"], condition=models.Q(state="open"), name="grouptransfer_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.group_id} {self.state}"


class GroupDay(models.Model):
    """One day of all groups of one owner, as the provider counts. It does not count by group."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    owner_userid = models.CharField(max_length=64)
    day = models.DateField()
    group_count = models.PositiveIntegerField()
    member_count = models.PositiveIntegerField()
    new_member_count = models.PositiveIntegerField()
    # Since the groups began, up to the end of the day.
    message_count = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "owner_userid", "day"], name="groupday_once")
        ]

    def __str__(self) -> str:
        return f"{self.owner_userid} {self.day}"


class GroupCheck(models.Model):
    """One point of the checklist that somebody saw to in one group."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    group = models.ForeignKey(Group, models.PROTECT, related_name="+")
    code = models.CharField(max_length=40)
    done_by = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    done_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["group", "code"], name="groupcheck_once")
        ]

    def __str__(self) -> str:
        return f"{self.group_id} {self.code}"
