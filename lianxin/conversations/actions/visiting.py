"""Visitors of the chat window: guests, those whom the hospital's site signed in, those verified."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from lianxin.channels import actions as channels
from lianxin.channels import queries as addresses
from lianxin.channels.models import Account, Address, Arrival
from lianxin.channels.rules import SignedVisitor
from lianxin.conversations import catalog
from lianxin.conversations.actions.chat import open_chat, take_words
from lianxin.core import keys, time
from lianxin.core.actor import SystemActor
from lianxin.core.errors import RefusedError
from lianxin.core.ids import make_key
from lianxin.patients import actions as patients
from lianxin.patients import queries as people
from lianxin.patients.models import Holder, HolderSession

CHAT = HolderSession.Kind.CHAT
SUBJECT_FIELD = "conversations.signed_visitor"


class TooOftenError(RefusedError):
    """Written too much in too short a time; it will be taken later."""


@transaction.atomic
def admit_guest(account: Account, token: str) -> Holder:
    """Know a guest by the token that their browser made. Asked twice at once, it is one guest."""
    known = people.find_session(token, CHAT)
    if known is None:
        check_guests(account)
        try:
            with transaction.atomic():
                return make_guest(account, token)
        except IntegrityError:
            # The same first message came twice at once; the other one was faster.
            known = people.find_session(token, CHAT)
    return Holder.objects.get(hospital_id=account.hospital_id, pk=known.holder_id if known else 0)


def make_guest(account: Account, token: str) -> Holder:
    address = channels.open_webchat(
        account.hospital_id, f"{addresses.GUEST_PREFIX}{make_key()}", account
    )
    system = SystemActor(account.hospital_id)
    holder = patients.receive_contact(account.hospital_id, address.pk, by=system)
    patients.open_session(holder, CHAT, token=token, is_guest=True)
    return holder


def check_guests(account: Account) -> None:
    limits = catalog.visitor_limits()
    if addresses.count_guests(account, time.now() - limits.guest_span) >= limits.guests:
        raise TooOftenError(_("现在咨询的人太多，请几分钟后再发，急事请打电话。"))


@transaction.atomic
def admit_signed(account: Account, visitor: SignedVisitor) -> str | None:
    """Let in whom the hospital's site has signed in; None when the signature was used before.

    One patient number is one visitor, in whatever browser. Returns the token of the new window.
    """
    if not channels.use_signature(account, visitor):
        return None
    hospital_id = account.hospital_id
    subject = keys.blind(hospital_id, f"{account.pk}:{visitor.number}", field=SUBJECT_FIELD)
    address = channels.open_webchat(hospital_id, f"site_{subject.hex()[:40]}", account)
    system = SystemActor(hospital_id)
    holder = patients.receive_contact(hospital_id, address.pk, by=system)
    patients.verify_by_site(holder, visitor.number)
    return patients.open_session(holder, CHAT)


@transaction.atomic
def open_talk(holder: Holder) -> str:
    """Open a chat window for a phone that is known, and return its token."""
    return patients.open_session(holder, CHAT)


@transaction.atomic
def write_as_visitor(account: Account, holder: Holder, text: str, *, client_key: str) -> Arrival:
    """Take in what a visitor wrote. Sent twice from a bad network, it is one message."""
    address = address_of(account, holder)
    limits = catalog.visitor_limits()
    for span, most in limits.messages:
        if addresses.count_written(address, time.now() - span) >= most:
            raise TooOftenError(_("发得太快了，请过一会儿再发。急症请直接拨打 120。"))
    return take_words(address, text, client_key=client_key)


def address_of(account: Account, holder: Holder) -> Address:
    """Return where this visitor writes: the address of this account, else the phone's own."""
    own = holder.addresses.values_list("address_id", flat=True)
    return addresses.find_webchat_address(account, own) or open_chat(holder)
