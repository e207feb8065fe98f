"""Writes about patients and those who hold the phone for them. One file per thing that happens."""

from __future__ import annotations

from lianxin.patients.actions.arrival import (
    admit_opener,
    close_session,
    drop_expired_sessions,
    follow_name,
    link_address,
    name_holder,
    open_session,
    receive_contact,
    renew_session,
    set_preferences,
    use_pass,
)
from lianxin.patients.actions.handing_over import follow_transfers, hand_over_holders
from lianxin.patients.actions.joining import join_holders
from lianxin.patients.actions.leaving import forget_holder, forget_nickname
from lianxin.patients.actions.life_events import record_life_event, resume_patient
from lianxin.patients.actions.likenesses import (
    compare_by_hand,
    dismiss_likeness,
    look_for_likenesses,
    merge_likeness,
    postpone_likeness,
)
from lianxin.patients.actions.merging import gather_late_rows, merge_patients, undo_merge
from lianxin.patients.actions.registration import (
    PatientFacts,
    correct_patient,
    forget_patient,
    register_patient,
)
from lianxin.patients.actions.tagging import (
    follow_tags,
    offer_word,
    tag_holder,
    tag_patient,
    untag_patient,
)
from lianxin.patients.actions.verification import (
    claim_patient,
    end_holding,
    prepare_phone_code,
    send_phone_code,
    settle_phone_code,
    show_bedside_number,
    show_patient,
    switch_patient,
    verify_at_bedside,
    verify_by_code,
    verify_by_site,
)

__all__ = [
    "PatientFacts",
    "admit_opener",
    "claim_patient",
    "close_session",
    "compare_by_hand",
    "correct_patient",
    "dismiss_likeness",
    "drop_expired_sessions",
    "end_holding",
    "follow_name",
    "follow_tags",
    "follow_transfers",
    "forget_holder",
    "forget_nickname",
    "forget_patient",
    "gather_late_rows",
    "hand_over_holders",
    "join_holders",
    "link_address",
    "look_for_likenesses",
    "merge_likeness",
    "merge_patients",
    "name_holder",
    "offer_word",
    "open_session",
    "postpone_likeness",
    "prepare_phone_code",
    "receive_contact",
    "record_life_event",
    "register_patient",
    "renew_session",
    "resume_patient",
    "send_phone_code",
    "set_preferences",
    "settle_phone_code",
    "show_bedside_number",
    "show_patient",
    "switch_patient",
    "tag_holder",
    "tag_patient",
    "undo_merge",
    "untag_patient",
    "use_pass",
    "verify_at_bedside",
    "verify_by_code",
    "verify_by_site",
]
