"""The database itself keeps hospitals apart, also where code forgets. Raw SQL, no ORM."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.test.utils import CaptureQueriesContext

from lianxin.core import access_log, events, keys
from lianxin.core.actor import SystemActor
from lianxin.core.models import Hospital
from lianxin.core.row_security import list_scoped_models
from lianxin.core.scope import current_hospital_id, inside, scope

# Tables that one must read before the hospital is known; each says why on its model.
UNSCOPED = {
    "core.Hospital",
    "staff.SignIn",
    "patients.HolderSession",
    "staff.ClientSession",
    "channels.AccountRoute",
    "channels.CampaignAddress",
    "content.PageAddress",
}


def rows(sql: str, *params: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def test_we_are_neither_owner_nor_superuser(db: None) -> None:
    role = rows("select rolname, rolsuper, rolbypassrls from pg_roles where rolname = current_user")

    assert role == [("lianxin_app", False, False)]
    assert rows("select count(*) from pg_tables where tableowner = current_user") == [(0,)]


def test_every_tenant_table_has_the_policy(db: None) -> None:
    secured = {name for (name,) in rows("select relname from pg_class where relrowsecurity")}

    assert {m._meta.db_table for m in list_scoped_models()} - secured == set()


def test_tables_without_the_policy_are_listed_and_say_why(db: None) -> None:
    exempt = {m._meta.label for m in apps.get_models() if getattr(m, "row_security_exempt", "")}

    assert exempt - UNSCOPED == set()


def record_one(hospital: Hospital) -> None:
    with scope(hospital):
        actor = SystemActor(hospital.pk)
        events.record("test.happened", hospital_id=hospital.pk, subject="x", subject_id=1, by=actor)
        access_log.record_views(actor, [1], page="test")


def test_the_journal_shows_one_hospital_only(riverside: Hospital, elsewhere: Hospital) -> None:
    record_one(riverside)
    record_one(elsewhere)

    assert rows("select count(*) from core_event") == [(0,)]
    with scope(riverside):
        found = rows("select distinct hospital_id from core_event where name = 'test.happened'")
        assert found == [(riverside.pk,)]
        assert rows("select distinct hospital_id from core_accessentry") == [(riverside.pk,)]


def test_no_row_can_be_written_into_another_hospital(
    riverside: Hospital, elsewhere: Hospital
) -> None:
    with pytest.raises(ProgrammingError, match="row-level security"), scope(riverside):
        keys.create_missing(elsewhere.pk, [("patient", 1)])


@pytest.mark.parametrize("parent", ["core_event", "core_accessentry"])
def test_partitions_are_closed_to_the_application(riverside: Hospital, parent: str) -> None:
    names = rows(
        "select inhrelid::regclass::text from pg_inherits where inhparent = %s::regclass", parent
    )
    assert len(names) > 12
    for (name,) in names:
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            rows(f"select 1 from {name}")


@pytest.mark.parametrize(
    "statement",
    [
        "update core_event set name = 'x'",
        "delete from core_event",
        "truncate core_event",
        "update core_accessentry set page = 'x'",
        "delete from core_accessentry",
    ],
)
def test_what_happened_cannot_be_changed(riverside: Hospital, statement: str) -> None:
    record_one(riverside)
    with pytest.raises(ProgrammingError), scope(riverside), connection.cursor() as cursor:
        cursor.execute(statement)


def test_scopes_nest_and_come_back(riverside: Hospital, elsewhere: Hospital) -> None:
    with scope(riverside):
        with scope(elsewhere):
            assert current_hospital_id() == elsewhere.pk
        assert current_hospital_id() == riverside.pk
    assert current_hospital_id() is None


def test_a_failed_inner_scope_leaves_the_outer_one(
    riverside: Hospital, elsewhere: Hospital
) -> None:
    with scope(riverside):
        with pytest.raises(ZeroDivisionError), scope(elsewhere):
            _ = 1 / 0
        assert current_hospital_id() == riverside.pk


def test_inside_uses_the_scope_that_is_open(riverside: Hospital, elsewhere: Hospital) -> None:
    with scope(riverside):
        with CaptureQueriesContext(connection) as captured, inside(riverside.pk):
            assert current_hospital_id() == riverside.pk
        assert len(captured) == 1

        with inside(elsewhere.pk):
            assert current_hospital_id() == elsewhere.pk
        assert current_hospital_id() == riverside.pk
    with inside(elsewhere.pk):
        assert current_hospital_id() == elsewhere.pk
    assert current_hospital_id() is None
