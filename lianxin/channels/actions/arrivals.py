"""Taking in: each inbound thing becomes one arrival, one change and one event, once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from lianxin.channels import queries, rules
from lianxin.channels.actions import cards, ticks
from lianxin.channels.actions.archive import take_agreed, take_due
from lianxin.channels.actions.calls import take_report
from lianxin.channels.actions.corp_tags import ask_for_tag_list
from lianxin.channels.actions.groups import note_change
from lianxin.channels.actions.intake import Intake, store_arrival, tell_added
from lianxin.channels.actions.leaves import note_back, note_left
from lianxin.channels.actions.link_news import take_link
from lianxin.channels.actions.marks import mark_later
from lianxin.channels.actions.mass_sends import take_mass_send
from lianxin.channels.actions.publications import Told, take_result
from lianxin.channels.actions.service_news import ask_who, note_rights, note_servicer
from lianxin.channels.actions.stays import begin_stay, come_again, end_stay, note_following
from lianxin.channels.adapters.base import TEMPLATE_RECEIPT, AccountFacts, Inbound
from lianxin.channels.models import (
    EXTERNAL_ID_CHARACTERS,
    Account,
    Address,
    ContactTag,
    LiveCode,
    Relation,
    Transfer,
)
from lianxin.core import events, time
from lianxin.core.actor import SystemActor
from lianxin.core.events import Entry
from lianxin.staff.queries import find_by_wecom

MENU = "menu"
# An Official Account has no relations: what comes from a known follower is news by its kind.
TOLD_AGAIN = frozenset({"scan", "follow", "listed"})
# After which acts the provider takes a few messages for a minute, by kind of account.
MINUTE_KINDS: dict[str, set[str]] = {
    Account.Kind.OFFICIAL_ACCOUNT: {"follow", "scan"},
    Account.Kind.MINI_PROGRAM: {"entry"},
}


@transaction.atomic
def take_in(account: AccountFacts, inbounds: Iterable[Inbound]) -> list[Entry]:
    """Take in what was translated; what was taken in before changes nothing.

    The events are recorded here, in the same transaction, and returned.
    """
    intake = Intake(account, time.now())
    for inbound in inbounds:
        take = TAKERS.get(inbound.event)
        if take is not None and len(inbound.external_id) <= EXTERNAL_ID_CHARACTERS:
            take(intake, inbound)
    events.record_many(intake.entries)
    return intake.entries


# ---- contacts -----------------------------------------------------------------------------


def take_added(intake: Intake, inbound: Inbound) -> None:
    code = queries.find_by_state(intake.hospital_id, inbound.state)
    address, is_new = hold_address(intake, inbound, code)
    arrival = store_arrival(intake, inbound, address, code)
    if arrival is None:
        return
    is_news = is_new
    if inbound.staff_userid:
        is_news = hold_relation(address, inbound, code)
    else:
        note_following(address, inbound, code, is_new=is_new)
    revive(address, inbound, code)
    if inbound.kind in MINUTE_KINDS.get(intake.account.kind, set()):
        open_minute(address, inbound.occurred_at)
    if inbound.received_at is not None and intake.account.kind == Account.Kind.WECOM:
        # A callback says neither who it is on WeChat nor how they met.
        ask_for(address, intake.now)
    ask_who(intake.account, address, intake.now)
    if is_news or is_new or inbound.welcome_code or inbound.kind in TOLD_AGAIN:
        tell_added(intake, address, arrival, is_new=is_new)


def hold_address(intake: Intake, inbound: Inbound, code: LiveCode | None) -> tuple[Address, bool]:
    """Return the address, locked, made if it is new."""
    address, is_new = Address.objects.get_or_create(
        account_id=intake.account.id,
        external_id=inbound.external_id,
        defaults={
            "hospital_id": intake.hospital_id,
            "union_id": inbound.union_id,
            "live_code": code,
            "staff": find_by_wecom(intake.hospital_id, inbound.staff_userid)
            or (code.staff if code else None),
            "added_at": inbound.occurred_at,
        },
    )
    # Two workers may hold the half and the full event of one contact; the second one waits.
    return Address.objects.select_for_update(no_key=True).get(pk=address.pk), is_new


def hold_relation(address: Address, inbound: Inbound, code: LiveCode | None) -> bool:
    """Add or confirm the relation to the member; True when that is news."""
    relation = Relation.objects.filter(address=address, staff_userid=inbound.staff_userid).first()
    if relation is None:
        Relation.objects.create(
            hospital_id=address.hospital_id,
            address=address,
            staff_userid=inbound.staff_userid,
            staff=find_by_wecom(address.hospital_id, inbound.staff_userid),
            live_code=code,
            state=rules.add_relation(None, inbound.kind).state,
            added_at=inbound.occurred_at,
        )
        begin_stay(address, code, inbound.occurred_at, staff_userid=inbound.staff_userid)
        mark_new(address)
        return True
    if rules.is_stale(relation.removed_at, inbound.occurred_at):
        return False
    change = rules.add_relation(relation.state, inbound.kind)
    if change.is_news:
        relation.added_at = inbound.occurred_at
        come_again(address, inbound, code, left_at=relation.removed_at)
    else:
        # The half event may not have said by which code.
        begin_stay(address, code, relation.added_at, staff_userid=inbound.staff_userid)
    relation.state, relation.removed_at, relation.removed_by = change.state, None, ""
    relation.live_code = code or relation.live_code
    relation.save()
    if change.is_news:
        mark_new(address)
    return change.is_news


def mark_new(address: Address) -> None:
    """Have a new relation of somebody who carries tags marked, too."""
    if ContactTag.objects.filter(address=address, is_on=True).exists():
        mark_later(address)


def take_tags_changed(intake: Intake, inbound: Inbound) -> None:
    """Look at the list of tags: the callback does not say what a tag is now."""
    del inbound
    ask_for_tag_list(intake.account.id)


def take_group_changed(intake: Intake, inbound: Inbound) -> None:
    intake.entries += note_change(intake.account, inbound)


def revive(address: Address, inbound: Inbound, code: LiveCode | None) -> None:
    if rules.is_stale(address.removed_at, inbound.occurred_at):
        return
    address.state, address.removed_at = Address.State.ACTIVE, None
    address.live_code = code or address.live_code
    address.union_id = inbound.union_id or address.union_id
    address.save(update_fields=["state", "removed_at", "live_code", "union_id"])


def take_edited(intake: Intake, inbound: Inbound) -> None:
    """Look at the contact again: the callback does not say what staff changed."""
    address = queries.find_address_by_external(
        intake.hospital_id, intake.account.id, inbound.external_id
    )
    if address is None:
        return
    ask_for(address, intake.now)
    at = inbound.occurred_at
    older = Q(edited_at=None) | Q(edited_at__lt=at)
    rows = Relation.objects.filter(older, address=address, staff_userid=inbound.staff_userid)
    rows.update(edited_at=at)


def ask_for(address: Address, now: datetime) -> None:
    Address.objects.filter(pk=address.pk).update(read_due_at=now)


def take_removed(intake: Intake, inbound: Inbound) -> None:
    address = queries.find_address_by_external(
        intake.hospital_id, intake.account.id, inbound.external_id
    )
    if address is None:
        return
    address = Address.objects.select_for_update(no_key=True).get(pk=address.pk)
    if store_arrival(intake, inbound, address, None) is None:
        return
    if not end_relation(address, inbound):
        return
    intake.tell(
        "contact.removed",
        "address",
        address.pk,
        {"kind": inbound.kind, "staff_userid": inbound.staff_userid, "is_last": is_gone(address)},
    )


def end_relation(address: Address, inbound: Inbound) -> bool:
    """End the relation, or the following; False when it was added again since."""
    at = inbound.occurred_at
    if not inbound.staff_userid:
        # Who followed or scanned since then has come back.
        older = Q(last_action_at=None) | Q(last_action_at__lte=at)
        rows = Address.objects.filter(older, pk=address.pk)
        has_left = bool(rows.update(state=Address.State.REMOVED, removed_at=at))
        if has_left:
            end_stay(address.pk, at, inbound.kind)
        return has_left
    standing = Relation.objects.filter(address=address, staff_userid=inbound.staff_userid)
    ended = (
        standing.filter(added_at__lte=at)
        .exclude(state=Relation.State.REMOVED)
        .update(state=Relation.State.REMOVED, removed_at=at, removed_by=inbound.kind)
    )
    if ended:
        end_stay(address.pk, at, inbound.kind, staff_userid=inbound.staff_userid)
    if ended and is_gone(address):
        Address.objects.filter(pk=address.pk).update(state=Address.State.REMOVED, removed_at=at)
    return bool(ended)


def is_gone(address: Address) -> bool:
    standing = Relation.objects.filter(address=address)
    return not standing.exclude(state=Relation.State.REMOVED).exists()


def take_transfer_failed(intake: Intake, inbound: Inbound) -> None:
    """Ask at once what became of a transfer: the callback may be late, the results are not."""
    address = queries.find_address_by_external(
        intake.hospital_id, intake.account.id, inbound.external_id
    )
    if address is None or store_arrival(intake, inbound, address, None) is None:
        return
    waiting = Transfer.objects.filter(address=address, state=Transfer.State.WAITING)
    waiting.filter(to_userid=inbound.staff_userid).update(due_at=intake.now)


def take_left(intake: Intake, inbound: Inbound) -> None:
    if store_arrival(intake, inbound, None, None) is None:
        return
    account = Account.objects.get(pk=intake.account.id)
    by = SystemActor(intake.hospital_id)
    note_left(account, inbound.staff_userid, inbound.kind, at=inbound.occurred_at, by=by)


def take_back(intake: Intake, inbound: Inbound) -> None:
    if store_arrival(intake, inbound, None, None) is None:
        return
    account = Account.objects.get(pk=intake.account.id)
    by = SystemActor(intake.hospital_id)
    note_back(account, inbound.staff_userid, at=inbound.occurred_at, by=by)


# ---- messages, receipts, sessions ---------------------------------------------------------


def take_message(intake: Intake, inbound: Inbound) -> None:
    address, is_new = hold_address(intake, inbound, None)
    arrival = store_arrival(intake, inbound, address, None)
    if arrival is None:
        return
    if is_new:
        tell_added(intake, address, arrival, is_new=True)
    ask_who(intake.account, address, intake.now)
    is_from_staff = inbound.status == "from_staff"
    if inbound.kind == MENU:
        open_minute(address, inbound.occurred_at)
    elif not is_from_staff and inbound.kind != "recall":
        open_window(address, inbound.occurred_at)
    intake.tell(
        "message.arrived",
        "arrival",
        arrival.pk,
        {"address_id": address.pk, "kind": inbound.kind, "is_from_staff": is_from_staff},
    )


def open_minute(address: Address, at: datetime) -> None:
    """Start the short window anew that the provider opens after an act that is no message."""
    newer = Q(last_action_at=None) | Q(last_action_at__lte=at)
    Address.objects.filter(newer, pk=address.pk).update(
        last_action_at=at, sent_since_action_count=0
    )


def open_window(address: Address, at: datetime) -> None:
    """Start the provider's window anew: it counts from the patient's latest message."""
    # Providers count in whole seconds, so a second message may carry the same time.
    newer = Q(last_inbound_at=None) | Q(last_inbound_at__lte=at)
    Address.objects.filter(newer, pk=address.pk).update(
        last_inbound_at=at,
        sent_since_inbound_count=0,
        session_state=rules.session_after_message(address.session_state),
        state=Address.State.ACTIVE,
    )


def take_receipt(intake: Intake, inbound: Inbound) -> None:
    address = queries.find_address_by_external(
        intake.hospital_id, intake.account.id, inbound.external_id
    )
    arrival = store_arrival(intake, inbound, address, None)
    if arrival is None:
        return
    is_windowed = inbound.kind != TEMPLATE_RECEIPT
    if inbound.status == "failed" and address is not None and is_windowed:
        Address.objects.filter(pk=address.pk, sent_since_inbound_count__gt=0).update(
            sent_since_inbound_count=F("sent_since_inbound_count") - 1
        )
    intake.tell(
        "receipt.arrived",
        "arrival",
        arrival.pk,
        {
            "address_id": address.pk if address else None,
            "provider_message_id": inbound.provider_message_id,
            "template_id": inbound.template_id,
            "status": inbound.status,
            "reason": inbound.reason,
        },
    )


def take_answer(intake: Intake, inbound: Inbound) -> None:
    """Take in what a person answered to one kind of reminder: a tick is good for one message."""
    address, is_new = hold_address(intake, inbound, None)
    arrival = store_arrival(intake, inbound, address, None)
    if arrival is None:
        return
    if is_new:
        tell_added(intake, address, arrival, is_new=True)
    ticks.note_answer(address, inbound)
    intake.tell(
        "subscription.answered",
        "arrival",
        arrival.pk,
        {
            "address_id": address.pk,
            "template_id": inbound.template_id,
            "kind": inbound.kind,
            "status": inbound.status,
        },
    )


def take_session(intake: Intake, inbound: Inbound) -> None:
    address, _is_new = hold_address(intake, inbound, None)
    arrival = store_arrival(intake, inbound, address, None)
    if arrival is None or not inbound.status:
        return
    older = Q(session_changed_at=None) | Q(session_changed_at__lte=inbound.occurred_at)
    changed = Address.objects.filter(older, pk=address.pk).update(
        session_state=int(inbound.status), session_changed_at=inbound.occurred_at
    )
    if changed:
        intake.tell(
            "session.changed",
            "address",
            address.pk,
            {
                "state": int(inbound.status),
                "change": inbound.kind,
                "arrival_id": arrival.pk,
                "has_code": bool(inbound.welcome_code),
            },
        )


def take_call(intake: Intake, inbound: Inbound) -> None:
    """Take in what became of a call. No arrival: the call is its own row, once per report."""
    take_report(intake.account, inbound)


def take_named(intake: Intake, inbound: Inbound) -> None:
    """Take in how somebody is called; the name stays in the arrival, sealed."""
    address = queries.find_address_by_external(
        intake.hospital_id, intake.account.id, inbound.external_id
    )
    arrival = store_arrival(intake, inbound, address, None) if address else None
    if address is not None and arrival is not None:
        intake.tell("address.named", "address", address.pk, {"arrival_id": arrival.pk})


def take_rights(intake: Intake, inbound: Inbound) -> None:
    note_rights(intake.account, inbound)


def take_publication(intake: Intake, inbound: Inbound) -> None:
    """Take in how an examination ended. No arrival: the publication is its own row."""
    raw = inbound.raw
    told = Told(int(raw["status"]), str(raw["article_id"]), str(raw["url"]), inbound.occurred_at)
    take_result(intake.account.id, inbound.provider_message_id, told)


def take_servicer(intake: Intake, inbound: Inbound) -> None:
    note_servicer(intake.account, inbound)


def take_pressed(intake: Intake, inbound: Inbound) -> None:
    """Take in a press of a card's button; a card that is not ours changes nothing."""
    notice = cards.find_pressed(intake.hospital_id, str(inbound.raw.get("task_id", "")))
    arrival = store_arrival(intake, inbound, None, None) if notice else None
    if notice is None or arrival is None:
        return
    press = cards.keep_press(intake.hospital_id, inbound, arrival, notice)
    intake.tell("staff_card.pressed", "card_press", press.pk, cards.tell_of(press, inbound.kind))


TAKERS = {
    "address.named": take_named,
    "archive.agreed": take_agreed,
    "archive.due": take_due,
    "card.pressed": take_pressed,
    "call.reported": take_call,
    "contact.added": take_added,
    "contact.edited": take_edited,
    "tags.changed": take_tags_changed,
    "contact.removed": take_removed,
    "transfer.failed": take_transfer_failed,
    "member.left": take_left,
    "member.came": take_back,
    "group.changed": take_group_changed,
    "mass_send.told": take_mass_send,
    "link.changed": take_link,
    "link.visited": take_link,
    "link_quota.changed": take_link,
    "message.arrived": take_message,
    "publication.told": take_publication,
    "receipt.arrived": take_receipt,
    "service_accounts.changed": take_rights,
    "servicer.changed": take_servicer,
    "session.changed": take_session,
    "subscription.answered": take_answer,
}
