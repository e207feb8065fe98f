from __future__ import annotations

from lianxin.core import access_log
from lianxin.core.actor import SystemActor
from lianxin.core.models import AccessEntry, Hospital


def test_a_page_of_many_patients_writes_a_line_for_each(in_riverside: Hospital) -> None:
    """Ids drawn by chance alone would collide: twenty thousand of one instant, about 48 times."""
    actor = SystemActor(in_riverside.pk)

    access_log.record_views(actor, range(20_000), page="test:list")

    lines = AccessEntry.objects.filter(page="test:list")
    assert lines.count() == 20_000
    assert lines.values("patient_id").distinct().count() == 20_000


def test_a_patient_shown_twice_on_a_page_is_one_line(in_riverside: Hospital) -> None:
    access_log.record_views(SystemActor(in_riverside.pk), [7, 8, 7], page="test:list")

    assert AccessEntry.objects.filter(page="test:list").count() == 2


def test_a_page_without_patients_writes_nothing(in_riverside: Hospital) -> None:
    access_log.record_views(SystemActor(in_riverside.pk), [], page="test:list")

    assert not AccessEntry.objects.filter(page="test:list").exists()
