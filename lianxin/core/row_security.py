"""Row-level security and grants: run by the owner after every migrate, safe to run again.

Every model with a `hospital` field gets the policy; the application role gets what it needs and
nothing on partitions. A model may opt out with `row_security_exempt = "<reason>"`, and a test
holds the list of those.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.db import connection, models, transaction

APP_ROLE = "lianxin_app"
POLICY = "hospital_scope"
CONDITION = "hospital_id = nullif(current_setting('lianxin.hospital', true), '')::bigint"
# The database also refuses changes to these by trigger; the grant says it first.
APPEND_ONLY = ("core_event", "core_accessentry")
READ_ONLY = ("django_migrations", "core_partitioned_table")


def list_scoped_models() -> Iterator[type[models.Model]]:
    """Yield the models whose rows belong to one hospital."""
    for model in apps.get_models():
        has_hospital = any(field.name == "hospital" for field in model._meta.fields)
        if has_hospital and not getattr(model, "row_security_exempt", ""):
            yield model


@transaction.atomic
def secure() -> None:
    """Put policies and grants on everything. Must run as the owner."""
    with connection.cursor() as cursor:
        cursor.execute(f"grant usage on schema public to {APP_ROLE}")
        cursor.execute(
            f"grant select, insert, update, delete on all tables in schema public to {APP_ROLE}"
        )
        cursor.execute(f"grant usage, select on all sequences in schema public to {APP_ROLE}")
        for table in APPEND_ONLY:
            cursor.execute(f"revoke update, delete on {table} from {APP_ROLE}")
        for table in READ_ONLY:
            cursor.execute(f"revoke insert, update, delete on {table} from {APP_ROLE}")
        cursor.execute(
            "select c.oid::regclass::text from pg_class c join pg_namespace n"
            " on n.oid = c.relnamespace where c.relispartition and c.relkind = 'r'"
            " and n.nspname = 'public'"
        )
        for (partition,) in cursor.fetchall():
            cursor.execute(f"revoke all on {partition} from {APP_ROLE}")
        existing = set(connection.introspection.table_names(cursor))
        for model in list_scoped_models():
            # A model ahead of its migration has no table yet; a test finds those.
            if model._meta.db_table in existing:
                secure_table(model._meta.db_table)


def secure_table(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f'alter table "{table}" enable row level security')
        cursor.execute(f'drop policy if exists {POLICY} on "{table}"')
        cursor.execute(
            f'create policy {POLICY} on "{table}" to {APP_ROLE}'
            f" using ({CONDITION}) with check ({CONDITION})"
        )
