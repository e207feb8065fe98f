"""Monthly partitions: the SQL that rooms with big tables use, and the job that makes more."""

from __future__ import annotations

from django.db import connection, migrations

MONTHS_BACK = 13
MONTHS_AHEAD = 12


def make_partitions(table: str, *, back: int = 0, ahead: int = MONTHS_AHEAD) -> None:
    """Make the missing monthly partitions of a registered table. May run twice."""
    with connection.cursor() as cursor:
        cursor.execute("select core_make_partitions(%s, %s, %s)", [table, back, ahead])


def make_all_partitions() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select core_make_partitions(name, 0, %s) from core_partitioned_table", [MONTHS_AHEAD]
        )


def partition_by_month(table: str) -> migrations.RunSQL:
    """Return the migration step that registers a table and makes its first partitions."""
    return migrations.RunSQL(
        f"""
        insert into core_partitioned_table(name) values ('{table}') on conflict do nothing;
        create table {table}_default partition of {table} default;
        select core_make_partitions('{table}', {MONTHS_BACK}, {MONTHS_AHEAD});
        """,  # noqa: S608 - table names come from migrations
        migrations.RunSQL.noop,
    )


def refuse_changes(table: str) -> migrations.RunSQL:
    """Return the migration step that makes a table append-only, for every role."""
    return migrations.RunSQL(
        f"""
        create trigger {table}_append_only before update or delete on {table}
            for each row execute function core_refuse_change();
        create trigger {table}_no_truncate before truncate on {table}
            for each statement execute function core_refuse_change();
        """,
        migrations.RunSQL.noop,
    )
