"""What the patient writes on the page: the same way in as every other message."""

from __future__ import annotations

from django.db import transaction

from lianxin.channels import actions as channels
from lianxin.channels.models import Address, Arrival
from lianxin.channels.queries import open_arrivals
from lianxin.conversations.actions.receiving import receive_arrivals
from lianxin.core.actor import SystemActor
from lianxin.patients import actions as patients
from lianxin.patients.models import Holder


@transaction.atomic
def write_from_page(holder: Holder, text: str, *, client_key: str) -> Arrival:
    """Take in what the patient wrote. Sent twice from a bad network, it is one message."""
    return take_words(open_chat(holder), text, client_key=client_key)


def take_words(address: Address, text: str, *, client_key: str) -> Arrival:
    """Take in what was written at one web chat address, and make the message of it now."""
    arrival = channels.receive_webchat_message(
        address.hospital_id,
        external_id=address.external_id,
        text=text,
        client_key=client_key,
        account=address.account,
    )
    # The patient sees her words, and the 120 card, in this very answer; the job finds it done.
    receive_arrivals(address.hospital_id, open_arrivals(address.hospital_id, [arrival.pk]))
    return arrival


@transaction.atomic
def open_chat(holder: Holder) -> Address:
    """Return the holder's web chat address, opened the first time."""
    address = channels.open_webchat(holder.hospital_id, f"web_{holder.key}")
    patients.link_address(holder, address, by=SystemActor(holder.hospital_id))
    return address
