from __future__ import annotations

from typing import ClassVar, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from lianxin.core.ids import KeyField
from lianxin.core.models import Hospital
from lianxin.staff import rules


class SignInManager(BaseUserManager["SignIn"]):
    pass


class SignIn(AbstractBaseUser):
    """A user name and its password: all that is known before the hospital is."""

    row_security_exempt: ClassVar[str] = "signing in happens before the hospital is known"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    username = models.CharField(max_length=60, unique=True)
    is_active = models.BooleanField(default=True)

    USERNAME_FIELD = "username"
    objects: ClassVar[SignInManager] = SignInManager()

    def __str__(self) -> str:
        return self.username


class Department(models.Model):
    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    key = KeyField()
    name = models.CharField(max_length=80)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["hospital", "name"], name="department_name_once_per_hospital"
            )
        ]

    def __str__(self) -> str:
        return self.name


class StaffQuerySet(models.QuerySet["Staff"]):
    def of(self, hospital_id: int) -> Self:
        return self.filter(hospital_id=hospital_id)

    def active(self) -> Self:
        return self.filter(is_active=True)


class Staff(models.Model):
    """One member of staff. The name is shown to patients and colleagues, so it is not sealed."""

    kind: ClassVar[str] = "staff"

    class Role(models.TextChoices):
        ADMIN = "admin"
        OPERATOR = "operator"
        DOCTOR = "doctor"
        NURSE = "nurse"
        REVIEWER = "reviewer"
        MANAGER = "manager"
        PRIVACY = "privacy"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    sign_in = models.OneToOneField(SignIn, models.PROTECT, null=True, related_name="+")
    key = KeyField()
    name = models.CharField(max_length=80)
    title = models.CharField(max_length=80, blank=True)
    role = models.CharField(max_length=20, choices=Role.choices)
    department = models.ForeignKey(Department, models.PROTECT, null=True, related_name="+")
    wecom_userid = models.CharField(max_length=64, blank=True)
    is_active = models.BooleanField(default=True)

    objects = StaffQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["hospital", "wecom_userid"],
                condition=~models.Q(wecom_userid=""),
                name="staff_wecom_userid_once_per_hospital",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def may(self, permission: str) -> bool:
        return self.is_active and rules.may(self.role, permission)


class ClientSession(models.Model):
    """A member whom WeCom has named. Opens the sidebar only; of the cookie the hash is kept."""

    row_security_exempt: ClassVar[str] = "a cookie is looked up before the hospital is known"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    token_hash = models.BinaryField(unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["hospital", "expires_at"], name="clientsession_by_expiry")
        ]

    def __str__(self) -> str:
        return f"{self.staff_id} until {self.expires_at:%Y-%m-%d %H:%M}"


class StaffPhone(models.Model):
    """The number that red alerts may ring, given by its owner and by nobody else.

    The row is the consent: taking it back deletes the row.
    """

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    staff = models.OneToOneField(Staff, models.PROTECT, related_name="+")
    number_sealed = models.BinaryField()
    number_blind = models.BinaryField()
    consented_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["hospital", "number_blind"], name="staffphone_by_number")
        ]

    def __str__(self) -> str:
        return f"phone of {self.staff_id}"


class CareTeam(models.Model):
    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    key = KeyField()
    name = models.CharField(max_length=80)
    department = models.ForeignKey(Department, models.PROTECT, null=True, related_name="+")
    lead = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return self.name


class CareTeamMember(models.Model):
    class Duty(models.TextChoices):
        DOCTOR = "doctor"
        NURSE = "nurse"
        MANAGER = "manager"

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    team = models.ForeignKey(CareTeam, models.PROTECT, related_name="members")
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="memberships")
    duty = models.CharField(max_length=12, choices=Duty.choices)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["team", "staff"], name="member_once_per_team")
        ]

    def __str__(self) -> str:
        return f"{self.team_id}:{self.staff_id}"


class DutyShift(models.Model):
    """One person's place on the roster: rank 1 is asked first, then 2 …"""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    team = models.ForeignKey(CareTeam, models.PROTECT, related_name="+")
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    rank = models.PositiveSmallIntegerField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="shift_ends_after_start"
            ),
            models.UniqueConstraint(
                fields=["team", "rank", "starts_at"], name="shift_rank_once_per_start"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["team", "starts_at"], name="shift_by_team")]

    def __str__(self) -> str:
        return f"{self.team_id} {self.rank} {self.starts_at:%m-%d %H:%M}"
