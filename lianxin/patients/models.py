from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q

from lianxin.channels.models import Address, LiveCode
from lianxin.core.ids import KeyField
from lianxin.core.models import Hospital
from lianxin.staff.models import CareTeam, Department, Staff


class PatientQuerySet(models.QuerySet["Patient"]):
    def of(self, hospital_id: int) -> Self:
        return self.filter(hospital_id=hospital_id)

    def living(self) -> Self:
        """Leave out the folded, the restricted and the erased."""
        return self.filter(state=Patient.State.ACTIVE)

    def reachable(self) -> Self:
        """Leave out those for whom everything was stopped."""
        return self.living().filter(stopped_at=None)


class Patient(models.Model):
    """One person in one hospital's care. What identifies them is sealed, never plain."""

    class Sex(models.TextChoices):
        FEMALE = "female"
        MALE = "male"
        UNKNOWN = "unknown"

    class Stage(models.TextChoices):
        BEFORE_VISIT = "before_visit"
        IN_VISIT = "in_visit"
        AFTER_VISIT = "after_visit"

    class Risk(models.TextChoices):
        LOW = "low"
        MEDIUM = "medium"
        HIGH = "high"
        UNKNOWN = "unknown"

    class State(models.TextChoices):
        ACTIVE = "active"
        RESTRICTED = "restricted"  # forgotten, except what the law keeps
        ERASED = "erased"
        MERGED = "merged"

    class StopReason(models.TextChoices):
        DEATH = "death"
        READMISSION = "readmission"
        PREGNANCY_LOSS = "pregnancy_loss"
        TRANSFER = "transfer"
        REFUSAL = "refusal"
        ERASURE = "erasure"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    key = KeyField()
    name_sealed = models.BinaryField(default=bytes)
    name_blind = models.BinaryField(null=True)
    phone_sealed = models.BinaryField(default=bytes)
    phone_blind = models.BinaryField(null=True)
    inpatient_sealed = models.BinaryField(default=bytes)
    inpatient_blind = models.BinaryField(null=True)
    diagnosis_sealed = models.BinaryField(default=bytes)
    sex = models.CharField(max_length=8, choices=Sex.choices, default=Sex.UNKNOWN)
    birth_on = models.DateField(null=True)
    department = models.ForeignKey(Department, models.PROTECT, null=True, related_name="+")
    team = models.ForeignKey(CareTeam, models.PROTECT, null=True, related_name="+")
    stage = models.CharField(max_length=16, choices=Stage.choices, default=Stage.AFTER_VISIT)
    risk = models.CharField(max_length=8, choices=Risk.choices, default=Risk.UNKNOWN)
    discharged_on = models.DateField(null=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.ACTIVE)
    stopped_at = models.DateTimeField(null=True)
    stop_reason = models.CharField(max_length=16, choices=StopReason.choices, blank=True)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, related_name="duplicates")
    created_at = models.DateTimeField()

    objects = PatientQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["hospital", "inpatient_blind"],
                condition=Q(inpatient_blind__isnull=False) & Q(state="active"),
                name="patient_inpatient_once_per_hospital",
            ),
            models.CheckConstraint(
                condition=~Q(merged_into=F("id")), name="patient_not_merged_into_itself"
            ),
            models.CheckConstraint(
                condition=Q(merged_into=None) | Q(state="merged"), name="patient_merged_has_state"
            ),
            models.CheckConstraint(
                condition=Q(stopped_at=None, stop_reason="")
                | (Q(stopped_at__isnull=False) & ~Q(stop_reason="")),
                name="patient_stop_has_reason",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["hospital", "state", "-id"], name="patient_by_newest"),
            models.Index(fields=["hospital", "name_blind"], name="patient_by_name"),
            models.Index(fields=["hospital", "phone_blind"], name="patient_by_phone"),
            models.Index(fields=["hospital", "discharged_on"], name="patient_by_discharge"),
            models.Index(fields=["hospital", "team", "state"], name="patient_by_team"),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def is_stopped(self) -> bool:
        return self.stopped_at is not None


