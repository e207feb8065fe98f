-- Patients whose consults were answered late or not at all.
select c.patient_id, count(*) as count
from conversations_consult c
where c.hospital_id = %(hospital)s and c.patient_id is not null
  and c.first_patient_at >= %(start)s and c.first_patient_at < %(end)s
  and (c.first_reply_at is null or c.first_reply_at > c.first_reply_due_at)
group by c.patient_id order by 2 desc, 1 limit %(limit)s
