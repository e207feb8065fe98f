"""Reads. Each takes the actor or the hospital first and returns nothing outside it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from django.db.models import Count, DurationField, ExpressionWrapper, F, Q, QuerySet

from lianxin.channels.adapters.base import Attachment
from lianxin.channels.models import Moment
from lianxin.channels.queries import (
    count_published,
    details_of,
    groups_by_key,
    list_groups,
    moments_by_key,
    present_groups,
)
from lianxin.channels.queries.attachments import as_attachments
from lianxin.compliance.queries import check_wording
from lianxin.compliance.rules.guard import Context, Finding
from lianxin.content.models import Item
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, NotFoundError
from lianxin.journeys.models import DueStep, Enrolment, Journey, JourneyVersion, MomentDraft
from lianxin.journeys.rules.definition import Definition
from lianxin.journeys.rules.grid import Tally
from lianxin.journeys.rules.moments import MomentFacts
from lianxin.journeys.rules.parsing import parse_definition
from lianxin.patients.models import Holder, HolderAddress, Holding
from lianxin.staff.models import Staff
from lianxin.staff.queries import list_staff

# What a page says of where a patient stands; the definition itself is parsed once and kept.
POSITION_COLUMNS = (
    *("key", "patient", "anchor_on", "state"),
    *("journey__key", "journey__name", "version__state"),
)
MOMENT_CONTEXTS: tuple[Context, ...] = ("automatic", "lock_screen")
FINISHED = (Enrolment.State.STOPPED, Enrolment.State.FINISHED)


def definition_of(version: JourneyVersion) -> Definition:
    """Return the parsed definition; an approved one never changes, so it is parsed once."""
    if version.state == JourneyVersion.State.DRAFT:
        return parse_definition(version.definition)
    return frozen_definition(version.pk)


@lru_cache(maxsize=512)
def frozen_definition(version_id: int) -> Definition:
    return parse_definition(JourneyVersion.objects.get(pk=version_id).definition)


def list_journeys(actor: Actor) -> QuerySet[Journey]:
    check_may_read(actor)
    return Journey.objects.of(actor.hospital_id).select_related("live").order_by("name", "id")


def check_may_read(actor: Actor) -> None:
    if not actor.may("journey.read"):
        raise ForbiddenError


def access_journey(actor: Actor, key: str) -> Journey:
    check_may_read(actor)
    journey = Journey.objects.of(actor.hospital_id).filter(key=key).select_related("live").first()
    if journey is None:
        raise NotFoundError
    return journey


def find_journey(hospital_id: int, code: str) -> Journey | None:
    """Find by the code that definitions and live codes use, or by the public key."""
    rows = Journey.objects.of(hospital_id).select_related("live")
    return rows.filter(code=code).first() or rows.filter(key=code).first()


def access_version(actor: Actor, journey: Journey, number: int) -> JourneyVersion:
    check_may_read(actor)
    rows = JourneyVersion.objects.filter(hospital_id=actor.hospital_id, journey=journey)
    version = rows.filter(number=number).select_related("made_by", "approved_by").first()
    if version is None:
        raise NotFoundError
    return version


def list_versions(journey: Journey) -> list[JourneyVersion]:
    rows = journey.versions.select_related("made_by", "approved_by")
    return list(rows.order_by("-number"))


def access_enrolment(actor: Actor, key: str) -> Enrolment:
    check_may_read(actor)
    rows = Enrolment.objects.of(actor.hospital_id).filter(key=key)
    enrolment = rows.select_related("journey", "version", "patient").first()
    if enrolment is None:
        raise NotFoundError
    return enrolment


def list_enrolments(actor: Actor, journey: Journey, *, running: bool = True) -> QuerySet[Enrolment]:
    check_may_read(actor)
    rows = Enrolment.objects.of(actor.hospital_id).filter(journey=journey)
    rows = rows.running() if running else rows.filter(state__in=FINISHED)
    return rows.select_related("version", "patient").order_by("-id")


def list_enrolments_of(hospital_id: int, patient_id: int) -> list[Enrolment]:
    """Return everything a patient is or was on, the running ones first."""
    rows = Enrolment.objects.of(hospital_id).filter(patient_id=patient_id)
    rows = rows.select_related("journey", "version").only(*POSITION_COLUMNS)
    return list(rows.order_by("state", "-id"))


def count_enrolments(hospital_id: int, journey_ids: Collection[int]) -> dict[int, dict[str, int]]:
    rows = Enrolment.objects.of(hospital_id).filter(journey_id__in=list(journey_ids))
    counts: dict[int, dict[str, int]] = {}
    grouped = rows.values("journey_id", "state").annotate(n=Count("pk"))
    for journey_id, state, count in grouped.values_list("journey_id", "state", "n"):
        counts.setdefault(journey_id, {})[state] = count
    return counts


def count_versions_in_use(journey: Journey) -> dict[int, int]:
    rows = Enrolment.objects.of(journey.hospital_id).running().filter(journey=journey)
    grouped = rows.values("version_id").annotate(n=Count("pk"))
    return dict(grouped.values_list("version_id", "n"))


def list_past_of(hospital_id: int, patient_id: int, journey_id: int) -> list[Enrolment]:
    rows = Enrolment.objects.of(hospital_id).filter(patient_id=patient_id, journey_id=journey_id)
    return list(rows)


def list_due_steps(enrolment: Enrolment) -> list[DueStep]:
    rows = DueStep.objects.filter(hospital_id=enrolment.hospital_id, enrolment=enrolment)
    return list(rows.order_by("due_at", "step_key"))


def access_due_step(actor: Actor, enrolment: Enrolment, step_id: int) -> DueStep:
    check_may_read(actor)
    step = DueStep.objects.filter(enrolment=enrolment, pk=step_id).first()
    if step is None:
        raise NotFoundError
    return step


def tally_steps(version: JourneyVersion, since: date) -> dict[tuple[str, int], Tally]:
    """Count what became of each step on each day number: one query, however many are enrolled."""
    rows = DueStep.objects.filter(
        hospital_id=version.hospital_id, enrolment__version=version, occurrence_on__gte=since
    ).exclude(state__in=(*DueStep.OPEN, DueStep.State.CANCELLED))
    day = ExpressionWrapper(
        F("occurrence_on") - F("enrolment__anchor_on"), output_field=DurationField()
    )
    grouped = (
        rows.annotate(day=day)
        .values("step_key", "day")
        .annotate(settled=Count("pk"), done=Count("pk", filter=Q(state=DueStep.State.DONE)))
    )
    return {
        (row["step_key"], row["day"].days): Tally(row["done"], row["settled"]) for row in grouped
    }


def next_steps_of(hospital_id: int, enrolment_ids: Iterable[int]) -> dict[int, DueStep]:
    """Return the open step of each enrolment that is due first."""
    rows = DueStep.objects.filter(
        hospital_id=hospital_id, enrolment_id__in=list(enrolment_ids), state__in=DueStep.OPEN
    )
    found = rows.order_by("enrolment_id", "due_at", "step_key").distinct("enrolment_id")
    return {step.enrolment_id: step for step in found}


def count_failed(hospital_id: int) -> int:
    return DueStep.objects.filter(hospital_id=hospital_id, state=DueStep.State.FAILED).count()


def languages_of(hospital_id: int, patient_ids: Collection[int]) -> dict[int, str]:
    """Return the language of whoever holds the phone for each patient."""
    rows = Holding.objects.filter(
        hospital_id=hospital_id, patient_id__any_of=patient_ids, state=Holding.State.VERIFIED
    )
    rows = rows.exclude(holder__language="").order_by("-pk")
    return dict(rows.values_list("patient_id", "holder__language"))


def journey_codes_of(hospital_id: int, patient_id: int) -> list[str]:
    """Return the journeys that the live codes of the patient's holders name."""
    holders = Holding.objects.filter(
        hospital_id=hospital_id, patient_id=patient_id, state=Holding.State.VERIFIED
    ).values("holder_id")
    rows = Holder.objects.filter(hospital_id=hospital_id, pk__in=holders)
    codes = rows.exclude(live_code=None).values_list("live_code__journey_key", flat=True)
    return [code for code in dict.fromkeys(codes) if code]


