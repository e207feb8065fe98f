from __future__ import annotations

import pytest

from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.staff.models import Staff
from lianxin.testing.budget import query_budget
from lianxin.testing.core import make_hospital
from lianxin.testing.staff import make_staff

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
    nurse = make_staff(here, role=Staff.Role.NURSE, name="林护士")

    with scope(here), query_budget(1):
        found = list(Staff.objects.filter(hospital__any_of=[here.pk], pk__any_of=range(1, 5000)))

    assert [one.name for one in found if one.pk == nurse.pk] == ["林护士"]
