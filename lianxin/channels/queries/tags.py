"""Reads of corp tags: the allow-list, who carries them, what the provider must hear."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from lianxin.channels.models import ContactTag, CorpTag, Relation, RelationTag
from lianxin.channels.rules import tags as tag_rules
from lianxin.channels.rules.tags import MarkState, TagStanding
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, NotFoundError

# No tag has this id, so that what holds it equals nothing that is seen.
UNANSWERED = 0


def list_corp_tags(actor: Actor) -> QuerySet[CorpTag]:
    """Return the allow-list, what stands in it first."""
    if not actor.may("tag.read"):
        raise ForbiddenError
    rows = CorpTag.objects.filter(hospital_id=actor.hospital_id)
    found = rows.select_related("account", "allowed_by", "withdrawn_by")
    return found.order_by("-is_allowed", "group_name", "name", "id")


def access_corp_tag(actor: Actor, key: str) -> CorpTag:
    found = list_corp_tags(actor).filter(key=key).first()
    if found is None:
        raise NotFoundError
    return found


def count_carriers(hospital_id: int) -> dict[int, int]:
    """Return how many standing relations carry each tag: one query."""
    rows = RelationTag.objects.filter(hospital_id=hospital_id, is_on=True)
    standing = rows.exclude(relation__state=Relation.State.REMOVED)
    return {
        row["tag_id"]: row["count"] for row in standing.values("tag_id").annotate(count=Count("id"))
    }


def count_kept_out(hospital_id: int) -> int:
    """Return how many marks of staff were kept out, over all relations."""
    rows = Relation.objects.filter(hospital_id=hospital_id).exclude(kept_out_count=0)
    return int(rows.aggregate(total=Sum("kept_out_count"))["total"] or 0)


def find_corp_tag(hospital_id: int, tag_id: int) -> CorpTag | None:
    rows = CorpTag.objects.filter(hospital_id=hospital_id, pk=tag_id)
    return rows.select_related("account").first()


def tag_step(tag: CorpTag) -> str:
    carriers = RelationTag.objects.filter(tag=tag).filter(Q(is_on=True) | Q(asked=True))
    standing = TagStanding(
        is_allowed=tag.is_allowed,
        state=tag.state,
        name=tag.name,
        seen_name=tag.seen_name,
        tag_id=tag.tag_id,
        is_ours=tag.is_ours,
        was_asked=tag.asked_at is not None,
        has_carriers=carriers.exclude(relation__state=Relation.State.REMOVED).exists(),
    )
    return tag_rules.next_tag_step(standing)


def list_tags_to_keep(hospital_id: int, now: datetime) -> list[CorpTag]:
    """Return the tags the provider knows otherwise, and that no worker holds."""
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    due = Q(next_try_at=None) | Q(next_try_at__lte=now)
    rows = CorpTag.objects.filter(free, due, hospital_id=hospital_id, account__is_active=True)
    open_states = [CorpTag.State.MAKING, CorpTag.State.READY, CorpTag.State.REMOVING]
    found = rows.filter(state__in=open_states).select_related("account").order_by("id")
    return [tag for tag in found if tag_step(tag) != tag_rules.NOTHING]


def list_tag_lists_to_read(hospital_id: int) -> list[int]:
    """Return the accounts whose list of tags is to be looked at."""
    rows = CorpTag.objects.filter(hospital_id=hospital_id, account__is_active=True)
    return sorted(set(rows.exclude(read_due_at=None).values_list("account_id", flat=True)))


def list_relations_to_mark(hospital_id: int, now: datetime, limit: int) -> list[Relation]:
    """Return the relations whose provider is to hear about tags, and that no worker holds."""
    free = Q(marking_until=None) | Q(marking_until__lte=now)
    rows = Relation.objects.filter(
        free,
        hospital_id=hospital_id,
        tags_due_at__lte=now,
        state=Relation.State.ACTIVE,
        address__account__is_active=True,
    )
    return list(rows.select_related("address__account").order_by("tags_due_at", "id")[:limit])


def wanted_marks(relation: Relation) -> dict[int, bool]:
    """Return what the person is to carry, by tag."""
    rows = ContactTag.objects.filter(address_id=relation.address_id)
    return dict(rows.values_list("tag_id", "is_on"))


def known_marks(relation: Relation) -> dict[int, MarkState]:
    """Return what the provider has on the relation, by tag."""
    rows = RelationTag.objects.filter(relation=relation)
    return {row.tag_id: MarkState(row.is_on, row.changed_at, row.asked) for row in rows}


def expected_marks(relation_ids: Sequence[int]) -> dict[int, set[int]]:
    """Return which tags a look must show on each relation to be no news: two queries.

    A relation whose two sides differ, or whose last mark has no answer, is not in it with a set
    that a look could show.
    """
    found: dict[int, set[int]] = {one: set() for one in relation_ids}
    rows = RelationTag.objects.filter(relation_id__in=relation_ids)
    for relation_id, tag_id, is_on, asked in rows.values_list(
        "relation_id", "tag_id", "is_on", "asked"
    ):
        if is_on:
            found[relation_id].add(tag_id)
        if asked is not None:
            found[relation_id].add(UNANSWERED)
    return found


def list_markable(account_id: int) -> list[CorpTag]:
    """Return the tags the provider has for us, allowed or about to be taken off."""
    rows = CorpTag.objects.filter(account_id=account_id).exclude(tag_id="")
    return list(rows.filter(state__in=[CorpTag.State.READY, CorpTag.State.REMOVING]))


def list_contact_tags(hospital_id: int, address_id: int) -> dict[str, bool]:
    """Return the allowed tags that the two sides agreed on for an address, by our word."""
    rows = ContactTag.objects.filter(hospital_id=hospital_id, address_id=address_id)
    return dict(rows.filter(tag__is_allowed=True).values_list("tag__code", "is_on"))


def carrying(tag: CorpTag) -> Exists:
    """Return the condition that a relation's person is to carry the tag."""
    on = ContactTag.objects.filter(address_id=OuterRef("address_id"), tag=tag, is_on=True)
    return Exists(on)


def find_allowed(
    hospital_id: int, account_ids: Iterable[int], codes: Iterable[str]
) -> list[CorpTag]:
    """Return the tags among these words that may leave: nothing else ever does."""
    rows = CorpTag.objects.filter(
        hospital_id=hospital_id, account_id__in=set(account_ids), is_allowed=True
    )
    return list(rows.filter(code__in=list(codes)))
