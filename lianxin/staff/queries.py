"""Reads. Each takes the actor or the hospital first and returns nothing outside it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q

from lianxin.core import time
from lianxin.core.actor import Actor
from lianxin.core.errors import NotFoundError
from lianxin.staff import rules, sealing
from lianxin.staff.models import (
    CareTeam,
    CareTeamMember,
    ClientSession,
    Department,
    DutyShift,
    Staff,
    StaffPhone,
    StaffQuerySet,
)

ADMIN = Staff.Role.ADMIN

# No shift is longer than this, so the roster look-up stays on a narrow index range.
LONGEST_SHIFT = timedelta(days=31)


def list_staff(hospital_id: int) -> StaffQuerySet:
    return Staff.objects.of(hospital_id).active().order_by("name", "id")


def find_staff(hospital_id: int, staff_id: int) -> Staff | None:
    return Staff.objects.of(hospital_id).filter(pk=staff_id).first()


def find_by_wecom(hospital_id: int, userid: str) -> Staff | None:
    if not userid:
        return None
    return Staff.objects.of(hospital_id).active().filter(wecom_userid=userid).first()


def find_many_by_wecom(hospital_id: int, userids: Iterable[str]) -> dict[str, Staff]:
    rows = Staff.objects.of(hospital_id).active().filter(wecom_userid__in=set(userids) - {""})
    return {row.wecom_userid: row for row in rows}


def find_by_sign_in(hospital_id: int, sign_in_id: int) -> Staff | None:
    rows = Staff.objects.of(hospital_id).active().filter(sign_in_id=sign_in_id)
    return rows.select_related("hospital", "department").first()


def hash_token(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def find_client_session(token: str) -> ClientSession | None:
    """Return whose cookie of the WeCom client this is while it lives; needs no scope."""
    rows = ClientSession.objects.filter(token_hash=hash_token(token), expires_at__gt=time.now())
    return rows.first()


def find_signed_in(hospital_id: int, staff_id: int) -> Staff | None:
    rows = Staff.objects.of(hospital_id).active().filter(pk=staff_id)
    return rows.select_related("hospital", "department").first()


def access_staff(actor: Actor, key: str) -> Staff:
    staff = list_staff(actor.hospital_id).filter(key=key).first()
    if staff is None:
        raise NotFoundError
    return staff


def names_of_staff(hospital_id: int, staff_ids: set[int]) -> dict[int, str]:
    rows = Staff.objects.of(hospital_id).filter(pk__in=staff_ids)
    return dict(rows.values_list("pk", "name"))


def list_departments(hospital_id: int) -> list[Department]:
    return list(Department.objects.filter(hospital_id=hospital_id).order_by("name"))


def list_teams(hospital_id: int) -> list[CareTeam]:
    rows = CareTeam.objects.filter(hospital_id=hospital_id)
    return list(rows.select_related("lead", "department").order_by("name"))


def list_team_ids_of(staff: Staff) -> list[int]:
    """Return the teams this person belongs to or leads."""
    ours = Q(lead=staff) | Q(pk__in=CareTeamMember.objects.filter(staff=staff).values("team_id"))
    rows = CareTeam.objects.filter(ours, hospital_id=staff.hospital_id)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def find_lead_id(hospital_id: int, team_id: int | None) -> int | None:
    if team_id is None:
        return None
    rows = CareTeam.objects.filter(hospital_id=hospital_id, pk=team_id)
    return rows.values_list("lead_id", flat=True).first()


def list_duty_line(hospital_id: int, team_id: int | None, at: datetime) -> list[Staff]:
    """Return who is asked at `at`, in order; never empty while the hospital has an admin."""
    shifts = DutyShift.objects.filter(
        hospital_id=hospital_id,
        team_id=team_id,
        starts_at__lte=at,
        starts_at__gt=at - LONGEST_SHIFT,
        ends_at__gt=at,
    )
    listed = shifts.values_list("staff_id", "rank", "starts_at", "ends_at")
    duties = [rules.Duty(*shift) for shift in listed]
    lead_id = find_lead_id(hospital_id, team_id)
    named = [duty.staff_id for duty in duties] + [lead_id or 0]
    asked = Staff.objects.of(hospital_id).active().filter(Q(pk__in=named) | Q(role=ADMIN))
    by_id = {one.pk: one for one in asked.order_by("pk")}
    admin_ids = [one.pk for one in by_id.values() if one.role == ADMIN]
    line = rules.order_duty_line(duties, at, lead_id=lead_id, admin_ids=admin_ids)
    return [by_id[staff_id] for staff_id in line if staff_id in by_id]


def find_phone(hospital_id: int, staff_id: int) -> StaffPhone | None:
    rows = StaffPhone.objects.filter(hospital_id=hospital_id, staff__is_active=True)
    return rows.filter(staff_id=staff_id).first()


def find_number(hospital_id: int, staff_id: int) -> str:
    """Open the number that may be rung; empty when there is none."""
    phone = find_phone(hospital_id, staff_id)
    return sealing.open_phone(hospital_id, bytes(phone.number_sealed)) if phone else ""


def list_with_phone(hospital_id: int, staff_ids: Iterable[int]) -> set[int]:
    """Tell who of these has agreed to be rung."""
    rows = StaffPhone.objects.filter(hospital_id=hospital_id, staff_id__in=list(staff_ids))
    return set(rows.filter(staff__is_active=True).values_list("staff_id", flat=True))


def list_by_number(hospital_id: int, number: str) -> list[int]:
    """Return whose number this is; a desk's telephone may be several people's."""
    blind = sealing.blind_phone(hospital_id, number)
    rows = StaffPhone.objects.filter(hospital_id=hospital_id, number_blind=blind)
    return list(rows.order_by("staff_id").values_list("staff_id", flat=True))


def count_teams_of(staff: Staff, now: datetime) -> int:
    """Count this person's places in teams and on the roster from now on."""
    here = {"hospital_id": staff.hospital_id}
    shifts = DutyShift.objects.filter(**here, staff=staff, ends_at__gt=now)
    members = CareTeamMember.objects.filter(**here, staff=staff)
    return CareTeam.objects.filter(**here, lead=staff).count() + members.count() + shifts.count()
