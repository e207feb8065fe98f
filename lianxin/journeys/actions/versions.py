"""Journeys and their versions: made by one person, approved by another, then live."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from lianxin.core import events, time
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.core.models import Hospital
from lianxin.journeys.models import Journey, JourneyVersion
from lianxin.journeys.rules.definition import Definition, timing_token
from lianxin.journeys.rules.parsing import DefinitionError, parse_definition
from lianxin.journeys.words import problem_sentences
from lianxin.staff.models import Staff


@transaction.atomic
def save_draft(hospital: Hospital, document: dict[str, Any], *, by: Staff) -> JourneyVersion:
    """Write the definition as the journey's draft; the journey is made when it is new.

    An open draft is written over, an approved or live version never.
    """
    if not by.may("journey.edit"):
        raise ForbiddenError
    definition = parse_or_refuse(document)
    journey, _is_new = Journey.objects.get_or_create(
        hospital=hospital,
        code=definition.key,
        defaults={"name": definition.name_in("zh-hans"), "created_at": time.now()},
    )
    Journey.objects.select_for_update(no_key=True).get(pk=journey.pk)
    Journey.objects.filter(pk=journey.pk).update(
        name=definition.name_in("zh-hans"), name_en=dict(definition.name).get("en", "")
    )
    version = journey.versions.filter(state=JourneyVersion.State.DRAFT).first()
    version = version or JourneyVersion(
        hospital=hospital, journey=journey, number=next_number(journey), created_at=time.now()
    )
    version.definition = document
    version.timing_token = timing_token(definition)
    version.made_by = by
    version.save()
    record("journey.drafted", version, by=by)
    return version


def parse_or_refuse(document: Any) -> Definition:
    try:
        return parse_definition(document)
    except DefinitionError as error:
        raise RefusedError(problem_sentences(error.problems)) from error


def next_number(journey: Journey) -> int:
    newest = journey.versions.order_by("-number").values_list("number", flat=True).first()
    return (newest or 0) + 1


@transaction.atomic
def approve_version(version: JourneyVersion, *, by: Staff) -> None:
    """Approve a draft as it stands; whoever made it may not."""
    if not by.may("journey.approve"):
        raise ForbiddenError
    fresh = JourneyVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    if fresh.made_by_id == by.pk:
        raise RefusedError(_("不能批准自己写的版本，请另一位批准。"))
    if fresh.state != JourneyVersion.State.DRAFT:
        raise RefusedError(_("这个版本不是草稿。"))
    parse_or_refuse(fresh.definition)
    JourneyVersion.objects.filter(pk=fresh.pk).update(
        state=JourneyVersion.State.APPROVED, approved_by=by, approved_at=time.now()
    )
    record("journey.approved", fresh, by=by)


@transaction.atomic
def publish_version(version: JourneyVersion, *, by: Staff) -> None:
    """Let an approved version take the new ones; who is under way finishes on theirs."""
    if not by.may("journey.edit"):
        raise ForbiddenError
    Journey.objects.select_for_update(no_key=True).get(pk=version.journey_id)
    fresh = JourneyVersion.objects.get(pk=version.pk)
    if fresh.state != JourneyVersion.State.APPROVED:
        raise RefusedError(_("只有批准过的版本才能上线。"))
    live = JourneyVersion.objects.filter(
        journey_id=fresh.journey_id, state=JourneyVersion.State.LIVE
    )
    live.update(state=JourneyVersion.State.RETIRED)
    JourneyVersion.objects.filter(pk=fresh.pk).update(
        state=JourneyVersion.State.LIVE, live_at=time.now()
    )
    Journey.objects.filter(pk=fresh.journey_id).update(live=fresh)
    record("journey.published", fresh, by=by)


@transaction.atomic
def retire_journey(journey: Journey, *, by: Staff) -> None:
    """Take nobody in any more; who is under way finishes."""
    if not by.may("journey.edit"):
        raise ForbiddenError
    version = JourneyVersion.objects.filter(
        journey=journey, state=JourneyVersion.State.LIVE
    ).first()
    if version is None:
        raise RefusedError(_("这个旅程没有在运行的版本。"))
    JourneyVersion.objects.filter(pk=version.pk).update(state=JourneyVersion.State.RETIRED)
    Journey.objects.filter(pk=journey.pk).update(live=None)
    record("journey.retired", version, by=by)


def record(name: str, version: JourneyVersion, *, by: Actor) -> None:
    events.record(
        name,
        hospital_id=version.hospital_id,
        subject="journey_version",
        subject_id=version.pk,
        by=by,
        data={"journey_id": version.journey_id, "number": version.number},
    )
