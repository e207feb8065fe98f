-- Minutes from the first patient message to the first staff message, unanswered apart.
with periods as (
    select n, p0, p1 from unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) with ordinality as t(p0, p1, n)
)
select p.n,
       count(c.id) filter (where c.first_reply_at <= c.first_reply_due_at) as numerator,
       count(c.id) as denominator,
       percentile_cont(0.5) within group (order by extract(epoch from c.first_reply_at - c.first_patient_at) / 60)
           filter (where c.first_reply_at is not null) as median,
       percentile_cont(0.9) within group (order by extract(epoch from c.first_reply_at - c.first_patient_at) / 60)
           filter (where c.first_reply_at is not null) as p90,
       count(c.id) filter (where c.first_reply_at is null) as missing
from periods p
left join conversations_consult c
    on c.hospital_id = %(hospital)s and c.first_patient_at >= p.p0 and c.first_patient_at < p.p1
group by p.n order by p.n
