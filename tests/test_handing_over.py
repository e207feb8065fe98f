"""Every relation to a member of staff is somebody's work to hand over, or says why it stays."""

from __future__ import annotations

from django.apps import apps

from lianxin.handover.registry import handovers
from lianxin.staff.models import Staff


def is_history(name: str) -> bool:
    """Tell whether a column says who did something: that never becomes anybody else's."""
    return name == "by" or name.endswith("_by")


def staff_columns() -> set[str]:
    return {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.fields
        if field.related_model is Staff and not is_history(field.name)
    }


def test_every_relation_to_a_member_of_staff_is_registered_once_and_nothing_else() -> None:
    found = handovers()
    works = [column for work in found.works for column in work.columns]
    listed = works + [column for kept in found.kept for column in kept.columns]

    assert sorted(listed) == sorted(set(listed))
    assert staff_columns() == set(listed)
    assert all(kept.why for kept in found.kept)
