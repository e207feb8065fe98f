"""Background work: knowing who arrived, sending the code of a verification, sweeping sessions."""

from __future__ import annotations

from typing import Any

from lianxin.channels import queries as channels
from lianxin.channels import sending
from lianxin.channels.adapters.base import Outbound, Sent
from lianxin.core.actor import SystemActor
from lianxin.core.jobs import job, periodic
from lianxin.core.scope import scope
from lianxin.patients import actions, queries


@job(queue="urgent")
def receive_contacts(hospital_id: int, events: list[dict[str, Any]]) -> None:
    """Know the people behind the addresses that were added. Hears `contact.added`."""
    with scope(hospital_id):
        for event in events:
            actions.receive_contact(
                hospital_id,
                event["subject_id"],
                by=SystemActor(hospital_id),
                live_code_id=event["data"].get("live_code_id"),
            )


@job(queue="default")
def join_identified(hospital_id: int, events: list[dict[str, Any]]) -> None:
    """Make one holder of one WeChat when its union id comes late. Hears `address.identified`."""
    with scope(hospital_id):
        for event in events:
            actions.join_holders(hospital_id, event["subject_id"], by=SystemActor(hospital_id))


@job(queue="default")
def name_holders(hospital_id: int, events: list[dict[str, Any]]) -> None:
    """Keep the names that customer service shows. Hears `address.named`."""
    arrival_ids = [event["data"]["arrival_id"] for event in events]
    with scope(hospital_id):
        for one in channels.open_arrivals(hospital_id, arrival_ids):
            by = SystemActor(hospital_id)
            actions.follow_name(hospital_id, one.address_id, one.text, by=by)


@job(queue="bulk")
def look_for_likenesses(hospital_id: int, events: list[dict[str, Any]]) -> None:
    """Compare who was written down, corrected or verified with all others.

    Hears `patient.registered`, `patient.corrected` and `patient.verified`.
    """
    with scope(hospital_id):
        patient_ids = {event["patient_id"] for event in events if event["patient_id"]}
        actions.look_for_likenesses(hospital_id, patient_ids)


@job(queue="bulk")
def look_at_joined(hospital_id: int, events: list[dict[str, Any]]) -> None:
    """Compare the patients of a phone that turned out to be another's. Hears `holder.joined`."""
    with scope(hospital_id):
        held = queries.patients_of_holders(hospital_id, [event["subject_id"] for event in events])
        actions.look_for_likenesses(hospital_id, held)


@job(queue="default")
def gather_late_rows(hospital_id: int, events: list[dict[str, Any]]) -> None:
    """Move what was written for a patient while she was folded. Hears `patient.merged`."""
    with scope(hospital_id):
        for event in events:
            merge = queries.find_merge(hospital_id, event["data"]["merge_id"])
            if merge is not None:
                actions.gather_late_rows(merge, by=SystemActor(hospital_id))


@job(queue="default")
def follow_tags(hospital_id: int, events: list[dict[str, Any]]) -> None:
    """Keep the tags that staff changed in WeCom. Hears `contact.tagged` and `contact.untagged`."""
    with scope(hospital_id):
        for address_id in dict.fromkeys(event["subject_id"] for event in events):
            actions.follow_tags(hospital_id, address_id, by=SystemActor(hospital_id))


@job(queue="bulk")
def offer_words(hospital_id: int, events: list[dict[str, Any]]) -> None:
    """Offer the words that may leave since now. Hears `corp_tag.allowed`."""
    with scope(hospital_id):
        for event in events:
            actions.offer_word(hospital_id, event["data"]["code"])


@job(queue="urgent")
def deliver_phone_codes(hospital_id: int, events: list[dict[str, Any]]) -> None:
    """Send the codes that were asked for. Hears `holder.code_asked`."""
    for event in events:
        deliver_phone_code(hospital_id, event["subject_id"])


def deliver_phone_code(hospital_id: int, code_id: int) -> None:
    """Claim, send, settle. A run that died in between makes a new code, which then counts."""
    with scope(hospital_id):
        code = actions.prepare_phone_code(hospital_id, code_id)
    if code is None:
        return
    # The provider sends approved templates only; ours has the code as its one variable.
    outbound = Outbound(
        client_key=code.client_key,
        carrier_kind="sms",
        address=code.phone,
        data={"1": code.digits},
    )
    results = sending.send(hospital_id, code.account_id, [outbound])
    with scope(hospital_id):
        actions.settle_phone_code(hospital_id, code_id, sent=isinstance(results[0], Sent))


@periodic(seconds=3600)
def sweep_sessions(hospital_id: int) -> None:
    """Forget the phones whose thirty days are over."""
    with scope(hospital_id):
        actions.drop_expired_sessions(hospital_id)


@job(queue="default")
def follow_transfers(hospital_id: int, events: list[dict[str, Any]]) -> None:
    """Know the new colleague behind those who were moved in WeCom. Hears `transfer.done`."""
    takers = {event["data"]["address_id"]: event["data"]["to_staff_id"] for event in events}
    with scope(hospital_id):
        actions.follow_transfers(hospital_id, takers, by=SystemActor(hospital_id))
