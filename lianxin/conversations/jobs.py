"""Background work of the inbox: taking in, following deliveries, paging the next on duty."""

from __future__ import annotations

from typing import Any

from lianxin.channels.queries import open_arrivals
from lianxin.conversations import actions, queries
from lianxin.core import time
from lianxin.core.jobs import job, periodic
from lianxin.core.scope import scope
from lianxin.outreach.jobs import send_coded

EventRow = dict[str, Any]


@job(queue="urgent")
def receive_arrivals(hospital_id: int, events: list[EventRow]) -> None:
    """Make messages of what arrived. Hears `message.arrived`."""
    with scope(hospital_id):
        inbounds = open_arrivals(hospital_id, [event["subject_id"] for event in events])
        actions.receive_arrivals(hospital_id, inbounds)


@job(queue="default")
def follow_deliveries(hospital_id: int, events: list[EventRow]) -> None:
    """Show what became of answers. Hears `delivery.*` and `intent.*`."""
    with scope(hospital_id):
        intents = {event["subject_id"] for event in events if event["subject"] == "intent"}
        intents |= {
            event["data"]["intent_id"] for event in events if event["data"].get("intent_id")
        }
        deliveries = [event["subject_id"] for event in events if event["subject"] == "delivery"]
        intents |= set(queries.intents_of_deliveries(hospital_id, deliveries))
        actions.settle_intents(hospital_id, intents)


@job(queue="urgent")
def answer_sessions(hospital_id: int, events: list[EventRow]) -> None:
    """Say what a change of a customer service session allows. Hears `session.changed`."""
    for event in events:
        with scope(hospital_id):
            draft = actions.answer_session(hospital_id, event["data"], event["subject_id"])
        if draft is None:
            continue
        send_coded(hospital_id, event["data"]["arrival_id"], draft)
        with scope(hospital_id):
            intent_id = actions.link_intent(hospital_id, draft.unique_key)
            actions.settle_intents(hospital_id, [intent_id] if intent_id else [])


@job(queue="default")
def name_threads(hospital_id: int, events: list[EventRow]) -> None:
    """Put the verified patient's name on the talk. Hears `patient.verified`."""
    with scope(hospital_id):
        holders = [event["data"]["holder_id"] for event in events if "holder_id" in event["data"]]
        actions.name_threads(hospital_id, holders)


@job(queue="default")
def join_threads(hospital_id: int, events: list[EventRow]) -> None:
    """Make one talk of two when two phones turn out to be one person. Hears `holder.joined`."""
    with scope(hospital_id):
        for event in events:
            actions.join_threads(hospital_id, event["subject_id"], event["data"]["joined_id"])


@job(queue="default")
def restrict_threads(hospital_id: int, events: list[EventRow]) -> None:
    """Put the talks about erased patients away. Hears `patient.erased`."""
    with scope(hospital_id):
        actions.restrict_threads(hospital_id, [event["patient_id"] for event in events])


@job(queue="default")
def restrict_talks(hospital_id: int, events: list[EventRow]) -> None:
    """Put the talks of people who were forgotten away. Hears `holder.forgotten`."""
    with scope(hospital_id):
        actions.restrict_talks(hospital_id, [event["subject_id"] for event in events])


@periodic(seconds=15, queue="urgent")
def escalate_emergencies(hospital_id: int) -> None:
    """Ask the next one on duty about danger words that nobody has answered."""
    with scope(hospital_id):
        overdue = queries.list_overdue(hospital_id, time.now())
    for thread_id in overdue:
        with scope(hospital_id):
            actions.escalate_thread(hospital_id, thread_id)
