"""Hospital, data keys, and the two append-only partitioned tables: journal and access log."""

import django.db.models.deletion
from django.db import migrations, models

import lianxin.core.ids
from lianxin.core.partitions import partition_by_month, refuse_changes

FUNCTIONS = """
create table core_partitioned_table (name text primary key);

create function core_refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$;

-- Runs as the owner: the application role may neither create partitions nor touch them.
create function core_make_partitions(parent text, back int, ahead int) returns int
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    month date;
    child text;
    made int := 0;
begin
    if not exists (select 1 from core_partitioned_table where name = parent) then
        raise exception '% is not a partitioned table of Lianxin', parent;
    end if;
    for month in
        select generate_series(
            date_trunc('month', now()) - make_interval(months => back),
            date_trunc('month', now()) + make_interval(months => ahead),
            interval '1 month')::date
    loop
        child := format('%s_%s', parent, to_char(month, 'YYYY_MM'));
        if to_regclass(child) is null then
            execute format(
                'create table %I partition of %I for values from (%L) to (%L)',
                child, parent,
                (month::timestamp at time zone 'UTC'),
                ((month + interval '1 month')::timestamp at time zone 'UTC'));
            made := made + 1;
        end if;
    end loop;
    return made;
end $$;
"""

EVENT = """
create table core_event (
    at timestamptz not null,
    id bigint not null,
    hospital_id bigint not null references core_hospital(id),
    name varchar(80) not null,
    subject varchar(40) not null,
    subject_id bigint,
    patient_id bigint,
    by_kind varchar(20) not null,
    by_id bigint,
    data jsonb not null default '{}',
    primary key (at, id)
) partition by range (at);
create index core_event_patient on core_event (patient_id, at desc) where patient_id is not null;
create index core_event_name on core_event (hospital_id, name, at desc);
"""

ACCESS = """
create table core_accessentry (
    at timestamptz not null,
    id bigint not null,
    hospital_id bigint not null references core_hospital(id),
    by_kind varchar(20) not null,
    by_id bigint,
    patient_id bigint,
    page varchar(80) not null,
    outcome varchar(12) not null,
    reason varchar(200) not null default '',
    primary key (at, id)
) partition by range (at);
create index core_accessentry_patient on core_accessentry (patient_id, at desc);
create index core_accessentry_hospital on core_accessentry (hospital_id, at desc);
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Hospital",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", lianxin.core.ids.KeyField()),
                ("name", models.CharField(max_length=200)),
                ("name_en", models.CharField(blank=True, max_length=200)),
                ("time_zone", models.CharField(default="Asia/Shanghai", max_length=64)),
                ("default_language", models.CharField(default="zh-hans", max_length=16)),
                ("phone", models.CharField(blank=True, max_length=40)),
                ("is_active", models.BooleanField(default=True)),
                ("settings", models.JSONField(blank=True, default=dict)),
                ("keyset_wrapped", models.BinaryField(null=True)),
                ("blind_keyset_wrapped", models.BinaryField(null=True)),
                ("keyset_version", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "at", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("at", models.DateTimeField()),
                ("id", models.BigIntegerField()),
                ("name", models.CharField(max_length=80)),
                ("subject", models.CharField(max_length=40)),
                ("subject_id", models.BigIntegerField(null=True)),
                ("patient_id", models.BigIntegerField(null=True)),
                ("by_kind", models.CharField(max_length=20)),
                ("by_id", models.BigIntegerField(null=True)),
                ("data", models.JSONField(default=dict)),
            ],
            options={"db_table": "core_event", "managed": False},
        ),
        migrations.CreateModel(
            name="AccessEntry",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "at", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("at", models.DateTimeField()),
                ("id", models.BigIntegerField()),
                ("by_kind", models.CharField(max_length=20)),
                ("by_id", models.BigIntegerField(null=True)),
                ("patient_id", models.BigIntegerField(null=True)),
                ("page", models.CharField(max_length=80)),
                (
                    "outcome",
                    models.CharField(
                        choices=[("seen", "Seen"), ("refused", "Refused")],
                        default="seen",
                        max_length=12,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=200)),
            ],
            options={"db_table": "core_accessentry", "managed": False},
        ),
        migrations.CreateModel(
            name="DataKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("subject", models.CharField(max_length=40)),
                ("subject_id", models.BigIntegerField()),
                (
                    "retention",
                    models.CharField(
                        choices=[("engagement", "Engagement"), ("record", "Record")], max_length=20
                    ),
                ),
                ("wrapped", models.BinaryField(null=True)),
                ("destroyed_at", models.DateTimeField(null=True)),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="core.hospital",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("hospital", "subject", "subject_id", "retention"),
                        name="datakey_once_per_subject_and_retention",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("destroyed_at__isnull", False), ("wrapped", None)),
                            models.Q(("destroyed_at", None), ("wrapped__isnull", False)),
                            _connector="OR",
                        ),
                        name="datakey_wrapped_or_destroyed",
                    ),
                ],
            },
        ),
        migrations.RunSQL(FUNCTIONS + EVENT + ACCESS, migrations.RunSQL.noop),
        partition_by_month("core_event"),
        partition_by_month("core_accessentry"),
        refuse_changes("core_event"),
        refuse_changes("core_accessentry"),
    ]
