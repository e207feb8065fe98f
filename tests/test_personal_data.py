"""Every sealed or blind column of every model says what happens to it in the end."""

from __future__ import annotations

from django.apps import apps
from django.db.models import BinaryField, Model

from lianxin.compliance.registry import PersonalField, personal_fields


def sealed_columns() -> set[str]:
    return {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.fields
        if field.name.endswith(("_sealed", "_blind"))
    }


def test_every_sealed_and_blind_column_is_registered_and_nothing_else() -> None:
    registered = [field.name for field in personal_fields()]

    assert sorted(registered) == sorted(set(registered))
    assert sealed_columns() == set(registered)


def test_sealed_columns_hold_bytes() -> None:
    for field in personal_fields():
        column = model_of(field)._meta.get_field(field.column)
        assert isinstance(column, BinaryField), field.name


def test_what_is_cleared_leads_to_its_patient() -> None:
    """A blind index would find the patient again, so erasure must be able to empty it."""
    for field in personal_fields():
        if field.ending == "cleared":
            assert field.patient_path, field.name
            model_of(field)._default_manager.filter(**{field.patient_path: 1}).query.__str__()
        if field.key == "blind":
            assert field.ending in {"cleared", "expires"}, field.name


def test_only_the_record_class_outlives_erasure() -> None:
    for field in personal_fields():
        if field.ending == "restricted":
            assert field.retention == "record", field.name
        if field.ending == "key_destroyed":
            assert field.retention == "engagement", field.name


def model_of(field: PersonalField) -> type[Model]:
    model: type[Model] = apps.get_model(field.model)
    return model
