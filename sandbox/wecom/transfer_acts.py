"""What becomes of a transfer: the customer refuses, the taker is full, or a day goes by."""

from __future__ import annotations

from sandbox.errors import ControlError, Json
from sandbox.runtime import Sandbox
from sandbox.state import Corp, Person, Relation, make_external_userid
from sandbox.wecom.acts import FRIENDS, change_contact, greet
from sandbox.wecom.contacts import find_relation, relation_key
from sandbox.wecom.people import DONE, FULL, REFUSED, WAITING, Transfer
from sandbox.wecom.transfers import is_full

DAY_SECONDS = 24 * 3600
BY_ADMIN = 202


def find_waiting(corp: Corp, person: Person) -> list[Transfer]:
    external = make_external_userid(corp.corp_id, person.id)
    rows = [one for one in corp.transfers if one.external_userid == external]
    return [one for one in rows if one.status == WAITING]


def refuse_transfer(box: Sandbox, corp: Corp, person: Person, userid: str) -> Json:
    """Refuse to be handed to this member, as the customer may for a day."""
    finish_due(box)
    found = [one for one in find_waiting(corp, person) if one.takeover_userid == userid]
    if not found:
        raise ControlError(409, "nobody waits for this answer")
    box.log.add("act", "refuse_transfer", account=corp.corp_id, params=person.introduce())
    return {"callbacks": [fail(box, corp, one, REFUSED, "customer_refused") for one in found]}


def fail(box: Sandbox, corp: Corp, transfer: Transfer, status: int, reason: str) -> int:
    transfer.status = status
    pair = Relation(transfer.takeover_userid, transfer.external_userid, transfer.person)
    return change_contact(box, corp, pair, "transfer_fail", extra={"FailReason": reason})


def finish_due(box: Sandbox) -> None:
    """Finish what has waited for a day."""
    before = box.clock.now() - DAY_SECONDS
    for corp in box.world.corps.values():
        for transfer in corp.transfers:
            if transfer.status == WAITING and transfer.asked_at <= before:
                finish(box, corp, transfer)


def finish(box: Sandbox, corp: Corp, transfer: Transfer) -> None:
    """Hand the customer over. The member who was there hears that the customer is gone."""
    userid, external = transfer.takeover_userid, transfer.external_userid
    known = find_relation(corp, userid, external)
    is_friend = known is not None and known.state in FRIENDS
    if not is_friend and is_full(corp, userid):
        fail(box, corp, transfer, FULL, "customer_limit_exceed")
        return
    transfer.status, transfer.takeover_time = DONE, box.clock.second()
    old = find_relation(corp, transfer.handover_userid, external)
    if old is not None:
        old.state = "removed_by_member"
        if not transfer.is_resigned:
            extra = {"Source": "DELETE_BY_TRANSFER"}
            change_contact(box, corp, old, "del_external_contact", extra=extra)
    if not is_friend:
        befriend(box, corp, transfer, old)
    say(box, corp, transfer)


def befriend(box: Sandbox, corp: Corp, transfer: Transfer, old: Relation | None) -> None:
    relation = Relation(transfer.takeover_userid, transfer.external_userid, transfer.person)
    relation.added_at, relation.last_at = box.clock.second(), box.clock.now()
    relation.add_way = BY_ADMIN
    relation.tag_ids = list(old.tag_ids) if old else []
    relation.remark = dict(old.remark) if old else {}
    corp.relations[relation_key(relation.userid, relation.external_userid)] = relation
    greet(box, corp, relation)
    change_contact(box, corp, relation, "add_external_contact")


def say(box: Sandbox, corp: Corp, transfer: Transfer) -> None:
    """Show the words that go along, in the chat of the one who took over."""
    person = box.world.persons.get(transfer.person)
    if person is None or not transfer.words:
        return
    box.deliver(
        person,
        f"wecom:{corp.corp_id}:{transfer.takeover_userid}",
        kind="text",
        body={"text": transfer.words},
        via="transfer",
        sender=corp.members[transfer.takeover_userid].name,
    )
