"""Who takes whom, and where each contact stands: values only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

# Where one contact stands; words.py has a sentence for each.
NOBODY, PROPOSED, PLANNED, WAITING = "nobody", "proposed", "planned", "waiting"
DONE, REFUSED, FULL, FAILED, GONE = "done", "refused", "full", "failed", "gone"
# Nobody takes care of these yet: they can be given to somebody, anew or for the first time.
FREE = frozenset({NOBODY, PROPOSED, REFUSED, FULL, FAILED})
# Nothing more happens to these.
SETTLED = frozenset({DONE, GONE})
# Somebody must look: nobody takes over, or the taker did not get the contact.
TROUBLED = frozenset({NOBODY, REFUSED, FULL, FAILED})


@dataclass(frozen=True)
class Taker:
    """Somebody who may take over: their department, how many contacts they have."""

    staff_id: int
    department_id: int | None
    load: int


def standing_of(
    *, has_taker: bool, transfer_state: str, is_contact: bool, is_same_taker: bool = True
) -> str:
    """Return where a contact stands. A taker chosen after a failed transfer is a new proposal."""
    if transfer_state in {PLANNED, WAITING, DONE}:
        return transfer_state
    if not is_contact:
        return GONE
    if transfer_state in {REFUSED, FULL, FAILED} and is_same_taker:
        return transfer_state
    return PROPOSED if has_taker else NOBODY


def propose(
    contact_ids: Sequence[int],
    takers: Iterable[Taker],
    *,
    department_id: int | None,
    most_each: int,
) -> dict[int, int]:
    """Share contacts out: to who has fewest, of the leaver's department first.

    `most_each` is how many one person gets at most, 0: as many as come. Who is not in the answer
    has nobody.
    """
    known = list(takers)
    near = [
        one for one in known if department_id is not None and one.department_id == department_id
    ]
    far = [one for one in known if one not in near]
    given = dict.fromkeys((one.staff_id for one in known), 0)
    found: dict[int, int] = {}
    for contact_id in contact_ids:
        taker = least_loaded(near, given, most_each) or least_loaded(far, given, most_each)
        if taker is None:
            break
        found[contact_id] = taker.staff_id
        given[taker.staff_id] += 1
    return found


def least_loaded(takers: Iterable[Taker], given: Mapping[int, int], most_each: int) -> Taker | None:
    free = [one for one in takers if not most_each or given[one.staff_id] < most_each]
    return min(free, key=lambda one: (one.load + given[one.staff_id], one.staff_id), default=None)


def is_finished(standings: Iterable[str]) -> bool:
    """Tell whether every contact has been taken over, or is none any more."""
    return all(one in SETTLED for one in standings)
