from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lianxin.staff.rules import PERMISSIONS, ROLES, Duty, may, order_duty_line

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def duty(staff_id: int, rank: int, start: int = -2, end: int = 2) -> Duty:
    return Duty(staff_id, rank, NOON + timedelta(hours=start), NOON + timedelta(hours=end))


@pytest.mark.parametrize(
    ("duties", "lead", "admins", "expected"),
    [
        ([duty(2, 2), duty(1, 1)], 9, [5], [1, 2, 9, 5]),
        ([], 9, [5], [9, 5]),  # nobody on the roster: the lead answers
        ([duty(9, 1)], 9, [9], [9]),  # each once
        ([duty(1, 1, -8, 0), duty(2, 1, 0, 8)], None, [], [2]),  # at hand-over only the next
        ([duty(1, 1, 1, 2)], None, [7], [7]),  # not yet on duty
    ],
)
def test_the_duty_line(
    duties: list[Duty], lead: int | None, admins: list[int], expected: list[int]
) -> None:
    assert order_duty_line(duties, NOON, lead_id=lead, admin_ids=admins) == expected


def test_every_permission_names_known_roles() -> None:
    assert {role for roles in PERMISSIONS.values() for role in roles} <= set(ROLES)


@pytest.mark.parametrize(
    ("role", "permission", "allowed"),
    [
        ("nurse", "message.send", True),
        ("operator", "patient.read", False),  # operators plan, they do not see patients
        ("admin", "message.read", False),  # who runs the system does not read the talk
        ("privacy", "patient.erase", True),
        ("nurse", "patient.erase", False),
        ("manager", "insight.read", True),
    ],
)
def test_who_may_what(role: str, permission: str, allowed: bool) -> None:
    assert may(role, permission) is allowed


def test_an_unknown_permission_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        may("admin", "patient.reed")
