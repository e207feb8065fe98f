-- Patients with messages that arrived and were not opened in time, most of them first.
select d.patient_id, count(distinct d.intent_id) as count
from outreach_delivery d
where d.hospital_id = %(hospital)s and d.patient_id is not null
  and d.sent_at >= %(start)s and d.sent_at < least(%(end)s, %(now)s - %(open_within)s)
  and d.state in ('sent', 'delivered') and d.carrier = any(%(carriers)s)
  and (d.opened_at is null or d.opened_at > d.sent_at + %(open_within)s)
group by d.patient_id order by 2 desc, 1 limit %(limit)s