@dataclass(frozen=True)
class Ways:
    """By which ways a patient came: journeys that their codes name, and groups they are in."""

    codes: list[str]
    groups: frozenset[str]


def ways_of(hospital_id: int, patient_id: int) -> Ways:
    codes = journey_codes_of(hospital_id, patient_id)
    return Ways(codes, group_keys_of(hospital_id, patient_id, is_sole=True))


def group_keys_of(hospital_id: int, patient_id: int, *, is_sole: bool = False) -> frozenset[str]:
    """Return the customer groups that the patient's holders are in now.

    With `is_sole` only those of holders who hold the phone for nobody else: of a member who stands
    for several patients nobody knows for whom they joined.
    """
    verified = Holding.objects.filter(hospital_id=hospital_id, state=Holding.State.VERIFIED)
    holders = verified.filter(patient_id=patient_id).values("holder_id")
    rows = HolderAddress.objects.filter(hospital_id=hospital_id, holder_id__in=holders)
    if is_sole:
        others = verified.exclude(patient_id=patient_id).values("holder_id")
        rows = rows.exclude(holder_id__in=others)
    return present_groups(hospital_id, rows.values_list("address_id", flat=True))


def list_group_names(actor: Actor) -> list[tuple[str, str]]:
    """Return key and name of the groups that a trigger may name, for who may see channels."""
    if not actor.may("channel.read"):
        return []
    rows = list_groups(actor).filter(dismissed_at=None)
    return [(group.key, details_of(group).name or group.key) for group in rows[:100]]


