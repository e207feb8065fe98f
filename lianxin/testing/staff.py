from __future__ import annotations

from lianxin.core.actor import SystemActor
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.staff import actions
from lianxin.staff.models import CareTeam, Department, Staff
from lianxin.testing.core import number

PASSWORD = "a-long-test-password"


def make_staff(hospital: Hospital, *, role: str = Staff.Role.NURSE, name: str = "") -> Staff:
    """Make a member of staff who can sign in."""
    with scope(hospital):
        system = SystemActor(hospital.pk)
        unique = next(number)
        staff = actions.add_staff(
            hospital,
            name=name or f"员工 {unique}",
            role=role,
            by=system,
            wecom_userid=f"staff{unique}",
        )
        actions.give_sign_in(staff, f"{role}{unique}", PASSWORD, by=system)
        staff.refresh_from_db()
        return staff


def give_phone(staff: Staff, phone: str = "") -> str:
    """Let a member of staff agree to be rung."""
    given = phone or f"139{next(number):08d}"
    with scope(staff.hospital_id):
        actions.give_phone(staff, given, by=staff)
    return given


def make_department(hospital: Hospital, name: str = "") -> Department:
    with scope(hospital):
        return Department.objects.create(hospital=hospital, name=name or f"科室 {next(number)}")


def make_team(hospital: Hospital, lead: Staff, *members: Staff) -> CareTeam:
    """Make a care team that `lead` leads and `members` belong to."""
    department = make_department(hospital)
    with scope(hospital):
        system = SystemActor(hospital.pk)
        team = actions.make_team(
            hospital, f"团队 {next(number)}", department=department, lead=lead, by=system
        )
        for member in members:
            actions.join_team(team, member, "nurse", by=system)
        return team
