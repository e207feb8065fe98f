"""Two patients who may be one: found, decided, and remembered, so that nobody is asked twice."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from lianxin.core import events, time
from lianxin.core.actor import Actor, SystemActor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.patients import catalog, queries
from lianxin.patients.actions.merging import merge_patients
from lianxin.patients.models import Likeness, Patient, PatientMerge
from lianxin.patients.queries.likenesses import Pair
from lianxin.patients.rules.likeness import POSSIBLE, Judged, asks_again

BY_HAND = "by_hand"


@transaction.atomic
def look_for_likenesses(hospital_id: int, patient_ids: Collection[int]) -> list[Likeness]:
    """Compare these patients with all others and keep who may be one person. May run twice.

    Whoever is certainly one person, and nothing speaks against it, is joined at once.
    """
    found = queries.judge_pairs(hospital_id, patient_ids)
    known = queries.known_likenesses(hospital_id, patient_ids)
    kept = [note(hospital_id, pair, judged, known.get(pair)) for pair, judged in found.items()]
    forget_vanished(found, known)
    for likeness in kept:
        if likeness.state in Likeness.UNDECIDED and found[pair_of(likeness)].may_join:
            join_by_itself(likeness)
    return kept


def pair_of(likeness: Likeness) -> Pair:
    return likeness.first_id, likeness.second_id


def note(hospital_id: int, pair: Pair, judged: Judged, known: Likeness | None) -> Likeness:
    """Write down what two rows look like now; what was decided stays unless more agrees."""
    facts = facts_of(judged)
    if known is None:
        return open_likeness(hospital_id, pair, facts)
    for name, value in facts.items():
        setattr(known, name, value)
    names = list(facts)
    if is_reopened(known, judged):
        known.state, known.later_until = Likeness.State.OPEN, None
        names += ["state", "later_until"]
        record("likeness.found", known, by=SystemActor(hospital_id))
    known.save(update_fields=names)
    return known


def facts_of(judged: Judged) -> dict[str, object]:
    return {
        "confidence": judged.confidence,
        "reason_code": judged.code,
        "version": catalog.likeness_rules().version,
        "agrees": list(judged.agrees),
        "differs": list(judged.differs),
    }


def open_likeness(hospital_id: int, pair: Pair, facts: dict[str, object]) -> Likeness:
    likeness, is_new = Likeness.objects.get_or_create(
        first_id=pair[0],
        second_id=pair[1],
        defaults={"hospital_id": hospital_id, "found_at": time.now(), **facts},
    )
    if is_new:
        record("likeness.found", likeness, by=SystemActor(hospital_id))
    return likeness


def is_reopened(known: Likeness, judged: Judged) -> bool:
    is_decided = known.state == Likeness.State.DISMISSED
    return is_decided and asks_again(known.decided_agrees, judged.agrees)


def forget_vanished(found: Collection[Pair], known: dict[Pair, Likeness]) -> None:
    """Take off the list what a correction has made unlike; new evidence brings it back."""
    gone = [
        row.pk
        for pair, row in known.items()
        if pair not in found and row.state in Likeness.UNDECIDED and row.reason_code != BY_HAND
    ]
    Likeness.objects.filter(pk__in=gone, state__in=Likeness.UNDECIDED).update(
        state=Likeness.State.DISMISSED, later_until=None, decided_agrees=[], decided_at=time.now()
    )


def join_by_itself(likeness: Likeness) -> None:
    """Join two rows without a person; whatever came between leaves the pair on the list."""
    rows = Patient.objects.in_bulk([likeness.first_id, likeness.second_id])
    likeness.first, likeness.second = rows[likeness.first_id], rows[likeness.second_id]
    keep = queries.choose_kept(likeness)
    duplicate = likeness.second if keep is likeness.first else likeness.first
    try:
        with transaction.atomic():
            merge_patients(keep, duplicate, by=SystemActor(likeness.hospital_id))
    except RefusedError:
        return


@transaction.atomic
def compare_by_hand(one: Patient, other: Patient, *, by: Actor) -> Likeness:
    """Put two patients side by side because a person says that they may be one."""
    if not by.may("patient.edit"):
        raise ForbiddenError
    if one.pk == other.pk:
        raise RefusedError(_("这是同一位患者，不用合并。"))
    pair = (min(one.pk, other.pk), max(one.pk, other.pk))
    judged = queries.judge_pairs(one.hospital_id, [one.pk]).get(pair)
    likeness = queries.find_standing(one.hospital_id, pair)
    facts = facts_of(judged or Judged(BY_HAND, POSSIBLE, (), (), may_join=False))
    if likeness is None:
        return open_likeness(one.hospital_id, pair, facts)
    reopened = Likeness.objects.filter(pk=likeness.pk).exclude(state=Likeness.State.MERGED)
    reopened.update(state=Likeness.State.OPEN, later_until=None, **facts)
    likeness.refresh_from_db()
    return likeness


@transaction.atomic
def merge_likeness(likeness: Likeness, keep_key: str, *, by: Actor) -> PatientMerge:
    """Merge a pair, keeping the row that was chosen."""
    rows = {likeness.first.key: likeness.first, likeness.second.key: likeness.second}
    keep = rows.pop(keep_key, None)
    if keep is None:
        raise RefusedError(_("请选择保留哪一份登记。"))
    (duplicate,) = rows.values()
    return merge_patients(keep, duplicate, by=by)


@transaction.atomic
def dismiss_likeness(likeness: Likeness, *, by: Actor) -> None:
    """Remember that these are two people; only new evidence asks again."""
    decide(likeness, Likeness.State.DISMISSED, by=by)
    record("likeness.dismissed", likeness, by=by)


@transaction.atomic
def postpone_likeness(likeness: Likeness, *, by: Actor) -> None:
    """Put the question off for some days."""
    days = timedelta(days=catalog.likeness_rules().later_days)
    decide(likeness, Likeness.State.LATER, by=by, later_until=time.now() + days)
    record("likeness.postponed", likeness, by=by)


def decide(likeness: Likeness, state: str, *, by: Actor, **values: object) -> None:
    if not by.may("patient.edit"):
        raise ForbiddenError
    undecided = Likeness.objects.filter(pk=likeness.pk, state__in=Likeness.UNDECIDED)
    changes = {"later_until": None, "decided_at": time.now()} | values
    decided = undecided.update(
        state=state,
        decided_agrees=likeness.agrees,
        by_kind=by.kind,
        by_id=by.id,
        **changes,
    )
    if not decided:
        raise RefusedError(_("已经有人判断过这两份登记了。"))
    likeness.refresh_from_db()


def record(name: str, likeness: Likeness, *, by: Actor) -> None:
    events.record(
        name,
        hospital_id=likeness.hospital_id,
        subject="likeness",
        subject_id=likeness.pk,
        by=by,
        data={
            "first_id": likeness.first_id,
            "second_id": likeness.second_id,
            "reason": likeness.reason_code,
            "agrees": likeness.agrees,
            "differs": likeness.differs,
        },
    )