class Holder(models.Model):
    """The person behind one WeChat. Knows the phone, not yet for whom it is held."""

    kind: ClassVar[str] = "holder"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    key = KeyField()
    nickname_sealed = models.BinaryField(default=bytes)
    elder_mode = models.BooleanField(default=False)
    language = models.CharField(max_length=16, blank=True)
    # Where the holder came from: neutral facts of the live code, nothing about an illness.
    live_code = models.ForeignKey(LiveCode, models.PROTECT, null=True, related_name="+")
    department = models.ForeignKey(Department, models.PROTECT, null=True, related_name="+")
    team = models.ForeignKey(CareTeam, models.PROTECT, null=True, related_name="+")
    staff = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    current_patient = models.ForeignKey(Patient, models.PROTECT, null=True, related_name="+")
    arrived_at = models.DateTimeField()
    is_active = models.BooleanField(default=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["hospital", "-id"], name="holder_by_newest")]

    def __str__(self) -> str:
        return self.key

    def may(self, permission: str) -> bool:
        """Answer no: whoever holds a phone has none of the permissions of staff."""
        del permission
        return False


class HolderAddress(models.Model):
    """One account at one provider through which the holder can be met."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    holder = models.ForeignKey(Holder, models.PROTECT, related_name="addresses")
    address = models.OneToOneField(Address, models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.holder_id}:{self.address_id}"


class Holding(models.Model):
    """That one person holds the phone for one patient, and how that was proved."""

    class Relation(models.TextChoices):
        SELF = "self"
        FAMILY = "family"
        CARER = "carer"

    class State(models.TextChoices):
        PENDING = "pending"
        VERIFIED = "verified"
        ENDED = "ended"

    class How(models.TextChoices):
        CODE = "code"
        BEDSIDE = "bedside"
        # The hospital's own site had signed the patient in and vouched for it.
        SITE = "site"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    key = KeyField()
    holder = models.ForeignKey(Holder, models.PROTECT, related_name="holdings")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="holdings")
    relation = models.CharField(max_length=8, choices=Relation.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    verified_how = models.CharField(max_length=8, choices=How.choices, blank=True)
    verified_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    verified_at = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["holder", "patient"], name="holding_once"),
            models.CheckConstraint(
                condition=~Q(state="verified")
                | (Q(verified_at__isnull=False) & ~Q(verified_how="")),
                name="holding_verified_somehow",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["patient", "state"], name="holding_by_patient"),
            models.Index(fields=["hospital", "state", "-claimed_at"], name="holding_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.holder_id} {self.relation} {self.patient_id}"


class PhoneCode(models.Model):
    """A code for the phone that the ward registered. A wrong claim gets a row too, never a code:

    so a stranger learns nothing from waiting times or counts about who is a patient.
    """

    class State(models.TextChoices):
        ASKED = "asked"
        SENT = "sent"
        FAILED = "failed"
        USED = "used"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    holder = models.ForeignKey(Holder, models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, models.PROTECT, null=True, related_name="+")
    relation = models.CharField(max_length=8, choices=Holding.Relation.choices)
    code_hash = models.BinaryField(null=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ASKED)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["holder", "-asked_at"], name="phonecode_by_holder"),
            models.Index(fields=["patient", "-asked_at"], name="phonecode_by_patient"),
        ]

    def __str__(self) -> str:
        return f"{self.holder_id} {self.state}"


class BedsideNumber(models.Model):
    """Six digits that the phone shows and a nurse types in beside the bed."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    holder = models.ForeignKey(Holder, models.PROTECT, related_name="+")
    relation = models.CharField(max_length=8, choices=Holding.Relation.choices)
    number_blind = models.BinaryField(null=True)
    number_sealed = models.BinaryField(default=bytes)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["hospital", "number_blind"],
                condition=Q(used_at=None),
                name="bedside_number_once_while_open",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["holder", "-expires_at"], name="bedside_by_holder")
        ]

    def __str__(self) -> str:
        return f"{self.holder_id} until {self.expires_at:%H:%M}"


class HolderSession(models.Model):
    """A phone, a chat window or a mini-program that was let in. Only the token's hash is kept."""

    class Kind(models.TextChoices):
        PHONE = "phone"  # the patient pages, by cookie
        CHAT = "chat"  # the talk alone, by a token that the visitor's browser keeps
        MINI = "mini"  # the mini-program's calls
        # Once, from the mini-program to the patient pages in its web-view.
        WEB_VIEW = "web_view"

    row_security_exempt: ClassVar[str] = "a cookie is looked up before the hospital is known"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    holder = models.ForeignKey(Holder, models.PROTECT, related_name="+")
    token_hash = models.BinaryField(unique=True)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.PHONE)
    # Opened by somebody whom nobody had identified: it ends when the holder is verified.
    is_guest = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    # Kept until it expires, so that its token does not open a new talk under the old name.
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["expires_at"], name="holdersession_by_expiry")]

    def __str__(self) -> str:
        return f"{self.holder_id} until {self.expires_at:%Y-%m-%d}"


