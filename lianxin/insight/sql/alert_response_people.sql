-- Patients with alerts that had to be passed on, or that nobody has taken.
select a.patient_id, count(*) as count
from health_alert a
where a.hospital_id = %(hospital)s and a.raised_at >= %(start)s and a.raised_at < %(end)s
  and a.opened_at is not null
  and (a.escalation_rank > 0 or (a.acknowledged_at is null and a.closed_at is null))
group by a.patient_id order by 2 desc, 1 limit %(limit)s
