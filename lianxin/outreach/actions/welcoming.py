"""The welcome: composed in the staff member's name, read by the guard, sent once, within 20 s."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.conf import settings
from django.db import transaction

from lianxin.channels import actions as channels
from lianxin.channels.actions.welcomes import WelcomeClaim
from lianxin.channels.adapters import ADAPTERS
from lianxin.channels.adapters.base import Attachment, SendFailed, Sent, room_beside
from lianxin.channels.models import Account, LiveCode
from lianxin.channels.queries import find_account, find_live_code, welcome_for_arrival
from lianxin.channels.queries.attachments import resolve_attachments
from lianxin.channels.queries.welcomes import attachments_of_welcome
from lianxin.channels.rules import ChosenWelcome
from lianxin.channels.wording import WantedWelcome
from lianxin.compliance.queries import check_wording
from lianxin.compliance.rules.guard import is_blocked
from lianxin.core.actor import SystemActor
from lianxin.core.ids import make_key
from lianxin.outreach import catalog
from lianxin.outreach.actions.composing import link_for
from lianxin.outreach.actions.settling import Settled, settle_deliveries
from lianxin.outreach.actions.submitting import Draft, submit_many
from lianxin.outreach.models import Delivery, Intent
from lianxin.outreach.queries.house import House, load_house
from lianxin.outreach.rules.facts import WELCOME_CODE
from lianxin.outreach.rules.texts import (
    Composed,
    WelcomeFacts,
    compose_fallback_welcome,
    compose_welcome,
    excess_of_welcome,
    with_delivery_key,
)
from lianxin.patients.actions import receive_contact
from lianxin.staff.queries import find_by_wecom

WELCOME = "welcome"


@dataclass(frozen=True)
class WelcomePlan:
    """One welcome to send now."""

    claim: WelcomeClaim
    text: str
    title: str
    url: str
    was_replaced: bool
    delivery_id: int
    attachments: tuple[Attachment, ...] = ()
    # How many of the chosen ones may not go any more.
    left_out_count: int = 0


@transaction.atomic
def claim_welcome(hospital_id: int, arrival_id: int) -> WelcomePlan | None:
    """Take the welcome for this worker; None when it is sent, taken or too late.

    No consent and no quiet hours: it answers the patient's own act a second ago. The wording
    guard reads it like everything else; a live code's text that it stops is replaced by the
    approved neutral one, so that nobody is left without the two safety sentences.
    """
    claim = channels.claim_welcome(hospital_id, arrival_id)
    if claim is None:
        return None
    house = load_house(hospital_id)
    code = find_live_code(hospital_id, claim.live_code_id) if claim.live_code_id else None
    welcome = welcome_for_arrival(code, claim.arrival_id) if code else ChosenWelcome(0, "")
    delivery = note_claim(house, claim)
    account = find_account(hospital_id, claim.account_id)
    chosen, allowed = attachments_for(house, code, welcome.number, delivery)
    url = link_to(account, code.welcome_link_path if code else "", delivery)
    composed, was_replaced = compose(
        house, claim, code, welcome.text, room=room_of(account, url) if account else 0
    )
    return WelcomePlan(
        claim=claim,
        text=composed.text,
        title=composed.title,
        url=url,
        was_replaced=was_replaced,
        delivery_id=delivery.pk,
        attachments=allowed,
        left_out_count=len(chosen) - len(allowed),
    )


def compose(
    house: House, claim: WelcomeClaim, code: LiveCode | None, own_text: str, *, room: int
) -> tuple[Composed, bool]:
    words = catalog.words_for(WELCOME, house.hospital.default_language)
    staff = find_by_wecom(house.hospital_id, claim.staff_userid) or (code.staff if code else None)
    department = code.department if code else None
    facts = WelcomeFacts(
        hospital=house.hospital.name,
        department=department.name if department else "",
        staff=staff.name if staff else "",
        own_text=own_text,
    )
    composed = compose_welcome(facts, words, room)
    if not is_blocked(check_wording(house.hospital_id, composed.text, "automatic")):
        return composed, False
    return compose_fallback_welcome(facts, words, room), True


def room_of(account: Account, url: str) -> int:
    """Return how many bytes a welcome may have beside its link, wherever the carrier puts it."""
    return room_beside(url, ADAPTERS[account.kind].text_bytes)


def measure_welcome(account: Account, wanted: WantedWelcome) -> int:
    """Return by how many bytes a live code's welcome is too long as it will be sent."""
    hospital = load_house(account.hospital_id).hospital
    facts = WelcomeFacts(hospital.name, wanted.department, wanted.staff, wanted.text)
    words = catalog.words_for(WELCOME, hospital.default_language)
    # A key as long as the one the delivery will have.
    url = link_for(account, wanted.link_path, make_key())
    return excess_of_welcome(facts, words, room_of(account, url))


