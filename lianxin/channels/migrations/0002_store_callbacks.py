"""One statement that stores a batch of callbacks and their jobs, for the edge.

It runs as its caller: row-level security holds inside it, under the hospital it is given.
"""

from django.db import migrations

CREATE = """
create function channels_store_callbacks(
    p_hospital bigint, p_accounts bigint[], p_keys text[], p_bodies bytea[],
    p_urgencies boolean[], p_received_at timestamptz
) returns integer language plpgsql as $$
declare
    stored_count integer;
begin
    perform set_config('lianxin.hospital', p_hospital::text, true);
    with stored as (
        insert into channels_callback
            (hospital_id, account_id, event_key, body_sealed, is_urgent, received_at, state)
        select p_hospital, t.account_id, t.event_key, t.body, t.is_urgent, p_received_at, 'received'
        from unnest(p_accounts, p_keys, p_bodies, p_urgencies)
            as t(account_id, event_key, body, is_urgent)
        on conflict (account_id, event_key) do nothing
        returning id, is_urgent
    ), batch as (
        select is_urgent, jsonb_agg(id order by id) as ids from stored group by is_urgent
    ), deferred as (
        select procrastinate_defer_jobs_v1(array_agg(row(
            case when is_urgent then 'urgent' else 'default' end,
            'channels.jobs.translate', 0, null, null,
            jsonb_build_object('hospital_id', p_hospital, 'callback_ids', ids), null
        )::procrastinate_job_to_defer_v1)) as ids
        from batch having count(*) > 0
    )
    select coalesce(sum(cardinality(ids)), 0) into stored_count from deferred;
    return stored_count;
end
$$
"""
DROP = "drop function channels_store_callbacks"


class Migration(migrations.Migration):
    dependencies = [
        ("channels", "0001_initial"),
        ("procrastinate", "0001_initial"),
    ]

    operations = [migrations.RunSQL(CREATE, DROP)]
