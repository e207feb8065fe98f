-- Planned slots with a reading, over planned slots: full days only, until care was stopped.
with periods as (
    select n, p0, p1,
           (p0 at time zone %(zone)s)::date as d0,
           least((p1 at time zone %(zone)s)::date, (%(now)s at time zone %(zone)s)::date) as d1
    from unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) with ordinality as t(p0, p1, n)
)
select p.n,
       coalesce(sum(m.logged), 0)::bigint as numerator,
       coalesce(sum(m.planned), 0)::bigint as denominator,
       null::float8 as median, null::float8 as p90,
       count(m.patient_id) filter (where m.logged = 0) as missing
from periods p
left join lateral (
    select s.patient_id, (s.last_on - s.first_on) * cardinality(%(slots)s::text[]) as planned,
           (select count(distinct ((o.measured_at at time zone %(zone)s)::date, o.slot))
            from health_observation o
            where o.hospital_id = %(hospital)s and o.patient_id = s.patient_id and o.metric = %(metric)s
              and o.state = 'final' and o.slot = any(%(slots)s)
              and o.measured_at >= s.first_on::timestamp at time zone %(zone)s
              and o.measured_at < s.last_on::timestamp at time zone %(zone)s) as logged
    from (
        select h.patient_id, greatest(h.planned_from_on, p.d0) as first_on,
               least(p.d1, coalesce((t.stopped_at at time zone %(zone)s)::date, p.d1)) as last_on
        from health_healthprofile h
        join patients_patient t on t.id = h.patient_id
        where h.hospital_id = %(hospital)s and h.planned_from_on < p.d1
          and t.state in ('active', 'restricted')
    ) s
    where s.last_on > s.first_on
) m on true
group by p.n order by p.n