def attachments_for(
    house: House, code: LiveCode | None, number: int, delivery: Delivery
) -> tuple[tuple[Attachment, ...], tuple[Attachment, ...]]:
    """Return what was chosen to go along, and what of it may: withdrawn pages and titles that the

    guard stops stay behind.
    """
    if code is None or code.account.kind != Account.Kind.WECOM:
        return (), ()
    chosen = attachments_of_welcome(code, number)

    def make_url(path: str) -> str:
        return f"{settings.BASE_URL}{with_delivery_key(path, delivery.key)}"

    found = resolve_attachments(house.hospital_id, chosen, make_url)
    allowed = tuple(
        one
        for one in found
        if not is_blocked(check_wording(house.hospital_id, one.title, "automatic"))
    )
    return chosen, allowed


def note_claim(house: House, claim: WelcomeClaim) -> Delivery:
    """Write the welcome as an intent and its delivery, so that it counts like every other send."""
    # The person may be known a moment later than the welcome runs: both jobs hear the same event.
    system = SystemActor(house.hospital_id)
    holder = receive_contact(
        house.hospital_id, claim.address_id, by=system, live_code_id=claim.live_code_id
    )
    draft = Draft(
        unique_key=f"{WELCOME}:{claim.arrival_id}",
        kind=WELCOME,
        priority="reply",
        holder_id=holder.pk,
        subject_kind="arrival",
        subject_id=claim.arrival_id,
        window_ends_at=claim.ends_at,
        answers_address_id=claim.address_id,
    )
    submit_many(house.hospital_id, [draft], by=system)
    intent = Intent.objects.get(hospital_id=house.hospital_id, unique_key=draft.unique_key)
    Intent.objects.filter(pk=intent.pk).update(state=Intent.State.SENDING)
    delivery, _is_new = Delivery.objects.update_or_create(
        intent=intent,
        carrier=WELCOME_CODE,
        address_id=claim.address_id,
        defaults={"state": Delivery.State.CLAIMED, "lease_until": claim.ends_at},
        create_defaults={
            "hospital_id": house.hospital_id,
            "holder": holder,
            "account_id": claim.account_id,
            "priority": intent.priority,
            "is_counted": False,
            "client_key": f"welcome-{claim.arrival_id}",
            "created_at": house.now,
            "state": Delivery.State.CLAIMED,
            "lease_until": claim.ends_at,
        },
    )
    return delivery


def link_to(account: Account | None, path: str, delivery: Delivery) -> str:
    return link_for(account, path, delivery.key) if account else ""


@transaction.atomic
def settle_welcome(hospital_id: int, plan: WelcomePlan, result: Sent | SendFailed) -> None:
    """Store the outcome in both rooms: welcome.sent or welcome.missed with its delay."""
    if isinstance(result, Sent) and plan.left_out_count:
        result = replace(result, left_out_count=result.left_out_count + plan.left_out_count)
    channels.settle_welcome(hospital_id, plan.claim.arrival_id, result)
    settle_deliveries(hospital_id, [Settled(plan.delivery_id, final(result))])


def final(result: Sent | SendFailed) -> Sent | SendFailed:
    """Return the result as one that is not tried again: a welcome code lives for 20 seconds."""
    if isinstance(result, SendFailed) and not result.permanent:
        return SendFailed("welcome_late", permanent=True, client_key=result.client_key)
    return result
