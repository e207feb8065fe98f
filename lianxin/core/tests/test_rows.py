from __future__ import annotations

from typing import Any

from lianxin.core import events
from lianxin.core.models import Event, Hospital

DATA: list[dict[str, Any]] = [
    {},
    {"code": 'a "quoted" \\ word, {braces}'},
    {"n": 1, "part": None, "is_new": True, "list": [1, "二", {"deep": []}]},
    {"name": "血压\t😀"},
]


def test_documents_of_many_rows_arrive_as_they_were(in_riverside: Hospital) -> None:
    events.record_many(
        [
            events.Entry("test.happened", in_riverside.pk, "thing", n, "system", data=data)
            for n, data in enumerate(DATA)
        ]
    )
    found = Event.objects.filter(name="test.happened").order_by("subject_id")

    assert [event.data for event in found] == DATA


def test_rows_that_share_everything_are_still_as_many(in_riverside: Hospital) -> None:
    one = events.Entry("test.happened", in_riverside.pk, "thing", 1, "system", data={"a": "b"})
    events.record_many([one] * 5)

    assert Event.objects.filter(name="test.happened", data={"a": "b"}).count() == 5
