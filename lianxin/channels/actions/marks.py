"""Who carries which tag: what our side wants, what the provider shows, and making them equal.

The later change counts, whoever made it; of two at one time the one that removes. What we asked
for ourselves is no change.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from lianxin.channels import facts, queries
from lianxin.channels.actions.corp_tags import ask_for_tag_list
from lianxin.channels.actions.doubts import doubt_relations
from lianxin.channels.adapters.provider_http import ProviderError
from lianxin.channels.adapters.reactions import Reaction
from lianxin.channels.models import Address, ContactTag, CorpTag, Relation, RelationTag
from lianxin.channels.rules import tags as tag_rules
from lianxin.channels.rules.tags import MarkState, TagChange
from lianxin.channels.rules.tasks import NOT_A_CONTACT
from lianxin.channels.tag_words import illness_in
from lianxin.core import events, time
from lianxin.core.actor import SystemActor


@dataclass(frozen=True)
class MarkClaim:
    """The right to mark one relation, until the lease ends."""

    relation: Relation
    add: dict[int, str]
    remove: dict[int, str]
    lease: datetime


# ---- our side -----------------------------------------------------------------------------


@transaction.atomic
def want_tags(
    hospital_id: int, address_ids: Iterable[int], codes: Iterable[str], *, is_on: bool, at: datetime
) -> None:
    """Say that people carry these words, or no longer. Words outside the allow-list stay here."""
    rows = Address.objects.filter(hospital_id=hospital_id, pk__in=list(address_ids)).order_by("pk")
    addresses = list(rows.select_for_update(no_key=True))
    allowed = queries.find_allowed(hospital_id, [one.account_id for one in addresses], codes)
    for address in addresses:
        for tag in allowed:
            if tag.account_id == address.account_id and change_contact(
                address, tag, TagChange(is_on, at)
            ):
                mark_later(address)


def change_contact(address: Address, tag: CorpTag, change: TagChange) -> bool:
    """Keep a change if it is the later one; True when the person's tag is another than before.

    The caller holds the address.
    """
    row = ContactTag.objects.filter(address=address, tag=tag).first()
    before = TagChange(row.is_on, row.changed_at) if row else None
    if change.is_on == (before is not None and before.is_on):
        return False  # said again, which is no change
    after = tag_rules.later_change(before, change)
    if after == before:
        return False
    ContactTag.objects.update_or_create(
        address=address,
        tag=tag,
        defaults={
            "hospital_id": address.hospital_id,
            "is_on": after.is_on,
            "changed_at": after.at,
        },
    )
    return True


def mark_later(address: Address) -> None:
    """Have every relation of the person compared with what the provider has."""
    rows = Relation.objects.filter(address=address, tags_due_at=None)
    rows.exclude(state=Relation.State.REMOVED).update(tags_due_at=time.now())


# ---- the provider's side ------------------------------------------------------------------


def note_seen(relation_id: int, seen_ids: Iterable[str], *, read_at: datetime) -> bool:
    """Take in which tags a look showed on a relation; False: it came too late to be believed.

    A look from before our own mark, or during one, says nothing about the time after it.
    """
    person = Relation.objects.filter(pk=relation_id).values("address_id")
    address = Address.objects.select_for_update(no_key=True).get(pk__in=person)
    fresh = Relation.objects.select_for_update(no_key=True).get(pk=relation_id)
    is_held = fresh.marking_until is not None and fresh.marking_until > time.now()
    if is_held or (fresh.marked_at is not None and fresh.marked_at >= read_at):
        return False
    there = set(seen_ids)
    tags = queries.list_markable(address.account_id)
    known = queries.known_marks(fresh)
    for tag in tags:
        state = known.get(tag.pk, MarkState())
        take_seen(address, fresh, tag, state, tag.tag_id in there, read_at)
    kept_out = len(there - {tag.tag_id for tag in tags})
    Relation.objects.filter(pk=fresh.pk).exclude(kept_out_count=kept_out).update(
        kept_out_count=kept_out
    )
    return True


def take_seen(
    address: Address,
    relation: Relation,
    tag: CorpTag,
    state: MarkState,
    seen: bool,  # noqa: FBT001 - what was seen, a value
    read_at: datetime,
) -> None:
    at = tag_rules.time_of_change(state, relation.edited_at, read_at)
    if seen != state.is_on or state.asked == seen:
        keep_mark(relation, tag.pk, is_on=seen, at=at)
    is_change = not tag_rules.is_echo(state, seen) and tag.is_allowed
    if is_change and change_contact(address, tag, TagChange(seen, at)):
        tell_tagged(address, tag, is_on=seen)
        mark_later(address)
    wanted = queries.wanted_marks(relation).get(tag.pk, False) and tag.is_allowed
    if wanted != seen:
        Relation.objects.filter(pk=relation.pk, tags_due_at=None).update(tags_due_at=time.now())


def keep_mark(relation: Relation, tag_pk: int, *, is_on: bool, at: datetime) -> None:
    RelationTag.objects.update_or_create(
        relation=relation,
        tag_id=tag_pk,
        defaults={
            "hospital_id": relation.hospital_id,
            "is_on": is_on,
            "changed_at": at,
            "asked": None,
        },
    )


def tell_tagged(address: Address, tag: CorpTag, *, is_on: bool) -> None:
    events.record(
        "contact.tagged" if is_on else "contact.untagged",
        hospital_id=address.hospital_id,
        subject="address",
        subject_id=address.pk,
        by=SystemActor(address.hospital_id),
        data={"account_id": address.account_id, "corp_tag_id": tag.pk, "code": tag.code},
    )


# ---- making them equal --------------------------------------------------------------------


@transaction.atomic
def claim_marks(relation: Relation) -> MarkClaim | None:
    """Take the marking of one relation for this worker; None when there is nothing to tell."""
    now = time.now()
    lease = now + facts.seconds("corp_tag_lease_seconds")
    free = Q(marking_until=None) | Q(marking_until__lte=now)
    rows = Relation.objects.filter(free, pk=relation.pk, tags_due_at__lte=now)
    if not rows.update(marking_until=lease):
        return None
    tags = {tag.pk: tag for tag in queries.list_markable(relation.address.account_id)}
    # Refused when it was allowed, too; the list of words may have grown since.
    allowed = {
        pk
        for pk, tag in tags.items()
        if tag.is_allowed
        and tag.state == CorpTag.State.READY
        and tag.seen_name == tag.name
        and not illness_in(tag.code, tag.name, tag.group_name)
    }
    known = queries.known_marks(relation)
    marks = tag_rules.next_marks(queries.wanted_marks(relation), known, allowed)
    claim = MarkClaim(
        relation,
        {pk: tags[pk].tag_id for pk in marks.add},
        {pk: tags[pk].tag_id for pk in marks.remove if pk in tags},
        lease,
    )
    if not claim.add and not claim.remove:
        release(claim, tags_due_at=None)
        return None
    for pk in (*claim.add, *claim.remove):
        RelationTag.objects.update_or_create(
            relation=relation,
            tag_id=pk,
            defaults={"hospital_id": relation.hospital_id, "asked": pk in claim.add},
        )
    return claim


@transaction.atomic
def settle_marked(claim: MarkClaim) -> None:
    """Keep what the provider took. What is wanted meanwhile is the next run's matter."""
    now = time.now()
    if not release(claim, marked_at=now):
        return
    for pk in (*claim.add, *claim.remove):
        keep_mark(claim.relation, pk, is_on=pk in claim.add, at=now)
    events.record(
        "contact.marked",
        hospital_id=claim.relation.hospital_id,
        subject="address",
        subject_id=claim.relation.address_id,
        by=SystemActor(claim.relation.hospital_id),
        data={"added": sorted(claim.add), "removed": sorted(claim.remove)},
    )


@transaction.atomic
def settle_mark_failed(claim: MarkClaim, error: ProviderError) -> None:
    """Note that it did not work. Who is no contact any more is left; the rest is tried again."""
    if error.row.reaction == Reaction.SKIP_ITEM:
        if release(claim, tags_due_at=None):
            RelationTag.objects.filter(relation=claim.relation).update(asked=None)
            note_refused(claim.relation, error)
        return
    again = time.now() + facts.seconds("corp_tag_retry_seconds")
    release(claim, tags_due_at=max(error.retry_at or again, again))
    if error.reason == "tag_gone":
        ask_for_tag_list(claim.relation.address.account_id)


def note_refused(relation: Relation, error: ProviderError) -> None:
    """Have the contact looked at, of whom the provider says that there is no relation."""
    if error.reason == NOT_A_CONTACT:
        no_relation = Relation.Doubt.NO_RELATION
        doubt_relations([relation.address_id], relation.staff_userid, no_relation, at=time.now())


def release(claim: MarkClaim, **changes: datetime | None) -> bool:
    held = Relation.objects.filter(pk=claim.relation.pk, marking_until=claim.lease)
    return bool(held.update(marking_until=None, **changes))
