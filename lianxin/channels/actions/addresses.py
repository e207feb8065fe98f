"""Addresses: counting what was sent, web chat, union ids, and forgetting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import transaction
from django.db.models import CharField, F, Q, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _

from lianxin.channels import facts, queries, sealing
from lianxin.channels.actions.arrivals import take_in
from lianxin.channels.actions.groups import forget_member
from lianxin.channels.adapters.base import Inbound
from lianxin.channels.models import (
    ERASED_PREFIX,
    Account,
    Address,
    ArchivedMessage,
    Arrival,
    ContactTag,
    Relation,
    RelationTag,
    Stay,
    TickCount,
    Transfer,
)
from lianxin.core import events, keys, time
from lianxin.core.actor import Actor, SystemActor
from lianxin.core.errors import RefusedError


def count_sent(hospital_id: int, account_id: int, count_by_external_id: Mapping[str, int]) -> None:
    """Count messages against the window that the patient's last message opened."""
    rows = Address.objects.filter(hospital_id=hospital_id, account_id=account_id)
    since = time.now() - facts.seconds("talk_window_seconds")
    in_talk = Q(last_action_at=None) | Q(
        last_inbound_at__gt=since, sent_since_inbound_count__lt=facts.count("talk_window_messages")
    )
    for external_id, count in count_by_external_id.items():
        one = rows.filter(external_id=external_id)
        # The talk's window is used first, then the minute after an act, as the provider counts.
        if not one.filter(in_talk).update(
            sent_since_inbound_count=F("sent_since_inbound_count") + count
        ):
            one.update(sent_since_action_count=F("sent_since_action_count") + count)


def note_session(hospital_id: int, account_id: int, external_id: str, state: int) -> None:
    """Remember a customer service session's state that a call has just shown."""
    Address.objects.filter(
        hospital_id=hospital_id, account_id=account_id, external_id=external_id
    ).update(session_state=state, session_changed_at=time.now())


@transaction.atomic
def settle_identity(address: Address, union_id: str) -> None:
    """Store what the provider knows of the person behind an address; told as address.identified."""
    Address.objects.filter(pk=address.pk).update(union_asked_at=time.now())
    if union_id and Address.objects.filter(pk=address.pk, union_id="").update(union_id=union_id):
        events.record(
            "address.identified",
            hospital_id=address.hospital_id,
            subject="address",
            subject_id=address.pk,
            by=SystemActor(address.hospital_id),
            data={"account_id": address.account_id},
        )


@transaction.atomic
def open_webchat(hospital_id: int, external_id: str, account: Account | None = None) -> Address:
    """Return the web chat address of one phone, made the first time. Told as contact.added."""
    return open_address(account or webchat_account(hospital_id), external_id)


@transaction.atomic
def open_address(account: Account, external_id: str, union_id: str = "") -> Address:
    """Return the address of somebody who opened a page of ours; told as contact.added when new."""
    known = queries.find_address_by_external(account.hospital_id, account.pk, external_id)
    if known is not None:
        if union_id and not known.union_id:
            settle_identity(known, union_id)
        return known
    opened = Inbound(
        event="contact.added",
        arrival_key=f"open:{external_id}",
        occurred_at=time.now(),
        kind="entry",
        external_id=external_id,
        union_id=union_id,
    )
    take_in(queries.facts_of(account), [opened])
    return Address.objects.get(account=account, external_id=external_id)


@transaction.atomic
def receive_webchat_message(
    hospital_id: int,
    *,
    external_id: str,
    text: str,
    client_key: str,
    account: Account | None = None,
) -> Arrival:
    """Take in what the patient wrote on the page. The same client key again changes nothing."""
    account = account or webchat_account(hospital_id)
    key = f"message:{external_id}:{client_key}"
    written = Inbound(
        event="message.arrived",
        arrival_key=key,
        occurred_at=time.now(),
        kind="text",
        external_id=external_id,
        text=text,
        provider_message_id=client_key,
    )
    take_in(queries.facts_of(account), [written])
    return Arrival.objects.get(account=account, arrival_key=key)


def webchat_account(hospital_id: int) -> Account:
    account = queries.find_account_of_kind(hospital_id, Account.Kind.WEBCHAT)
    if account is None:
        raise RefusedError(_("这家医院没有开通网页聊天。"))
    return account


@transaction.atomic
def forget_addresses(hospital_id: int, address_ids: Iterable[int], *, by: Actor) -> None:
    """Erase who the addresses are: their payloads' keys, their provider ids, their relations.

    The rows stay, so that the journal still proves that things happened.
    """
    for address in queries.list_addresses(hospital_id, address_ids):
        forget_address(address, reason="erasure", by=by)


@transaction.atomic
def forget_follower(hospital_id: int, address_id: int, *, by: Actor) -> bool:
    """Erase whoever unfollowed long enough ago; False when they came back, or it was done before.

    The platform's id goes out of the arrivals' keys, too: in its list they are nobody any more.
    """
    rows = queries.list_unfollowed_to_forget(hospital_id, time.now())
    address = rows.filter(pk=address_id).select_for_update(no_key=True).first()
    if address is None:
        return False
    forget_address(address, reason="unfollowed", by=by)
    nameless = Concat(Value(ERASED_PREFIX), Cast("pk", CharField()))
    Arrival.objects.filter(address=address).update(arrival_key=nameless)
    return True


def forget_address(address: Address, *, reason: str, by: Actor) -> None:
    now, hospital_id = time.now(), address.hospital_id
    keys.destroy_key(hospital_id, (sealing.ADDRESS, address.pk), "engagement", by=by)
    keys.destroy_key(hospital_id, (sealing.ADDRESS, address.pk), "record", by=by)
    Arrival.objects.filter(address=address).update(payload_sealed=b"")
    TickCount.objects.filter(address=address).delete()
    ContactTag.objects.filter(address=address).delete()
    forget_member(address)
    RelationTag.objects.filter(relation__address=address).delete()
    ArchivedMessage.objects.filter(relation__address=address).delete()
    Transfer.objects.filter(address=address, state__in=Transfer.OPEN).update(
        state=Transfer.State.CANCELLED, settled_at=now
    )
    Stay.objects.filter(address=address, ended_at=None).update(
        ended_at=now, ended_by=Stay.End.ERASED
    )
    Relation.objects.filter(address=address).update(state=Relation.State.REMOVED, removed_at=now)
    Address.objects.filter(pk=address.pk).update(
        external_id=f"{ERASED_PREFIX}{address.key}",
        union_id="",
        read_due_at=None,
        state=Address.State.REMOVED,
        removed_at=address.removed_at or now,
    )
    events.record(
        "address.forgotten",
        hospital_id=hospital_id,
        subject="address",
        subject_id=address.pk,
        by=by,
        data={"reason": reason},
    )
