from __future__ import annotations

import pytest

from lianxin.core.actor import SystemActor
from lianxin.core.events import record
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.testing.budget import query_budget
from lianxin.testing.core import make_hospital

pytestmark = pytest.mark.django_db


def test_a_column_is_any_of_many_values() -> None:
    here, there = make_hospital("河畔医院"), make_hospital("别处医院")
    names = Hospital.objects.order_by("pk").values_list("name", flat=True)

    assert list(names.filter(pk__any_of={here.pk})) == ["河畔医院"]
    assert list(names.filter(pk__any_of=[there.pk, here.pk, 987654])) == ["河畔医院", "别处医院"]
    assert list(names.filter(name__any_of=["别处医院", "x"])) == ["别处医院"]
    assert list(names.filter(pk__any_of=[])) == []


def test_it_goes_through_relations_and_keeps_one_parameter() -> None:
    here = make_hospital("河畔医院")
    with scope(here):
        record("x.done", hospital_id=here.pk, subject="x", subject_id=7, by=SystemActor(here.pk))
        with query_budget(1):
            rows = Event.objects.filter(hospital__any_of=[here.pk], subject_id__any_of=range(5000))
            found = list(rows)

    assert [one.name for one in found] == ["x.done"]
