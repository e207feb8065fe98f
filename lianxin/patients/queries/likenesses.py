"""Reads about who may be one person: whom to compare, and what waits for a decision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from django.db.models import Q, QuerySet

from lianxin.core import time
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, NotFoundError
from lianxin.patients import catalog, rules
from lianxin.patients.models import Holding, Likeness, Patient
from lianxin.patients.rules.likeness import Judged, Side, judge

FACTS = ("pk", "name_blind", "phone_blind", "inpatient_blind", "birth_on", "sex", "stop_reason")
Pair = tuple[int, int]


def list_likenesses(actor: Actor, standing: str = "") -> QuerySet[Likeness]:
    """List pairs, the surest first: those that wait, those put off, those decided."""
    if not actor.may("patient.edit"):
        raise ForbiddenError
    rows = Likeness.objects.filter(hospital_id=actor.hospital_id)
    if standing == "decided":
        decided = rows.exclude(state__in=Likeness.UNDECIDED)
        return decided.order_by("-decided_at", "-pk")
    active = Patient.State.ACTIVE
    rows = rows.filter(first__state=active, second__state=active)
    is_put_off = Q(state=Likeness.State.LATER, later_until__gt=time.now())
    undecided = rows.filter(state__in=Likeness.UNDECIDED)
    waiting = undecided.filter(is_put_off) if standing == "later" else undecided.exclude(is_put_off)
    return waiting.order_by("confidence", "-pk")


def count_likenesses(actor: Actor) -> int:
    return list_likenesses(actor).count()


def access_likeness(actor: Actor, key: str) -> Likeness:
    rows = Likeness.objects.filter(hospital_id=actor.hospital_id, key=key)
    related = ("first__hospital", "first__department", "first__team")
    others = ("second__hospital", "second__department", "second__team")
    found = rows.select_related(*related, *others).first()
    if found is None:
        raise NotFoundError
    if not actor.may("patient.edit"):
        raise ForbiddenError
    return found


def find_standing(hospital_id: int, pair: Pair) -> Likeness | None:
    first_id, second_id = pair
    rows = Likeness.objects.filter(hospital_id=hospital_id)
    return rows.filter(first_id=first_id, second_id=second_id).first()


def known_likenesses(hospital_id: int, patient_ids: Iterable[int]) -> dict[Pair, Likeness]:
    ids = set(patient_ids)
    rows = Likeness.objects.filter(
        Q(first_id__any_of=ids) | Q(second_id__any_of=ids), hospital_id=hospital_id
    )
    return {(row.first_id, row.second_id): row for row in rows}


def judge_pairs(hospital_id: int, patient_ids: Collection[int]) -> dict[Pair, Judged]:
    """Compare some patients with whom they may be: a fixed number of statements for any number."""
    asked = load_facts(Patient.objects.of(hospital_id).living().filter(pk__any_of=patient_ids))
    if not asked:
        return {}
    numbers = load_numbers(hospital_id, asked)
    holders = load_holders(hospital_id, asked)
    others = load_facts(look_alike(hospital_id, asked, numbers, holders))
    everybody = asked | others
    sides = make_sides(hospital_id, everybody)
    return find_pairs(sides, asked)


Facts = dict[int, dict[str, object]]


def load_facts(rows: QuerySet[Patient]) -> Facts:
    return {row["pk"]: row for row in rows.values(*FACTS)}


def load_numbers(hospital_id: int, known: Facts) -> dict[int, frozenset[bytes]]:
    """Return each one's numbers, with those of rows that were merged into hers."""
    found: dict[int, set[bytes]] = defaultdict(set)
    for pk, facts in known.items():
        if facts["inpatient_blind"] is not None:
            found[pk].add(bytes(facts["inpatient_blind"]))  # type: ignore[call-overload]
    merged = Patient.objects.of(hospital_id).filter(
        merged_into_id__any_of=list(known), inpatient_blind__isnull=False
    )
    for pk, number in merged.values_list("merged_into_id", "inpatient_blind"):
        found[pk or 0].add(bytes(number or b""))
    return {pk: frozenset(numbers) for pk, numbers in found.items()}


def load_holders(hospital_id: int, known: Facts) -> dict[int, list[Holding]]:
    rows = Holding.objects.filter(
        hospital_id=hospital_id,
        patient_id__any_of=list(known),
        state=Holding.State.VERIFIED,
        relation=Holding.Relation.SELF,
    )
    found: dict[int, list[Holding]] = defaultdict(list)
    for row in rows:
        found[row.patient_id].append(row)
    return found


