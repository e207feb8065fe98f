from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianxin.journeys.rules.definition import Definition
from lianxin.journeys.rules.entry import Candidate, PastEnrolment, may_enter
from lianxin.journeys.rules.parsing import parse_definition
from lianxin.journeys.rules.running import verdict
from lianxin.journeys.rules.schedule import Horizon, PlannedStep, materialise

ZONES = ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def make_definition(*steps: dict[str, Any]) -> Definition:
    rows = [
        {"key": f"s{n}", "kind": "task", "task": "call", "title": {"zh-hans": "电话"}, **step}
        for n, step in enumerate(steps)
    ]
    return parse_definition(
        {
            "format": 1,
            "key": "test",
            "name": {"zh-hans": "试"},
            "anchor": "discharged_on",
            "triggers": [{"kind": "manual"}],
            "reentry_after_days": 90,
            "purposes": ["reminders"],
            "steps": rows,
        }
    )


def plan(
    definition: Definition,
    anchor: date,
    zone: str = "Asia/Shanghai",
    *,
    enrolled_at: datetime = LONG_AGO,
) -> list[PlannedStep]:
    horizon = Horizon(anchor - timedelta(days=9), anchor + timedelta(days=400))
    return materialise(definition, anchor, zone, horizon, enrolled_at=enrolled_at)


steps = st.lists(
    st.fixed_dictionaries(
        {
            "days": st.lists(st.integers(0, 60), min_size=1, max_size=8, unique=True),
            "at": st.times().map(lambda t: f"{t:%H:%M}"),
            "window_minutes": st.integers(1, 3000),
        }
    ),
    min_size=1,
    max_size=6,
)
anchors = st.dates(date(2024, 1, 1), date(2030, 12, 31))


@given(steps, anchors, st.sampled_from(ZONES))
def test_no_step_is_planned_twice_and_each_has_a_window(
    rows: list[dict[str, Any]], anchor: date, zone: str
) -> None:
    planned = plan(make_definition(*rows), anchor, zone)

    assert len({(p.step_key, p.occurrence) for p in planned}) == len(planned)
    assert len(planned) == sum(len(row["days"]) for row in rows)
    assert all(p.due_at < p.window_ends_at for p in planned)
    assert planned == sorted(planned, key=lambda p: (p.due_at, p.step_key))


@given(steps, anchors, st.sampled_from(ZONES), st.integers(0, 60), st.integers(0, 60))
def test_planning_in_pieces_gives_the_same_rows_as_at_once(
    rows: list[dict[str, Any]], anchor: date, zone: str, cut: int, enrolled_day: int
) -> None:
    definition = make_definition(*rows)
    enrolled = datetime.combine(anchor + timedelta(days=enrolled_day), datetime.min.time(), UTC)
    last = anchor + timedelta(days=61)
    middle = anchor + timedelta(days=cut)
    day = timedelta(days=1)

    whole = materialise(definition, anchor, zone, Horizon(anchor, last), enrolled_at=enrolled)
    early = materialise(definition, anchor, zone, Horizon(anchor, middle), enrolled_at=enrolled)
    late = materialise(definition, anchor, zone, Horizon(middle + day, last), enrolled_at=enrolled)

    assert sorted(early + late, key=lambda p: (p.due_at, p.step_key)) == whole


@pytest.mark.parametrize(
    ("zone", "on", "at", "expected"),
    [
        ("Asia/Shanghai", date(2026, 11, 19), "08:30", datetime(2026, 11, 19, 0, 30, tzinfo=UTC)),
        # The clocks go forward: 02:30 does not exist and becomes 03:30 summer time.
        ("Europe/Berlin", date(2026, 3, 29), "02:30", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        # The clocks go back: 02:30 comes twice, the first one counts.
        ("Europe/Berlin", date(2026, 10, 25), "02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        # Half past eight stays half past eight on both sides of the change.
        ("Europe/Berlin", date(2026, 3, 28), "08:30", datetime(2026, 3, 28, 7, 30, tzinfo=UTC)),
        ("Europe/Berlin", date(2026, 3, 30), "08:30", datetime(2026, 3, 30, 6, 30, tzinfo=UTC)),
    ],
)
def test_the_time_is_the_hospitals_wall_clock(
    zone: str, on: date, at: str, expected: datetime
) -> None:
    [planned] = plan(make_definition({"days": [0], "at": at}), on, zone)

    assert planned.due_at == expected
    assert planned.occurrence == on


def test_what_was_over_before_joining_is_left_out_and_a_catch_up_runs_at_once() -> None:
    definition = make_definition(
        {"days": [0], "at": "10:00", "window_minutes": 60, "catches_up": True},
        {"days": [0, 9], "at": "10:00", "window_minutes": 60},
    )
    zone = ZoneInfo("Asia/Shanghai")
    joined = datetime(2026, 11, 24, 15, 0, tzinfo=zone)

    planned = plan(definition, date(2026, 11, 19), enrolled_at=joined)

    assert [(p.step_key, p.occurrence) for p in planned] == [
        ("s0", date(2026, 11, 24)),
        ("s1", date(2026, 11, 28)),
    ]
    assert planned[0].due_at == joined


NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("state", "step_revision", "ends", "expected"),
    [
        ("active", 1, LATER, ("run", "")),  # late but inside its window
        ("active", 1, NOON, ("missed", "worker_late")),  # the window's end is outside
        ("paused", 1, LATER, ("wait", "enrolment_paused")),
        ("paused", 1, NOON, ("missed", "enrolment_paused")),
        ("stopped", 1, LATER, ("cancelled", "enrolment_stopped")),
        ("finished", 1, NOON, ("cancelled", "enrolment_stopped")),
        ("active", 0, LATER, ("cancelled", "schedule_changed")),  # a stale row is harmless
    ],
)
def test_the_verdict_on_a_due_step(
    state: str, step_revision: int, ends: datetime, expected: tuple[str, str]
) -> None:
    found = verdict(
        enrolment_state=state,
        step_revision=step_revision,
        revision=1,
        window_ends_at=ends,
        now=NOON,
    )

    assert found == expected


GIVEN = frozenset({"reminders"})
ENDED = PastEnrolment("finished", NOON - timedelta(days=30))
LONG_ENDED = PastEnrolment("finished", NOON - timedelta(days=91))


@pytest.mark.parametrize(
    ("candidate", "expected"),
    [
        (Candidate(True, False, GIVEN), "yes"),
        (Candidate(False, False, GIVEN), "not_verified"),
        (Candidate(True, True, GIVEN), "stopped"),
        (Candidate(True, False, frozenset()), "no_consent"),
        (Candidate(True, False, GIVEN, (PastEnrolment("active", None),)), "already_on_it"),
        (Candidate(True, False, GIVEN, (PastEnrolment("paused", None),)), "already_on_it"),
        (Candidate(True, False, GIVEN, (ENDED,)), "too_soon"),
        (Candidate(True, False, GIVEN, (LONG_ENDED,)), "yes"),
    ],
)
def test_who_may_enter(candidate: Candidate, expected: str) -> None:
    definition = make_definition({"days": [0], "at": "10:00"})

    assert may_enter(definition, candidate, NOON) == expected
