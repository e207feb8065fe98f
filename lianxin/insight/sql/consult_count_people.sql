-- Patients who asked something.
select c.patient_id, count(*) as count
from conversations_consult c
where c.hospital_id = %(hospital)s and c.patient_id is not null
  and c.first_patient_at >= %(start)s and c.first_patient_at < %(end)s
group by c.patient_id order by 2 desc, 1 limit %(limit)s
