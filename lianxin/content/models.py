from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q

from lianxin.content.rules import review
from lianxin.core.ids import KeyField
from lianxin.core.models import Hospital
from lianxin.patients.models import Holder, Patient
from lianxin.staff.models import Department, Staff


class ItemQuerySet(models.QuerySet["Item"]):
    def of(self, hospital_id: int) -> Self:
        return self.filter(hospital_id=hospital_id)


class Item(models.Model):
    """One piece of content in one language. `code` ties the languages of a piece together."""

    class Classification(models.TextChoices):
        EDU = "EDU"
        NOTICE = "NOTICE"
        AD = "AD"

    class Kind(models.TextChoices):
        ARTICLE = "article"

    class Dimension(models.TextChoices):
        EDUCATION = "education"
        LIFESTYLE = "lifestyle"
        SUPPORT = "support"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    key = KeyField()
    code = models.CharField(max_length=60)
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.ARTICLE)
    classification = models.CharField(
        max_length=8, choices=Classification.choices, default=Classification.EDU
    )
    dimension = models.CharField(
        max_length=12, choices=Dimension.choices, default=Dimension.EDUCATION
    )
    language = models.CharField(max_length=16, default="zh-hans")
    department = models.ForeignKey(Department, models.PROTECT, null=True, related_name="+")
    ad_approval_no = models.CharField(max_length=60, blank=True)
    ad_approval_ends_on = models.DateField(null=True)
    published = models.ForeignKey("Revision", models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    objects = ItemQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["hospital", "code", "language"], name="item_once_per_code_and_language"
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.language}"


class PageAddress(models.Model):
    """The hospital behind a reading page's public key: strangers may read what is published."""

    row_security_exempt: ClassVar[str] = "a stranger opens a page before the hospital is known"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    item_key = models.CharField(max_length=12, unique=True)

    def __str__(self) -> str:
        return self.item_key


class Revision(models.Model):
    """One version of an item's words. Published words never change; a change is a new revision."""

    class State(models.TextChoices):
        DRAFT = review.DRAFT
        IN_REVIEW = review.IN_REVIEW
        APPROVED = review.APPROVED
        PUBLISHED = review.PUBLISHED
        SUPERSEDED = review.SUPERSEDED
        WITHDRAWN = review.WITHDRAWN

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    item = models.ForeignKey(Item, models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=120)
    summary = models.CharField(max_length=300, blank=True)
    body_html = models.TextField(blank=True)
    sources = models.JSONField(default=list)
    author = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    # Ids of staff who changed the words after the author.
    editor_ids = models.JSONField(default=list)
    reviewer = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    is_ai_generated = models.BooleanField(default=False)
    is_correction = models.BooleanField(default=False)
    corrects = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    correction_note = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    content_hash = models.CharField(max_length=64)
    approved_hash = models.CharField(max_length=64, blank=True)
    review_due_on = models.DateField(null=True)
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField()
    approved_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["item", "number"], name="revision_number_once_per_item"
            ),
            models.UniqueConstraint(
                fields=["item"], condition=Q(state="published"), name="revision_published_once"
            ),
            models.UniqueConstraint(
                fields=["item"],
                condition=Q(state__in=("draft", "in_review", "approved")),
                name="revision_open_once",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("approved", "published"))
                | (Q(reviewer__isnull=False) & Q(approved_hash=F("content_hash"))),
                name="revision_published_as_approved",
            ),
            models.CheckConstraint(
                condition=Q(reviewer=None) | ~Q(reviewer=F("author")),
                name="revision_reviewer_is_not_author",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["hospital", "state", "-edited_at"], name="revision_by_state")
        ]

    def __str__(self) -> str:
        return f"{self.item_id} v{self.number}"


class Review(models.Model):
    """One word in the talk about a revision: a comment, a return, an approval."""

    class Decision(models.TextChoices):
        COMMENT = "comment"
        RETURN = "return"
        APPROVE = "approve"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="reviews")
    by = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    decision = models.CharField(max_length=8, choices=Decision.choices)
    note = models.TextField(blank=True)
    content_hash = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["revision", "at"], name="review_by_revision")]

    def __str__(self) -> str:
        return f"{self.revision_id} {self.decision}"


class Reading(models.Model):
    """That a page was opened, and how far it was read. Strangers leave no name."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    key = KeyField()
    item = models.ForeignKey(Item, models.PROTECT, related_name="+")
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="+")
    holder = models.ForeignKey(Holder, models.PROTECT, null=True, related_name="+")
    patient = models.ForeignKey(Patient, models.PROTECT, null=True, related_name="+")
    delivery_key = models.CharField(max_length=40, blank=True)
    opened_at = models.DateTimeField()
    # Percent of the page that was seen; only grows.
    depth = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["hospital", "delivery_key"],
                condition=~Q(delivery_key=""),
                name="reading_once_per_delivery",
            ),
            models.CheckConstraint(condition=Q(depth__lte=100), name="reading_depth_is_percent"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["item", "-opened_at"], name="reading_by_item"),
            models.Index(fields=["patient", "-opened_at"], name="reading_by_patient"),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} {self.depth}%"
