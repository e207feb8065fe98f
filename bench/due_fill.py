"""The sets that benchmarks fill a database with: people who may be reached, and steps due.

Also the bare statement of `due`.
"""

from __future__ import annotations

PATIENTS = """
insert into patients_patient (hospital_id, key, name_sealed, phone_sealed, inpatient_sealed,
    diagnosis_sealed, sex, birth_on, stage, risk, discharged_on, state, stop_reason, created_at)
select %(hospital)s, 'p' || lpad(n::text, 11, '0'), '', '', '', '', 'female', '1958-03-01',
    'after_visit', 'unknown', %(today)s, 'active', '', %(due)s
from generate_series(1, %(n)s) n
"""

ADDRESSES = """
insert into channels_address (hospital_id, account_id, key, external_id, union_id, state, added_at,
    sent_since_inbound_count, sent_since_action_count, session_state)
select %(hospital)s, %(account)s, 'a' || lpad(n::text, 11, '0'), 'open-' || n, '', 'active',
    %(due)s, 0, 0, 0
from generate_series(1, %(n)s) n
"""

# Who holds the phone behind each address, and what they agreed to.
HOLDERS = (
    """
insert into patients_holder (hospital_id, key, nickname_sealed, elder_mode, language, arrived_at,
    is_active)
select %(hospital)s, 'h' || lpad(n::text, 11, '0'), '', false, '', %(due)s, true
from generate_series(1, %(n)s) n
""",
    """
insert into patients_holderaddress (hospital_id, holder_id, address_id)
select h.hospital_id, h.id, a.id from patients_holder h
join channels_address a on substr(a.key, 2) = substr(h.key, 2)
where h.key like 'h0%%' and a.key like 'a0%%'
""",
    """
insert into patients_holding (hospital_id, key, holder_id, patient_id, relation, state,
    verified_how, verified_at, claimed_at)
select p.hospital_id, 'g' || substr(p.key, 2), h.id, p.id, 'self', 'verified', 'bedside',
    %(due)s, %(due)s
from patients_patient p join patients_holder h on substr(h.key, 2) = substr(p.key, 2)
where p.key like 'p0%%' and h.key like 'h0%%'
""",
    """
insert into compliance_consent (hospital_id, patient_id, purpose, decision, text_version,
    text_hash, language, source, by_kind, at)
select hospital_id, id, purpose, 'granted', 1, '', 'zh-hans', 'paper', 'system', %(due)s
from patients_patient, unnest(array['health_records', 'reminders']) purpose
where key like 'p0%%'
""",
)

FILL = (
    PATIENTS,
    ADDRESSES,
    *HOLDERS,
    """
insert into journeys_enrolment (hospital_id, key, patient_id, journey_id, version_id, anchor_on,
    state, revision, planned_until, enrolled_at, end_reason, by_kind)
select hospital_id, 'e' || substr(key, 2), id, %(journey)s, %(version)s, %(today)s, 'active', 1,
    %(today)s + 7, %(due)s, '', 'system'
from patients_patient where key like 'p0%%'
""",
    """
insert into health_medication (hospital_id, key, patient_id, name_sealed, slots, starts_on,
    entered_at)
select hospital_id, 'm' || substr(key, 2), id, '', '["morning", "evening"]', %(today)s, %(due)s
from patients_patient where key like 'p0%%'
""",
    """
insert into journeys_duestep (hospital_id, enrolment_id, patient_id, step_key, occurrence_on,
    revision, due_at, window_ends_at, state, reason, attempt_count)
select hospital_id, id, patient_id, step, %(today)s, 1, %(due)s + interval '30 minutes',
    %(due)s + interval '4 hours', 'due', '', 0
from journeys_enrolment, unnest(array['measure-bp-morning', 'pills-morning']) step
order by id, step
""",
)

BARE_TABLES = (
    "drop table if exists bare_step, bare_delivery",
    "create table bare_step (like journeys_duestep including all)",
    "create table bare_delivery (like outreach_delivery including all)",
    "insert into bare_step (id, hospital_id, enrolment_id, patient_id, step_key, occurrence_on,"
    " revision, due_at, window_ends_at, state, reason, attempt_count) overriding system value"
    " select id, hospital_id, enrolment_id, patient_id, step_key, occurrence_on, revision, due_at,"
    " window_ends_at, 'due', '', 0 from journeys_duestep order by id",
    "vacuum analyze bare_step",
)

BARE = """
with done as (
    update bare_step set state = 'done', settled_at = now()
    where state = 'due' and due_at <= now() + interval '1 day'
    returning id, hospital_id, patient_id
)
insert into bare_delivery (hospital_id, key, intent_id, patient_id, carrier, state, priority,
    is_counted, client_key, reason_code, reason_facts, attempt_count, provider_message_id,
    created_at)
select hospital_id, 'd' || id, id, patient_id, 'oa_template', 'sent', 'medication', true,
    'c' || id, '', '{}', 1, '', now()
from done
"""
