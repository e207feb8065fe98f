"""Writes: staff, teams, the roster, and what signing in leaves behind."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from lianxin.core import events, time
from lianxin.core.actor import Actor, SystemActor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.core.models import Hospital
from lianxin.core.phone import is_mobile, normalise_phone
from lianxin.core.scope import scope
from lianxin.staff import queries, sealing
from lianxin.staff.models import (
    CareTeam,
    CareTeamMember,
    ClientSession,
    Department,
    DutyShift,
    SignIn,
    Staff,
    StaffPhone,
)

TOKEN_BYTES = 32
# WeCom names the member again without a touch, so a lost phone is let in for an hour at most.
CLIENT_SESSION_LASTS = timedelta(hours=1)


@transaction.atomic
def add_staff(
    hospital: Hospital,
    *,
    name: str,
    role: str,
    by: Actor,
    title: str = "",
    department: Department | None = None,
    wecom_userid: str = "",
) -> Staff:
    """Add a member of staff who cannot sign in yet."""
    if not by.may("staff.manage"):
        raise ForbiddenError
    staff = Staff.objects.create(
        hospital=hospital,
        name=name,
        role=role,
        title=title,
        department=department,
        wecom_userid=wecom_userid,
    )
    record("staff.added", staff, by=by)
    return staff


@transaction.atomic
def give_sign_in(staff: Staff, username: str, password: str, *, by: Actor) -> SignIn:
    """Let a member of staff sign in. User names are unique over all hospitals."""
    if not by.may("staff.manage"):
        raise ForbiddenError
    if SignIn.objects.filter(username=username).exists():
        raise RefusedError("这个用户名已经有人用了,请换一个。")
    sign_in = SignIn(hospital_id=staff.hospital_id, username=username)
    sign_in.set_password(password)
    sign_in.save()
    Staff.objects.filter(pk=staff.pk, sign_in=None).update(sign_in=sign_in)
    record("staff.sign_in_given", staff, by=by)
    return sign_in


@transaction.atomic
def deactivate_staff(staff: Staff, *, by: Actor) -> None:
    """Close a leaver's access at once: the next request of an open session is refused."""
    if not by.may("staff.manage"):
        raise ForbiddenError
    if not Staff.objects.filter(pk=staff.pk, is_active=True).update(is_active=False):
        raise RefusedError("这位员工已经停用。")
    if staff.sign_in_id is not None:
        SignIn.objects.filter(pk=staff.sign_in_id).update(is_active=False)
    ClientSession.objects.filter(hospital_id=staff.hospital_id, staff=staff).delete()
    StaffPhone.objects.filter(staff=staff).delete()
    record("staff.deactivated", staff, by=by)


@transaction.atomic
def give_phone(staff: Staff, number: str, *, by: Actor) -> StaffPhone:
    """Agree to be rung for red alerts, at one's own number. Nobody agrees for another."""
    if not is_self(staff, by):
        raise ForbiddenError
    normal = normalise_phone(number) or ""
    if not is_mobile(normal):
        raise RefusedError(_("请填 11 位手机号。"))
    phone, _made = StaffPhone.objects.update_or_create(
        staff=staff,
        defaults={
            "hospital_id": staff.hospital_id,
            "number_sealed": sealing.seal_phone(staff.hospital_id, normal),
            "number_blind": sealing.blind_phone(staff.hospital_id, normal),
            "consented_at": time.now(),
        },
    )
    record("staff.phone_given", staff, by=by)
    return phone


@transaction.atomic
def withdraw_phone(staff: Staff, *, by: Actor) -> None:
    """Take the number and the agreement back; nobody rings from now on."""
    if not is_self(staff, by):
        raise ForbiddenError
    deleted, _by_model = StaffPhone.objects.filter(staff=staff).delete()
    if deleted:
        record("staff.phone_withdrawn", staff, by=by)


def is_self(staff: Staff, by: Actor) -> bool:
    return by.kind == Staff.kind and by.id == staff.pk and staff.is_active