class Tag(models.Model):
    """A word about people. Neutral tags may stand before verification, the others never."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    key = KeyField()
    name = models.CharField(max_length=60)
    is_neutral = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["hospital", "name"], name="tag_once_per_hospital")
        ]

    def __str__(self) -> str:
        return self.name


class HolderTag(models.Model):
    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    holder = models.ForeignKey(Holder, models.PROTECT, related_name="tags")
    tag = models.ForeignKey(Tag, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=40)
    by_kind = models.CharField(max_length=20)
    by_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["holder", "tag"], name="holdertag_once")
        ]

    def __str__(self) -> str:
        return f"{self.holder_id}:{self.tag_id}"


class PatientTag(models.Model):
    """A tag with who gave it, why and when."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="tags")
    tag = models.ForeignKey(Tag, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=40)
    by_kind = models.CharField(max_length=20)
    by_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["patient", "tag"], name="patienttag_once")
        ]

    def __str__(self) -> str:
        return f"{self.patient_id}:{self.tag_id}"


class LifeEvent(models.Model):
    """What stopped everything, in one tap."""

    class Kind(models.TextChoices):
        DEATH = "death"
        READMISSION = "readmission"
        PREGNANCY_LOSS = "pregnancy_loss"
        TRANSFER = "transfer"
        REFUSAL = "refusal"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    key = KeyField()
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="life_events")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    at = models.DateTimeField()
    by_kind = models.CharField(max_length=20)
    by_id = models.BigIntegerField(null=True)
    note_sealed = models.BinaryField(default=bytes)
    resumed_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["patient", "-at"], name="lifeevent_by_patient")]

    def __str__(self) -> str:
        return f"{self.patient_id} {self.kind}"


class PatientMerge(models.Model):
    """What one merge moved, so that it can be taken back."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    key = KeyField()
    kept = models.ForeignKey(Patient, models.PROTECT, related_name="+")
    folded = models.ForeignKey(Patient, models.PROTECT, related_name="+")
    moved = models.JSONField(default=dict)
    by_kind = models.CharField(max_length=20)
    by_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["folded"], condition=Q(undone_at=None), name="merge_once_while_standing"
            )
        ]

    def __str__(self) -> str:
        return f"{self.folded_id} into {self.kept_id}"


class Likeness(models.Model):
    """Two patients who may be one person: what agrees, what differs, and what was decided."""

    class State(models.TextChoices):
        OPEN = "open"
        LATER = "later"
        DISMISSED = "dismissed"  # they are two people
        MERGED = "merged"

    UNDECIDED: ClassVar = (State.OPEN, State.LATER)

    class Confidence(models.TextChoices):
        CERTAIN = "certain"
        LIKELY = "likely"
        POSSIBLE = "possible"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    key = KeyField()
    # The older row is the first: two rows have one likeness.
    first = models.ForeignKey(Patient, models.PROTECT, related_name="+")
    second = models.ForeignKey(Patient, models.PROTECT, related_name="+")
    confidence = models.CharField(max_length=8, choices=Confidence.choices)
    # Which row of data/likeness.yaml says so, in which version of the file.
    reason_code = models.CharField(max_length=40)
    version = models.CharField(max_length=16)
    agrees = models.JSONField(default=list)
    differs = models.JSONField(default=list)
    # What agreed when somebody decided: only more than that asks again.
    decided_agrees = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    later_until = models.DateTimeField(null=True)
    found_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    by_kind = models.CharField(max_length=20, blank=True)
    by_id = models.BigIntegerField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["first", "second"], name="likeness_once_per_pair"),
            models.CheckConstraint(
                condition=Q(first__lt=F("second")), name="likeness_older_is_first"
            ),
            models.CheckConstraint(
                condition=Q(state="later", later_until__isnull=False)
                | (~Q(state="later") & Q(later_until=None)),
                name="likeness_later_has_a_day",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["hospital", "confidence", "-id"],
                condition=Q(state__in=["open", "later"]),
                name="likeness_undecided",
            )
        ]

    def __str__(self) -> str:
        return f"{self.first_id} like {self.second_id}"
