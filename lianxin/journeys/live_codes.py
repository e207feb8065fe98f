"""What the room of live codes may know of journeys: which a scan starts (CODE_JOURNEYS)."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from lianxin.channels.code_journeys import CodeJourney
from lianxin.core.actor import Actor
from lianxin.journeys import queries
from lianxin.journeys.models import Journey
from lianxin.journeys.rules.entry import is_started_by


def list_code_journeys(actor: Actor) -> list[CodeJourney]:
    """Return the hospital's journeys, those that a scan really starts first."""
    journeys = Journey.objects.of(actor.hospital_id).select_related("live").order_by("name", "id")
    found = [as_code_journey(journey, may_look=actor.may("journey.read")) for journey in journeys]
    return sorted(found, key=lambda one: not one.is_started)


def as_code_journey(journey: Journey, *, may_look: bool) -> CodeJourney:
    is_started, sentence = standing_of(journey)
    return CodeJourney(
        code=journey.code,
        key=journey.key,
        name=journey.name_in(get_language() or ""),
        is_started=is_started,
        sentence=sentence,
        url=reverse("journeys:journey", args=[journey.key]) if may_look else "",
    )


def standing_of(journey: Journey) -> tuple[bool, str]:
    """Say whether a scan leads there, as the enrolling rule will decide it."""
    if journey.live is None:
        return False, _("这个旅程还没有发布，扫码不会进入。")
    if not is_started_by(queries.definition_of(journey.live), "live_code"):
        return False, _("这个旅程没有把扫渠道活码设为触发条件，扫码不会进入。")
    return True, _("扫码的人核验身份并同意所需用途后，自动进入。")
