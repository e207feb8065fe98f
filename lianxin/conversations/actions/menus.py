"""A press on the menu under an Official Account's chat is answered through the gate."""

from __future__ import annotations

from lianxin.channels.adapters.base import Inbound
from lianxin.channels.queries import find_menu_answer
from lianxin.core.actor import SystemActor
from lianxin.core.models import Hospital
from lianxin.outreach.actions import Draft, submit
from lianxin.patients import actions as patients

MENU = "menu"


def answer_press(hospital: Hospital, inbound: Inbound) -> bool:
    """Answer a key of our own menu; False for a key that somebody made on the platform's site.

    A press is no question: no talk is opened for it, and nobody has to answer it.
    """
    if inbound.kind != MENU:
        return False
    text = find_menu_answer(hospital.pk, inbound.account_id, inbound.text)
    if not text:
        return False
    system = SystemActor(hospital.pk)
    holder = patients.receive_contact(hospital.pk, inbound.address_id, by=system)
    draft = Draft(
        unique_key=f"menu:{inbound.arrival_id}",
        kind="session",
        priority="reply",
        holder_id=holder.pk,
        body=text,
        subject_kind="arrival",
        subject_id=inbound.arrival_id,
        answers_address_id=inbound.address_id,
    )
    submit(hospital.pk, draft, by=system)
    return True
