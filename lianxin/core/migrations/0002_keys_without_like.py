"""Drop the second index of every key: nobody looks for keys that begin like another."""

from typing import ClassVar

from django.db import migrations

DROP = """
do $$
declare found record;
begin
    for found in
        select schemaname, indexname from pg_indexes
        where schemaname = current_schema() and indexdef like '%(key varchar_pattern_ops)'
    loop
        execute format('drop index %I.%I', found.schemaname, found.indexname);
    end loop;
end $$
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("core", "0001_initial")]

    operations: ClassVar = [migrations.RunSQL(DROP, migrations.RunSQL.noop)]
