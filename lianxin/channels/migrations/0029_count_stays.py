"""Stays of the time before stays: out of the arrivals, which remember who came and who left."""

from __future__ import annotations

from django.db import migrations

# An arrival's key names the member; the key of one who was missing in one list and is in the next
# begins with "back". Nobody is told to follow twice: what still stood then had ended unheard.
FROM_ARRIVALS = """
with seen as (
    select a.id, a.hospital_id, a.address_id, coalesce(r.staff_userid, '') as staff_userid,
        a.event = 'contact.added' as comes, a.kind, a.live_code_id, a.occurred_at,
        a.arrival_key like 'back:%' as is_back
    from channels_arrival a
    join channels_address d on d.id = a.address_id
    join channels_account c on c.id = d.account_id
    left join channels_relation r on c.kind = 'wecom' and r.address_id = d.id
        and position(':' || r.staff_userid || ':' || d.external_id || ':' in a.arrival_key) > 0
    where a.event in ('contact.added', 'contact.removed') and (c.kind <> 'wecom' or r.id is not null)
), beside as (
    select seen.*, lead(is_back) over line as next_is_back, lag(kind) over line as kind_before
    from seen window line as (partition by address_id, staff_userid order by occurred_at, id)
), true_ones as (
    select * from beside
    where not (kind = 'unlisted' and coalesce(next_is_back, false))
        and not (is_back and coalesce(kind_before, '') = 'unlisted')
), marked as (
    select true_ones.*,
        comes and (kind = 'follow' or lag(comes) over line is distinct from true) as begins
    from true_ones window line as (partition by address_id, staff_userid order by occurred_at, id)
), numbered as (
    select marked.*, count(*) filter (where begins) over line as number
    from marked window line as (partition by address_id, staff_userid order by occurred_at, id)
), stays as (
    select hospital_id, address_id, staff_userid, number,
        min(occurred_at) filter (where begins) as began_at,
        min(occurred_at) filter (where not comes) as ended_at,
        (array_agg(kind order by occurred_at, id) filter (where not comes))[1] as ended_by,
        (array_agg(live_code_id order by occurred_at, id)
            filter (where begins or staff_userid <> '' and live_code_id is not null)) as codes
    from numbered where number > 0 group by hospital_id, address_id, staff_userid, number
), followed as (
    select stays.*, lead(began_at) over (partition by address_id, staff_userid order by number)
        as next_at
    from stays
)
insert into channels_stay
    (hospital_id, address_id, staff_userid, live_code_id, began_at, ended_at, ended_by)
select f.hospital_id, f.address_id, f.staff_userid, code.id, f.began_at,
    coalesce(f.ended_at, f.next_at, r.removed_at, d.removed_at),
    case when f.ended_at is not null then left(f.ended_by, 12)
        when f.next_at is not null then 'by_patient'
        else coalesce(r.removed_by, '') end
from followed f
join channels_livecode code on code.id = (array_remove(f.codes, null))[1]
left join channels_relation r on r.address_id = f.address_id and r.staff_userid = f.staff_userid
    and r.state = 'removed'
left join channels_address d on d.id = f.address_id and f.staff_userid = '' and d.state = 'removed'
"""

# People who were written in without an arrival, and those whose ids were erased since.
FROM_RELATIONS = """
insert into channels_stay
    (hospital_id, address_id, staff_userid, live_code_id, began_at, ended_at, ended_by)
select r.hospital_id, r.address_id, r.staff_userid, r.live_code_id, r.added_at,
    case when r.state = 'removed' then coalesce(r.removed_at, now()) end,
    case when r.state = 'removed' then r.removed_by else '' end
from channels_relation r
join channels_address d on d.id = r.address_id
where r.live_code_id is not null and not exists (
    select 1 from channels_arrival a where a.address_id = r.address_id
    and position(':' || r.staff_userid || ':' || d.external_id || ':' in a.arrival_key) > 0
)
"""

FROM_ADDRESSES = """
insert into channels_stay
    (hospital_id, address_id, staff_userid, live_code_id, began_at, ended_at, ended_by)
select d.hospital_id, d.id, '', d.live_code_id, d.added_at,
    case when d.state = 'removed' then coalesce(d.removed_at, now()) end, ''
from channels_address d
where d.live_code_id is not null
    and not exists (select 1 from channels_relation r where r.address_id = d.id)
    and not exists (
        select 1 from channels_arrival a
        where a.address_id = d.id and a.event = 'contact.added'
    )
"""


class Migration(migrations.Migration):
    dependencies = [("channels", "0028_stays")]

    operations = [
        migrations.RunSQL(FROM_ARRIVALS, migrations.RunSQL.noop),
        migrations.RunSQL(FROM_RELATIONS, migrations.RunSQL.noop),
        migrations.RunSQL(FROM_ADDRESSES, migrations.RunSQL.noop),
    ]