@transaction.atomic
def make_team(
    hospital: Hospital, name: str, *, department: Department, lead: Staff, by: Actor
) -> CareTeam:
    if not by.may("staff.manage"):
        raise ForbiddenError
    team = CareTeam.objects.create(hospital=hospital, name=name, department=department, lead=lead)
    events.record(
        "team.made", hospital_id=hospital.pk, subject="care_team", subject_id=team.pk, by=by
    )
    return team


@transaction.atomic
def join_team(team: CareTeam, staff: Staff, duty: str, *, by: Actor) -> CareTeamMember:
    if not by.may("staff.manage"):
        raise ForbiddenError
    member, made = CareTeamMember.objects.get_or_create(
        hospital_id=team.hospital_id, team=team, staff=staff, defaults={"duty": duty}
    )
    if made:
        record("staff.joined_team", staff, by=by)
    return member


@transaction.atomic
def plan_shift(
    team: CareTeam, staff: Staff, *, rank: int, starts_at: datetime, ends_at: datetime, by: Actor
) -> DutyShift:
    """Put someone on the roster; refused when the rank is taken at that start."""
    if not by.may("staff.manage"):
        raise ForbiddenError
    taken = DutyShift.objects.filter(team=team, rank=rank, starts_at=starts_at)
    if taken.exists():
        raise RefusedError("这个时段的这个班次已经有人。")
    shift = DutyShift.objects.create(
        hospital_id=team.hospital_id,
        team=team,
        staff=staff,
        rank=rank,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    record("staff.shift_planned", staff, by=by)
    return shift


@transaction.atomic
def open_client_session(staff: Staff) -> str:
    """Let a member in whom WeCom has named; return what the cookie shall hold."""
    now = time.now()
    token = secrets.token_urlsafe(TOKEN_BYTES)
    ended = ClientSession.objects.filter(hospital_id=staff.hospital_id, expires_at__lte=now)
    ended.delete()
    ClientSession.objects.create(
        hospital_id=staff.hospital_id,
        staff=staff,
        token_hash=queries.hash_token(token),
        created_at=now,
        expires_at=now + CLIENT_SESSION_LASTS,
    )
    record("staff.signed_in_by_client", staff, by=staff)
    return token


def note_sign_in(user: SignIn) -> None:
    staff = Staff.objects.filter(hospital_id=user.hospital_id, sign_in=user).first()
    if staff:
        record("staff.signed_in", staff, by=staff)


def note_failed_sign_in(username: str) -> None:
    """Journal a wrong password for a name that exists; unknown names leave nothing behind."""
    user = SignIn.objects.filter(username=username).first()
    if user is None:
        return
    with scope(user.hospital_id):
        events.record(
            "staff.sign_in_failed",
            hospital_id=user.hospital_id,
            subject="sign_in",
            subject_id=user.pk,
            by=SystemActor(user.hospital_id),
        )


def record(name: str, staff: Staff, *, by: Actor) -> None:
    events.record(name, hospital_id=staff.hospital_id, subject="staff", subject_id=staff.pk, by=by)


@transaction.atomic
def hand_over_teams(leaver: Staff, taker: Staff | None, *, by: Actor) -> int:
    """Put the taker in the leaver's place in teams and on the roster from now on.

    Shifts that are over stay as they were. Without a taker a team has no lead until one is named.
    """
    if not by.may("handover.manage"):
        raise ForbiddenError
    teams = CareTeam.objects.filter(hospital_id=leaver.hospital_id, lead=leaver).update(lead=taker)
    members = CareTeamMember.objects.filter(hospital_id=leaver.hospital_id, staff=leaver)
    there = members.model.objects.filter(staff=taker).values("team_id")
    doubled = members if taker is None else members.filter(team_id__in=there)
    teams += doubled.delete()[0]
    if taker is not None:
        teams += members.update(staff=taker)
    shifts = DutyShift.objects.filter(
        hospital_id=leaver.hospital_id, staff=leaver, ends_at__gt=time.now()
    )
    teams += shifts.delete()[0] if taker is None else shifts.update(staff=taker)
    if teams:
        record("staff.handed_over", leaver, by=by)
    return teams
