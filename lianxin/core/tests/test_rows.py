from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import connection

from lianxin.core import events
from lianxin.core.ids import KeyField
from lianxin.core.models import Event, Hospital
from lianxin.core.rows import insert_columns

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


def test_a_key_has_one_index_and_none_for_like(db: None) -> None:
    keyed = {
        model._meta.db_table
        for model in apps.get_models()
        if any(isinstance(field, KeyField) for field in model._meta.concrete_fields)
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "select tablename from pg_indexes where schemaname = 'public'"
            " and indexdef like '%(key varchar_pattern_ops)'"
        )
        found = {name for (name,) in cursor.fetchall()}

    assert len(keyed) > 20
    assert not found & keyed


def test_columns_that_nobody_names_have_their_defaults(riverside: Hospital) -> None:
    names = ["甲院", "乙院"]
    ids = insert_columns(Hospital, {"phone": "0571"}, {"name": names}, unique="name")

    found = Hospital.objects.filter(pk__in=ids.values()).order_by("id")
    assert [(one.name, one.phone, one.time_zone, one.settings) for one in found] == [
        (name, "0571", "Asia/Shanghai", {}) for name in names
    ]
    assert len({one.key for one in found}) == 2
    assert insert_columns(Hospital, {}, {"name": []}) == {}
