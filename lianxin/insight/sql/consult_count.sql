-- Consults that began, and those that ended with an outcome somebody chose.
with periods as (
    select n, p0, p1 from unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) with ordinality as t(p0, p1, n)
)
select p.n,
       count(c.id) filter (where c.state = 'closed' and c.closed_by_id is not null) as numerator,
       count(c.id) as denominator,
       null::float8 as median, null::float8 as p90,
       count(c.id) filter (where c.state = 'open') as missing
from periods p
left join conversations_consult c
    on c.hospital_id = %(hospital)s and c.first_patient_at >= p.p0 and c.first_patient_at < p.p1
group by p.n order by p.n
