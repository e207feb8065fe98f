"""Reads of live codes: what they are, what they brought, what the provider must hear."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from lianxin.channels import facts, rules
from lianxin.channels.adapters.reactions import load_facts
from lianxin.channels.models import (
    Account,
    Arrival,
    LiveCode,
    Stay,
)
from lianxin.channels.queries.links import ASKED, OPENED, TALKED, find_places
from lianxin.channels.queries.rosters import answering_of, code_step
from lianxin.core import time
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, NotFoundError

# An Official Account tells of a scan by a new follower and by one who followed before; customer
# service of everybody who enters by a link.
SCAN_KINDS = ("follow", "scan", "entry")
# Which count of a code an arrival goes into, by its kind.
COUNTED = dict.fromkeys(SCAN_KINDS, "scanned") | {
    OPENED: "opened",
    ASKED: "asked",
    TALKED: "talked",
}


def list_live_codes(actor: Actor) -> QuerySet[LiveCode]:
    """Return the live codes with their adds and losses, newest first."""
    if not actor.may("channel.read"):
        raise ForbiddenError
    rows = LiveCode.objects.filter(hospital_id=actor.hospital_id)
    found = rows.select_related("account", "staff", "team", "department", "hospital")
    return found.order_by("-id")


@dataclass(frozen=True)
class CodeCount:
    """What a code brought: how often somebody came by it, how that ended, who stayed, scans.

    `staying_7` of `due_7` who came at least 7 days ago were there 7 days later; the same for 30.
    Who was handed to a colleague before that is in neither. WeCom tells no scans, but how often an
    acquisition link was opened, how many asked to be added by it and how many of them wrote; an
    Official Account tells scans.
    """

    added: int = 0
    by_patient: int = 0
    by_staff: int = 0
    transferred: int = 0
    # Missing in the provider's list: nobody said by whom.
    unlisted: int = 0
    # Erased here, or ended in a way that nobody knows.
    otherwise: int = 0
    due_7: int = 0
    staying_7: int = 0
    due_30: int = 0
    staying_30: int = 0
    scanned: int = 0
    opened: int = 0
    asked: int = 0
    talked: int = 0

    @property
    def lost(self) -> int:
        return self.by_patient + self.by_staff + self.unlisted + self.otherwise

    @property
    def staying(self) -> int:
        return self.added - self.lost - self.transferred


KNOWN_ENDS = ("by_patient", "by_staff", "transferred", "unlisted")


def count_by_live_code(hospital_id: int, ids: Sequence[int], now: datetime) -> dict[int, CodeCount]:
    """Count what each code brought: two queries, however many codes."""
    numbers: dict[int, dict[str, int]] = {code_id: {} for code_id in ids}
    stays = Stay.objects.filter(hospital_id=hospital_id, live_code_id__in=ids)
    over = Q(ended_at__isnull=False)
    rows = stays.values("live_code_id").annotate(
        added=Count("id"),
        **{end: Count("id", filter=over & Q(ended_by=end)) for end in KNOWN_ENDS},
        otherwise=Count("id", filter=over & ~Q(ended_by__in=KNOWN_ENDS)),
        **staying_counts(now, 7),
        **staying_counts(now, 30),
    )
    for row in rows:
        found: dict[str, Any] = {**row}
        numbers[found.pop("live_code_id")] = found
    visits = Arrival.objects.filter(
        hospital_id=hospital_id, live_code_id__in=ids, kind__in=list(COUNTED)
    )
    kinds = visits.values_list("live_code_id", "kind").annotate(visits=Count("id"))
    for code_id, kind, count in kinds:
        found = numbers[code_id or 0]
        found[COUNTED[kind]] = found.get(COUNTED[kind], 0) + count
    return {code_id: CodeCount(**found) for code_id, found in numbers.items()}


def staying_counts(now: datetime, days: int) -> dict[str, Count]:
    """Count who came at least so many days ago, and who of them was there so many days later."""
    length = timedelta(days=days)
    came = Q(began_at__lte=now - length)
    stayed = Q(ended_at=None) | Q(ended_at__gte=F("began_at") + length)
    told = stayed | ~Q(ended_by=Stay.End.TRANSFERRED)
    return {
        f"due_{days}": Count("id", filter=came & told),
        f"staying_{days}": Count("id", filter=came & stayed),
    }


def access_live_code(actor: Actor, key: str) -> LiveCode:
    code = list_live_codes(actor).filter(key=key).first()
    if code is None:
        raise NotFoundError
    return code


def find_live_code(hospital_id: int, live_code_id: int) -> LiveCode | None:
    rows = LiveCode.objects.filter(hospital_id=hospital_id, pk=live_code_id)
    return rows.select_related("staff", "team", "department", "account", "hospital").first()


def find_by_state(hospital_id: int, state_key: str) -> LiveCode | None:
    return find_codes_by_state(hospital_id, [state_key]).get(state_key)


def find_codes_by_state(hospital_id: int, state_keys: Iterable[str]) -> dict[str, LiveCode]:
    """Return the codes that these words come from: a code's own, or that of a place of its link."""
    wanted = set(state_keys) - {""}
    if not wanted:
        return {}
    rows = LiveCode.objects.filter(hospital_id=hospital_id, state_key__in=wanted)
    codes = {code.state_key: code for code in rows.select_related("staff")}
    places = find_places(hospital_id, wanted - codes.keys())
    return codes | {key: place.link.live_code for key, place in places.items()}


def list_ended_codes(hospital_id: int, now: datetime) -> list[LiveCode]:
    """Return, locked, the temporary codes whose time is over and that still stand."""
    rows = LiveCode.objects.filter(hospital_id=hospital_id, is_active=True, ends_at__lte=now)
    return list(rows.select_for_update(skip_locked=True, no_key=True).order_by("id"))


def list_unmade_codes(hospital_id: int) -> list[LiveCode]:
    """Return the codes that wait to be made and are not held back by an earlier failure."""
    rows = list_free_codes(hospital_id, time.now()).filter(state=LiveCode.State.MAKING)
    return list(rows.order_by("id")[:50])


def list_free_codes(hospital_id: int, now: datetime) -> QuerySet[LiveCode]:
    """Return the codes that no worker holds and that may be tried now."""
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    due = Q(next_try_at=None) | Q(next_try_at__lte=now)
    rows = LiveCode.objects.filter(free, due, hospital_id=hospital_id, account__is_active=True)
    return rows.select_related("account", "staff", "hospital")


def list_codes_to_keep(hospital_id: int, now: datetime) -> list[LiveCode]:
    """Return the codes whose provider knows something else than we want: four queries."""
    codes = list(list_free_codes(hospital_id, now).filter(account__kind=Account.Kind.WECOM))
    answering = answering_of(hospital_id, codes, now)
    return [code for code in codes if code_step(code, answering[code.pk]) != rules.NOTHING]


def list_codes_to_read(hospital_id: int, now: datetime) -> list[LiveCode]:
    """Return the codes whose truth at the provider is to be read again, the oldest first."""
    rows = list_free_codes(hospital_id, now).filter(
        account__kind=Account.Kind.WECOM, state=LiveCode.State.READY, is_active=True
    )
    every = facts.seconds("contact_way_read_seconds")
    hour = load_facts()["contact_way_read_hour"]
    return [
        code
        for code in rows.order_by(F("read_at").asc(nulls_first=True), "id")
        if rules.is_reading_due(
            code.read_at, now, time.local(code.hospital, now).hour, every=every, hour=hour
        )
    ]
