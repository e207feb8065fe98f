"""Every sealed or blind column of the house, how long it is kept, and what erasing a patient does.

A test walks all models: a column that is not here, or is here and gone, fails it.
"""

from __future__ import annotations

from lianxin.compliance.registry import PersonalField

PERSONAL_DATA: tuple[PersonalField, ...] = (
    # patients
    PersonalField("patients.Patient", "name_sealed", "patient", "engagement", "key_destroyed"),
    PersonalField("patients.Patient", "name_blind", "blind", "engagement", "cleared", "pk"),
    PersonalField("patients.Patient", "phone_sealed", "patient", "engagement", "key_destroyed"),
    PersonalField("patients.Patient", "phone_blind", "blind", "engagement", "cleared", "pk"),
    PersonalField("patients.Patient", "inpatient_sealed", "patient", "record", "restricted"),
    PersonalField("patients.Patient", "inpatient_blind", "blind", "record", "cleared", "pk"),
    PersonalField("patients.Patient", "diagnosis_sealed", "patient", "record", "restricted"),
    PersonalField("patients.Holder", "nickname_sealed", "holder", "engagement", "key_destroyed"),
    PersonalField("patients.LifeEvent", "note_sealed", "patient", "record", "restricted"),
    PersonalField("patients.BedsideNumber", "number_sealed", "hospital", "hospital", "expires"),
    PersonalField("patients.BedsideNumber", "number_blind", "blind", "hospital", "expires"),
    # staff: deleted when it is taken back or when they leave
    PersonalField("staff.StaffPhone", "number_sealed", "hospital", "hospital", "expires"),
    PersonalField("staff.StaffPhone", "number_blind", "blind", "hospital", "expires"),
    # channels
    PersonalField("channels.Account", "secrets_sealed", "hospital", "hospital", "not_personal"),
    PersonalField("channels.AccessToken", "token_sealed", "hospital", "hospital", "not_personal"),
    PersonalField("channels.CardPress", "response_sealed", "hospital", "hospital", "not_personal"),
    PersonalField("channels.Callback", "body_sealed", "hospital", "hospital", "expires"),
    PersonalField("channels.Arrival", "payload_sealed", "address", "engagement", "key_destroyed"),
    PersonalField(
        "channels.ArchivedMessage", "body_sealed", "address", "engagement", "key_destroyed"
    ),
    PersonalField("channels.Archive", "secret_sealed", "hospital", "hospital", "not_personal"),
    PersonalField("channels.ArchiveKey", "private_sealed", "hospital", "hospital", "not_personal"),
    PersonalField("channels.Group", "details_sealed", "hospital", "hospital", "not_personal"),
    # outreach
    PersonalField("outreach.Intent", "title_sealed", "patient", "engagement", "key_destroyed"),
    PersonalField("outreach.Intent", "body_sealed", "patient", "engagement", "key_destroyed"),
    # conversations, tasks, health: kept as long as the law keeps the record
    PersonalField("conversations.Message", "body_sealed", "holder", "record", "restricted"),
    PersonalField("tasks.StaffTask", "note_sealed", "patient", "record", "restricted"),
    PersonalField("health.Alert", "note_sealed", "patient", "record", "restricted"),
    PersonalField("health.Medication", "name_sealed", "patient", "record", "restricted"),
)
