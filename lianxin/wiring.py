"""Who hears what. This file is to events what urls.py is to requests."""

from __future__ import annotations

from lianxin.conversations import jobs as conversations
from lianxin.core.events import Wiring
from lianxin.handover import jobs as handover
from lianxin.health import jobs as health
from lianxin.journeys import jobs as journeys
from lianxin.outreach import jobs as outreach
from lianxin.patients import jobs as patients
from lianxin.tasks import jobs as tasks

SUBSCRIBERS: Wiring = {
    # What comes in.
    "contact.added": [patients.receive_contacts, outreach.send_welcome],
    "address.identified": [patients.join_identified],
    "address.named": [patients.name_holders],
    "contact.tagged": [patients.follow_tags],
    "contact.untagged": [patients.follow_tags],
    "group.joined": [journeys.follow_groups],
    "group.left": [journeys.follow_groups],
    "transfer.done": [patients.follow_transfers, handover.follow_transfers],
    "transfer.refused": [handover.follow_transfers],
    "transfer.failed": [handover.follow_transfers],
    "member.left": [handover.open_for_leavers],
    "corp_tag.allowed": [patients.offer_words],
    "holder.forgotten": [conversations.restrict_talks],
    "holder.joined": [conversations.join_threads, patients.look_at_joined],
    "message.arrived": [conversations.receive_arrivals],
    "staff_card.pressed": [health.take_pressed_cards],
    "receipt.arrived": [outreach.note_receipts],
    "session.changed": [conversations.answer_sessions],
    "staff_task.settled": [outreach.settle_tasks],
    "staff_call.keyed": [health.take_by_phone],
    "staff_call.ended": [health.call_next],
    # Who it is, and what was agreed.
    "holder.code_asked": [patients.deliver_phone_codes],
    "patient.registered": [patients.look_for_likenesses],
    "patient.verified": [
        journeys.enrol_patients,
        conversations.name_threads,
        patients.look_for_likenesses,
    ],
    "holding.switched_to": [conversations.name_threads],
    "patient.corrected": [journeys.enrol_patients, patients.look_for_likenesses],
    "consent.given": [journeys.enrol_patients],
    "consent.withdrawn": [journeys.stop_without_consent, outreach.stop_patients],
    # What goes out, and what became of it.
    "delivery.sent": [conversations.follow_deliveries],
    "delivery.delivered": [conversations.follow_deliveries],
    "delivery.failed": [conversations.follow_deliveries],
    "intent.refused": [conversations.follow_deliveries, tasks.call_about_refusals],
    "intent.cancelled": [conversations.follow_deliveries],
    "intent.missed": [conversations.follow_deliveries],
    # What patients did.
    "observation.recorded": [journeys.tick_cards],
    "doses.ticked": [journeys.tick_cards],
    "content.opened": [journeys.tick_cards, outreach.note_openings],
    # What stops everything.
    "patient.life_event": [
        journeys.stop_patients,
        outreach.stop_patients,
        tasks.follow_up_life_events,
    ],
    "patient.erased": [
        journeys.stop_patients,
        outreach.stop_patients,
        conversations.restrict_threads,
        tasks.close_for_erased,
    ],
    "patient.merged": [patients.gather_late_rows],
}
