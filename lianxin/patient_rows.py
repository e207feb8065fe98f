"""Every relation to a patient, and what merging two patients does with its rows.

A test walks all models: a relation to a patient that is not here fails it. Read top to bottom:
what others follow comes first, and rows that work in progress adds come after the work itself.
"""

from __future__ import annotations

from lianxin.compliance.actions import give_back_answers, hold_the_stricter
from lianxin.health.actions import join_profiles
from lianxin.outreach.actions import hold_for_merge, say_once
from lianxin.patients.registry import MergePlan, PatientRows, SealedColumn

PATIENT_ROWS = MergePlan(
    rows=(
        # patients
        PatientRows("patients.Patient", "merged_into"),
        PatientRows("patients.Holding", once=("holder",)),
        PatientRows("patients.Holder", "current_patient"),
        PatientRows("patients.PhoneCode"),
        PatientRows("patients.PatientTag", once=("tag",)),
        PatientRows(
            "patients.LifeEvent",
            sealed=(SealedColumn("note_sealed", "patients.life_event_note", "record"),),
        ),
        PatientRows("patients.PatientMerge", "kept", stays="says what was merged then"),
        PatientRows("patients.PatientMerge", "folded", stays="says what was merged then"),
        PatientRows("patients.Likeness", "first", stays="says which two were compared"),
        PatientRows("patients.Likeness", "second", stays="says which two were compared"),
        # compliance
        PatientRows("compliance.Consent", stays="evidence of who was asked what; never changed"),
        PatientRows("compliance.Erasure", stays="says who was forgotten"),
        # journeys: nobody is on one journey twice, the second one waits in case of an undo
        PatientRows(
            "journeys.Enrolment",
            once=("journey",),
            once_while=("state", ("active", "paused")),
            parks=(("state", "active", "paused"),),
        ),
        PatientRows("journeys.DueStep", follows="enrolment", parks=(("state", "due", "held"),)),
        # content, conversations, tasks
        PatientRows("content.Reading"),
        PatientRows("conversations.Thread"),
        PatientRows("conversations.Consult"),
        PatientRows(
            "tasks.StaffTask", sealed=(SealedColumn("note_sealed", "tasks.task.note", "record"),)
        ),
        # health
        PatientRows("health.Observation"),
        PatientRows("health.ObservationKey"),
        PatientRows("health.HealthProfile", once=("hospital",)),
        PatientRows("health.ThresholdOverride", once=("rule_code",)),
        PatientRows(
            "health.Alert",
            once=("family",),
            once_while=("state", ("awaiting_second", "open", "acknowledged")),
            sealed=(SealedColumn("note_sealed", "health.alert_note", "record"),),
        ),
        PatientRows(
            "health.Medication",
            sealed=(SealedColumn("name_sealed", "health.medication_name", "record"),),
        ),
        PatientRows("health.DoseTick"),
        # outreach: after the rooms whose work makes intents
        PatientRows("outreach.Card", once=("on", "slot")),
        PatientRows(
            "outreach.Intent",
            sealed=(
                SealedColumn("title_sealed", "outreach.intent.title", "engagement"),
                SealedColumn("body_sealed", "outreach.intent.body", "engagement"),
            ),
        ),
        PatientRows("outreach.Delivery"),
    ),
    before=(hold_for_merge, hold_the_stricter, join_profiles),
    after=(say_once,),
    undone=(give_back_answers,),
)
