-- Patients who logged less than half of what was planned, the emptiest first.
with bounds as (
    select (%(start)s at time zone %(zone)s)::date as d0,
           least((%(end)s at time zone %(zone)s)::date, (%(now)s at time zone %(zone)s)::date) as d1
), planned as (
    select h.patient_id, greatest(h.planned_from_on, b.d0) as first_on,
           least(b.d1, coalesce((t.stopped_at at time zone %(zone)s)::date, b.d1)) as last_on
    from bounds b
    join health_healthprofile h on h.hospital_id = %(hospital)s and h.planned_from_on < b.d1
    join patients_patient t on t.id = h.patient_id and t.state = 'active'
), counted as (
    select s.patient_id, (s.last_on - s.first_on) * cardinality(%(slots)s::text[]) as planned,
           (select count(distinct ((o.measured_at at time zone %(zone)s)::date, o.slot))
            from health_observation o
            where o.hospital_id = %(hospital)s and o.patient_id = s.patient_id and o.metric = %(metric)s
              and o.state = 'final' and o.slot = any(%(slots)s)
              and o.measured_at >= s.first_on::timestamp at time zone %(zone)s
              and o.measured_at < s.last_on::timestamp at time zone %(zone)s) as logged
    from planned s where s.last_on > s.first_on
)
select patient_id, planned - logged as count from counted
where logged * 2 < planned order by 2 desc, 1 limit %(limit)s
