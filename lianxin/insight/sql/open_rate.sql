-- Distinct messages opened within the hours after they were sent, of those sent that long ago.
with periods as (
    select n, p0, p1 from unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) with ordinality as t(p0, p1, n)
)
select p.n,
       count(m.intent_id) filter (where m.opened_at <= m.sent_at + %(open_within)s) as numerator,
       count(m.intent_id) as denominator,
       null::float8 as median, null::float8 as p90,
       count(m.intent_id) filter (where m.opened_at is null) as missing
from periods p
left join lateral (
    select d.intent_id, min(d.sent_at) as sent_at, min(d.opened_at) as opened_at
    from outreach_delivery d
    left join patients_patient t on t.id = d.patient_id
    where d.hospital_id = %(hospital)s
      and d.sent_at >= p.p0 and d.sent_at < least(p.p1, %(now)s - %(open_within)s)
      and d.state in ('sent', 'delivered') and d.carrier = any(%(carriers)s)
      and (t.id is null or t.stop_reason <> 'death' or t.stopped_at >= p.p0)
    group by d.intent_id
) m on true
group by p.n order by p.n