def look_alike(
    hospital_id: int,
    known: Facts,
    numbers: dict[int, frozenset[bytes]],
    holders: dict[int, list[Holding]],
) -> QuerySet[Patient]:
    """Find whom one signal points at: phone, name and birthday, WeChat, a merged row's number."""
    living = Patient.objects.of(hospital_id).living()
    wanted = Q(phone_blind__in=given(known, "phone_blind"))
    wanted |= Q(name_blind__in=given(known, "name_blind"), birth_on__in=given(known, "birth_on"))
    holder_ids = {row.holder_id for rows in holders.values() for row in rows}
    if holder_ids:
        held = Holding.objects.filter(
            hospital_id=hospital_id,
            holder_id__any_of=holder_ids,
            state=Holding.State.VERIFIED,
            relation=Holding.Relation.SELF,
        )
        wanted |= Q(pk__in=held.values("patient_id"))
    every_number = {number for some in numbers.values() for number in some}
    if every_number:
        merged = Patient.objects.of(hospital_id).filter(
            state=Patient.State.MERGED, inpatient_blind__in=every_number
        )
        wanted |= Q(inpatient_blind__in=every_number) | Q(pk__in=merged.values("merged_into"))
    return living.filter(wanted)


def given(known: Facts, column: str) -> set[object]:
    return {facts[column] for facts in known.values() if facts[column] is not None}


def make_sides(hospital_id: int, everybody: Facts) -> dict[int, Side]:
    numbers = load_numbers(hospital_id, everybody)
    holders = load_holders(hospital_id, everybody)
    shared = find_shared_phones(hospital_id, everybody)
    return {
        pk: Side(
            name=as_bytes(facts["name_blind"]),
            phone=as_bytes(facts["phone_blind"]),
            numbers=numbers.get(pk, frozenset()),
            birth_on=facts["birth_on"],  # type: ignore[arg-type]
            sex=str(facts["sex"]),
            own_holders=frozenset(row.holder_id for row in holders.get(pk, [])),
            has_proved_phone=any(
                row.verified_how == Holding.How.CODE for row in holders.get(pk, [])
            ),
            has_shared_phone=as_bytes(facts["phone_blind"]) in shared,
            has_died=facts["stop_reason"] in rules.FINAL_LIFE_EVENTS,
        )
        for pk, facts in everybody.items()
    }


def find_shared_phones(hospital_id: int, everybody: Facts) -> set[bytes]:
    """Return the phones that stand under more than one name."""
    rows = Patient.objects.of(hospital_id).living()
    rows = rows.filter(phone_blind__in=given(everybody, "phone_blind"))
    names: dict[bytes, set[bytes]] = defaultdict(set)
    for phone, name in rows.values_list("phone_blind", "name_blind"):
        names[bytes(phone or b"")].add(bytes(name or b""))
    return {phone for phone, known in names.items() if len(known) > 1}


def as_bytes(value: object) -> bytes | None:
    return None if value is None else bytes(value)  # type: ignore[call-overload]


def find_pairs(sides: dict[int, Side], asked: Collection[int]) -> dict[Pair, Judged]:
    found: dict[Pair, Judged] = {}
    for pk in asked:
        for other in sides:
            pair = (min(pk, other), max(pk, other))
            if pk == other or pair in found:
                continue
            judged = judge(sides[pair[0]], sides[pair[1]], catalog.likeness_rules())
            if judged is not None:
                found[pair] = judged
    return found


def choose_kept(likeness: Likeness) -> Patient:
    """Return whose row would better stay: verified, with a number, else the older one."""
    held = Holding.objects.filter(
        hospital_id=likeness.hospital_id,
        patient_id__in=(likeness.first_id, likeness.second_id),
        state=Holding.State.VERIFIED,
    )
    verified = set(held.values_list("patient_id", flat=True))
    one, other = (
        rules.Standing(
            row.pk, is_verified=row.pk in verified, has_number=row.inpatient_blind is not None
        )
        for row in (likeness.first, likeness.second)
    )
    kept_id = rules.choose_kept(one, other)
    return likeness.first if kept_id == likeness.first_id else likeness.second