def group_names_of(hospital_id: int, definition: Definition) -> dict[str, str]:
    """Return the names of the groups that the triggers name, those that still are."""
    keys = {trigger.group for trigger in definition.triggers if trigger.group}
    found = groups_by_key(hospital_id, keys) if keys else {}
    return {key: details_of(group).name or key for key, group in found.items()}


def patients_of_members(
    hospital_id: int, address_ids: Iterable[int], *, is_sole: bool
) -> list[int]:
    """Return whom these members were verified for; a member whom nobody knows is nobody.

    With `is_sole` without those who hold the phone for several patients.
    """
    holders = HolderAddress.objects.filter(
        hospital_id=hospital_id, address_id__in=set(address_ids)
    ).values("holder_id")
    rows = Holding.objects.filter(hospital_id=hospital_id, holder_id__in=holders)
    pairs = rows.filter(state=Holding.State.VERIFIED).values_list("holder_id", "patient_id")
    by_holder: dict[int, list[int]] = {}
    for holder_id, patient_id in pairs:
        by_holder.setdefault(holder_id, []).append(patient_id)
    held = [ids for ids in by_holder.values() if len(ids) == 1 or not is_sole]
    return sorted({patient_id for ids in held for patient_id in ids})


def is_verified(hospital_id: int, patient_id: int) -> bool:
    rows = Holding.objects.filter(hospital_id=hospital_id, patient_id=patient_id)
    return rows.filter(state=Holding.State.VERIFIED).exists()


def list_live_journeys(hospital_id: int) -> list[Journey]:
    rows = Journey.objects.of(hospital_id).exclude(live=None).select_related("live")
    return list(rows.order_by("id"))


def position_of(enrolment: Enrolment, today: date) -> int:
    """Return the day number on which the patient is now."""
    return (today - enrolment.anchor_on).days


def as_document(version: JourneyVersion) -> dict[str, Any]:
    document: dict[str, Any] = version.definition
    return document


# ---- moments ------------------------------------------------------------------------------


def list_moment_drafts(actor: Actor) -> QuerySet[MomentDraft]:
    """Return the moments, newest first."""
    check_may_read(actor)
    rows = MomentDraft.objects.filter(hospital_id=actor.hospital_id)
    rows = rows.select_related("made_by", "approved_by", "account", "item__published")
    return rows.order_by("-created_at", "-pk")


def access_moment_draft(actor: Actor, key: str) -> MomentDraft:
    row = list_moment_drafts(actor).filter(key=key).first()
    if row is None:
        raise NotFoundError
    return row


def list_senders(hospital_id: int) -> list[Staff]:
    """Return who can publish: staff with a WeCom account."""
    rows = list_staff(hospital_id).exclude(wecom_userid="").filter(is_active=True)
    return list(rows.order_by("name", "pk"))


def list_linkable_items(hospital_id: int) -> list[Item]:
    rows = Item.objects.of(hospital_id).filter(published__isnull=False)
    return list(rows.select_related("published").order_by("-published__published_at", "-pk"))


def blocked_words(hospital_id: int, text: str) -> list[Finding]:
    """Return what of a moment's own words may not go out: everybody reads them over a shoulder."""
    found = {
        finding.words: finding
        for context in MOMENT_CONTEXTS
        for finding in check_wording(hospital_id, text, context)
        if finding.severity == "block"
    }
    return list(found.values())


def moment_facts(draft: MomentDraft) -> MomentFacts:
    blocked = [one.words for one in blocked_words(draft.hospital_id, draft.text)]
    is_published = draft.item is None or draft.item.published_id is not None
    return MomentFacts(draft.state, draft.made_by_id, blocked, is_published)


def files_of_moment(draft: MomentDraft) -> tuple[Attachment, ...]:
    """Return its pictures or its video, in their order."""
    if draft.files:
        return as_attachments(draft.files)
    return (Attachment("image", file=draft.picture),) if draft.picture else ()


@dataclass(frozen=True)
class MomentLine:
    """A moment with how far it is at WeCom."""

    draft: MomentDraft
    made: Moment | None
    published: int = 0
    members: int = 0


def follow_moments(hospital_id: int, drafts: Collection[MomentDraft]) -> list[MomentLine]:
    """Join drafts with what became of them: two more queries, however many."""
    made = moments_by_key(hospital_id, [draft.order_key for draft in drafts])
    counts = count_published([one.pk for one in made.values()])
    lines = []
    for draft in drafts:
        moment = made.get(draft.order_key)
        published, members = counts.get(moment.pk, (0, 0)) if moment else (0, 0)
        members = members or len(draft.sender_ids)
        lines.append(MomentLine(draft, moment, published, members))
    return lines
