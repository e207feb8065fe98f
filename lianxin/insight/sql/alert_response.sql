-- Minutes from raised to taken; an alert nobody took counts up to now.
with periods as (
    select n, p0, p1 from unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) with ordinality as t(p0, p1, n)
)
select p.n,
       count(a.id) filter (where a.acknowledged_at is not null and a.escalation_rank = 0) as numerator,
       count(a.id) as denominator,
       percentile_cont(0.5) within group (
           order by extract(epoch from coalesce(a.acknowledged_at, a.closed_at, %(now)s) - a.raised_at) / 60)
           filter (where a.id is not null) as median,
       percentile_cont(0.9) within group (
           order by extract(epoch from coalesce(a.acknowledged_at, a.closed_at, %(now)s) - a.raised_at) / 60)
           filter (where a.id is not null) as p90,
       count(a.id) filter (where a.acknowledged_at is null and a.closed_at is null) as missing
from periods p
left join health_alert a
    on a.hospital_id = %(hospital)s and a.raised_at >= p.p0 and a.raised_at < p.p1
   and a.opened_at is not null
group by p.n order by p.n
