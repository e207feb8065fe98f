from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from multiprocessing import get_context

import pytest

from lianxin.core import events, time
from lianxin.core.actor import SystemActor
from lianxin.core.embedded import DatabaseUrls
from lianxin.core.ids import EPOCH, NUMBER_BITS, make_event_id
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope


def entry(hospital: Hospital, number: int) -> events.Entry:
    return events.Entry("test.happened", hospital.pk, "thing", number, "system")


def test_many_events_are_few_inserts(in_riverside: Hospital) -> None:
    made = events.record_many([entry(in_riverside, n) for n in range(250)])

    assert Event.objects.filter(name="test.happened").count() == 250
    assert len({e.id for e in made}) == 250


def test_an_event_dies_with_its_transaction(riverside: Hospital) -> None:
    with pytest.raises(ZeroDivisionError), scope(riverside):
        events.record_many([entry(riverside, 1)])
        _ = 1 / 0

    with scope(riverside):
        assert not Event.objects.filter(name="test.happened").exists()


def test_events_need_a_transaction(own_database: DatabaseUrls) -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        events.record("x.done", hospital_id=1, subject="x", subject_id=1, by=SystemActor(1))


def test_event_ids_sort_by_time() -> None:
    early = make_event_id(datetime(2026, 1, 1, tzinfo=UTC))
    late = make_event_id(datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC))

    assert early < late < 2**63


def test_the_demo_clock_moves_the_one_clock(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path_factory.mktemp("clock") / "clock.json"
    monkeypatch.setattr(time, "demo_clock", time.DemoClock(str(file)))
    before = time.now()
    file.write_text('{"offset_seconds": 86400}')

    assert (time.now() - before).total_seconds() > 86399


def test_thousands_of_events_of_one_instant_get_different_ids() -> None:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    one = events.Entry("test.happened", 1, "x", 1, "system", at=at)

    made = events.make_lines([one] * 20_000)

    assert len({event.id for event in made}) == 20_000
    assert {event.id >> NUMBER_BITS for event in made} == {make_event_id(at) >> NUMBER_BITS}


def test_the_id_after_the_last_of_a_millisecond_is_its_first() -> None:
    at = EPOCH + timedelta(milliseconds=7)
    ids = (make_event_id(at) for _ in range((1 << NUMBER_BITS) + 1))

    last, after = next((one, other) for one, other in pairwise(ids) if other != one + 1)

    assert last == (8 << NUMBER_BITS) - 1
    assert after == 7 << NUMBER_BITS


def test_processes_that_share_their_beginning_draw_other_ids() -> None:
    at = datetime(2026, 11, 22, tzinfo=UTC)

    def draw() -> int:
        with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
            return pool.submit(make_event_id, at).result()

    assert len({draw(), draw(), make_event_id(at)}) == 3
