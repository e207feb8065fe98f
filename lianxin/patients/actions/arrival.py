"""Somebody appears: at an address, later on a phone of their own."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction

from lianxin.channels import actions as addresses
from lianxin.channels import queries as channels
from lianxin.channels.adapters.mini_program.calls import Opener
from lianxin.channels.models import Account, Address, LiveCode
from lianxin.core import events, time
from lianxin.core.actor import Actor, SystemActor
from lianxin.core.keys import Keyring
from lianxin.core.scope import scope
from lianxin.patients import sealing
from lianxin.patients.actions.tagging import offer_tags, tag_holder
from lianxin.patients.models import Holder, HolderAddress, HolderSession

# Long enough that an elderly patient is not asked again every week; a lost phone is ended by hand.
SESSION_LASTS = timedelta(days=30)
# A chat window stands on other sites and on shared computers: a guest's for a week, and what a
# verified person said for half a day, after which the phone's own cookie has to open it again.
GUEST_LASTS = timedelta(days=7)
CHAT_LASTS = timedelta(hours=12)
# From the mini-program to its web-view: as long as a slow phone takes to open a page.
PASS_LASTS = timedelta(minutes=1)
TOKEN_BYTES = 32
KIND_LASTS = {
    HolderSession.Kind.CHAT.value: CHAT_LASTS,
    HolderSession.Kind.WEB_VIEW.value: PASS_LASTS,
}


@transaction.atomic
def receive_contact(
    hospital_id: int, address_id: int, *, by: Actor, live_code_id: int | None = None
) -> Holder:
    """Know the person behind an address. May run twice; one WeChat (union id) is one holder.

    Locks the address and the person's other ones, so that two callbacks that arrive together do
    not make two people of one.
    """
    address = lock_addresses(hospital_id, address_id)
    code = find_live_code(hospital_id, live_code_id or address.live_code_id)
    known = HolderAddress.objects.filter(address=address).select_related("holder").first()
    if known:
        if code:
            tag_holder(known.holder, code.tag_names, by=by, reason="live_code")
        return known.holder
    sibling = find_sibling(address)
    holder = sibling or make_holder(hospital_id, address, code)
    HolderAddress.objects.create(hospital_id=hospital_id, holder=holder, address=address)
    if code:
        tag_holder(holder, code.tag_names, by=by, reason="live_code")
    if sibling:
        offer_tags(holder)
    record_arrival(holder, address, code, is_new=sibling is None, by=by)
    return holder


@transaction.atomic
def link_address(holder: Holder, address: Address, *, by: Actor) -> None:
    """Add an address that the holder opened here, such as the web chat. Safe to run twice."""
    _link, is_new = HolderAddress.objects.get_or_create(
        address=address, defaults={"hospital_id": holder.hospital_id, "holder": holder}
    )
    if is_new:
        record_arrival(holder, address, None, is_new=False, by=by)


def lock_addresses(hospital_id: int, address_id: int) -> Address:
    """Lock the address and those of the same person, always in the same order."""
    address = Address.objects.get(hospital_id=hospital_id, pk=address_id)
    same = channels.list_same_person(hospital_id, address).values_list("pk", flat=True)
    rows = Address.objects.filter(hospital_id=hospital_id, pk__in=[address.pk, *same])
    list(rows.order_by("pk").select_for_update(no_key=True).values_list("pk"))
    return address


def find_live_code(hospital_id: int, live_code_id: int | None) -> LiveCode | None:
    if live_code_id is None:
        return None
    return LiveCode.objects.filter(hospital_id=hospital_id, pk=live_code_id).first()


def find_sibling(address: Address) -> Holder | None:
    """Return the holder who is known at another address of the same person."""
    same = channels.list_same_person(address.hospital_id, address).values_list("pk", flat=True)
    rows = HolderAddress.objects.filter(
        hospital_id=address.hospital_id, address_id__in=list(same), holder__is_active=True
    )
    found = rows.select_related("holder").order_by("pk").first()
    return found.holder if found else None


def make_holder(hospital_id: int, address: Address, code: LiveCode | None) -> Holder:
    return Holder.objects.create(
        hospital_id=hospital_id,
        live_code=code,
        department_id=code.department_id if code else None,
        team_id=code.team_id if code else None,
        staff_id=(code.staff_id if code else None) or address.staff_id,
        arrived_at=time.now(),
    )


def record_arrival(
    holder: Holder, address: Address, code: LiveCode | None, *, is_new: bool, by: Actor
) -> None:
    events.record(
        "holder.arrived" if is_new else "holder.address_linked",
        hospital_id=holder.hospital_id,
        subject="holder",
        subject_id=holder.pk,
        by=by,
        data={"address_id": address.pk, "live_code_id": code.pk if code else None},
    )


@transaction.atomic
def name_holder(holder: Holder, nickname: str, *, by: Actor) -> None:
    """Keep the name the provider shows, sealed."""
    ring = sealing.new_ring(holder.hospital_id, "holder", holder.pk)
    field, retention = sealing.NICKNAME
    holder.nickname_sealed = ring.seal(("holder", holder.pk), retention, nickname, field=field)
    holder.save(update_fields=["nickname_sealed"])
    events.record(
        "holder.named",
        hospital_id=holder.hospital_id,
        subject="holder",
        subject_id=holder.pk,
        by=by,
    )


@transaction.atomic
def follow_name(hospital_id: int, address_id: int, nickname: str, *, by: Actor) -> None:
    """Keep how the provider names the person behind an address; the same name is no news."""
    if not nickname:
        # Erased meanwhile: nobody is made anew.
        return
    holder = receive_contact(hospital_id, address_id, by=by)
    ring = Keyring.load(hospital_id, [("holder", holder.pk)])
    if sealing.open_nickname(ring, holder) != nickname:
        name_holder(holder, nickname, by=by)


@transaction.atomic
def set_preferences(holder: Holder, *, elder_mode: bool, language: str) -> None:
    """Remember how this person reads best, also on the next phone."""
    Holder.objects.filter(pk=holder.pk).update(elder_mode=elder_mode, language=language)
    holder.elder_mode, holder.language = elder_mode, language
    events.record(
        "holder.preferences_set",
        hospital_id=holder.hospital_id,
        subject="holder",
        subject_id=holder.pk,
        by=holder,
        data={"elder_mode": elder_mode, "language": language},
    )


def hash_token(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


@transaction.atomic
def open_session(
    holder: Holder,
    kind: str = HolderSession.Kind.PHONE,
    *,
    token: str = "",
    is_guest: bool = False,
) -> str:
    """Let a phone in and return what its cookie shall hold; only the hash is kept.

    A chat window of a guest brings its own token: a first message sent twice opens one session.
    """
    token = token or secrets.token_urlsafe(TOKEN_BYTES)
    now = time.now()
    session = HolderSession.objects.create(
        hospital_id=holder.hospital_id,
        holder=holder,
        token_hash=hash_token(token),
        kind=kind,
        is_guest=is_guest,
        created_at=now,
        expires_at=now + session_lasts(kind, is_guest=is_guest),
    )
    events.record(
        "holder.signed_in",
        hospital_id=holder.hospital_id,
        subject="holder",
        subject_id=holder.pk,
        by=holder,
        data={"session_id": session.pk, "kind": kind, "is_guest": is_guest},
    )
    return token


def session_lasts(kind: str, *, is_guest: bool) -> timedelta:
    if is_guest:
        return GUEST_LASTS
    return KIND_LASTS.get(kind, SESSION_LASTS)


@transaction.atomic
def renew_session(token: str) -> str:
    """Give a guest who has just proved who they are a new session; returns its token or nothing.

    Every session from before the proof ends: whoever has a copy of one sees nothing.
    """
    session = HolderSession.objects.filter(token_hash=hash_token(token), is_guest=True).first()
    if session is None:
        return ""
    end_guest_sessions(session.holder_id)
    return open_session(Holder.objects.get(pk=session.holder_id))


@transaction.atomic
def admit_opener(account: Account, opener: Opener) -> str:
    """Let in whom the mini-program's sign-in named, and return the token of the session.

    The same person at another account (union id) is one holder.
    """
    address = addresses.open_address(account, opener.openid, opener.union_id)
    system = SystemActor(account.hospital_id)
    holder = receive_contact(account.hospital_id, address.pk, by=system)
    return open_session(holder, HolderSession.Kind.MINI)


@transaction.atomic
def use_pass(token: str) -> str:
    """Exchange a pass for a phone's session; empty when it is used, too old, or none."""
    rows = HolderSession.objects.filter(
        token_hash=hash_token(token), kind=HolderSession.Kind.WEB_VIEW, expires_at__gt=time.now()
    )
    session = rows.first()
    if session is None or not rows.delete()[0]:
        return ""
    with scope(session.hospital_id):
        holder = Holder.objects.filter(pk=session.holder_id, is_active=True).first()
        return open_session(holder) if holder else ""


def end_guest_sessions(holder_id: int) -> None:
    rows = HolderSession.objects.filter(holder_id=holder_id, is_guest=True, ended_at=None)
    rows.update(ended_at=time.now())


@transaction.atomic
def close_session(token: str) -> None:
    """Forget a phone; unknown tokens are nobody's."""
    HolderSession.objects.filter(token_hash=hash_token(token)).delete()


@transaction.atomic
def drop_expired_sessions(hospital_id: int) -> int:
    """Delete the sessions that ended; return how many."""
    ended = HolderSession.objects.filter(hospital_id=hospital_id, expires_at__lte=time.now())
    return ended.delete()[0]
