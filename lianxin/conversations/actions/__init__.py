"""Writes of the inbox, by what happens."""

from __future__ import annotations

from lianxin.conversations.actions.chat import open_chat, write_from_page
from lianxin.conversations.actions.emergencies import escalate_thread
from lianxin.conversations.actions.handling import (
    assign_thread,
    choose_patient,
    close_thread,
    hand_over_threads,
    mark_read,
    name_threads,
    restrict_talks,
    restrict_threads,
    settle_danger,
)
from lianxin.conversations.actions.joining import join_threads
from lianxin.conversations.actions.receiving import receive_arrivals
from lianxin.conversations.actions.replying import add_note, send_reply
from lianxin.conversations.actions.scripts import offer_words, save_script, withdraw_script
from lianxin.conversations.actions.sessions import answer_session, link_intent
from lianxin.conversations.actions.settling import note_shown, settle_intents
from lianxin.conversations.actions.visiting import (
    admit_guest,
    admit_signed,
    open_talk,
    write_as_visitor,
)

__all__ = [
    "add_note",
    "admit_guest",
    "admit_signed",
    "answer_session",
    "assign_thread",
    "choose_patient",
    "close_thread",
    "escalate_thread",
    "hand_over_threads",
    "join_threads",
    "link_intent",
    "mark_read",
    "name_threads",
    "note_shown",
    "offer_words",
    "open_chat",
    "open_talk",
    "receive_arrivals",
    "restrict_talks",
    "restrict_threads",
    "save_script",
    "send_reply",
    "settle_danger",
    "settle_intents",
    "withdraw_script",
    "write_as_visitor",
    "write_from_page",
]
