"""Stays: each time somebody comes by a live code begins one, leaving ends it.

Called with the address locked, by what takes in who came and who left.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from lianxin.channels import rules
from lianxin.channels.adapters.base import Inbound
from lianxin.channels.models import Address, LiveCode, Stay
from lianxin.core.rows import insert_columns

FOLLOW = "follow"


class Coming(NamedTuple):
    """Who came, by which code (its id), to whom, and when."""

    address_id: int
    live_code_id: int | None
    staff_userid: str
    at: datetime


def begin_stays(hospital_id: int, comings: Iterable[Coming]) -> None:
    """Begin the stays of people whom nobody knew before, all at once."""
    counted = [one for one in comings if one.live_code_id is not None]
    if not counted:
        return
    insert_columns(
        Stay,
        {"hospital_id": hospital_id},
        {
            "address_id": [one.address_id for one in counted],
            "live_code_id": [one.live_code_id for one in counted],
            "staff_userid": [one.staff_userid for one in counted],
            "began_at": [one.at for one in counted],
        },
        ignore_conflicts=True,
    )


def begin_stay(
    address: Address, code: LiveCode | None, at: datetime, *, staff_userid: str = ""
) -> None:
    """Count somebody for the code they came by; who came without one is nobody's."""
    if code is None:
        return
    Stay.objects.get_or_create(
        address=address,
        staff_userid=staff_userid,
        ended_at=None,
        defaults={"hospital_id": address.hospital_id, "live_code": code, "began_at": at},
    )


def end_stay(address_id: int, at: datetime, by: str, *, staff_userid: str = "") -> None:
    standing = Stay.objects.filter(address_id=address_id, staff_userid=staff_userid, ended_at=None)
    standing.filter(began_at__lte=at).update(ended_at=at, ended_by=by[:12])


def come_again(
    address: Address, inbound: Inbound, code: LiveCode | None, *, left_at: datetime | None
) -> None:
    """Begin another stay, or go on with the one that only a list had ended."""
    if inbound.kind in rules.LISTED_AGAIN and take_up(address, inbound.staff_userid, left_at):
        return
    begin_stay(address, code, inbound.occurred_at, staff_userid=inbound.staff_userid)


def take_up(address: Address, staff_userid: str, left_at: datetime | None) -> bool:
    """Undo the end of a stay that was missing in one list and is in the next."""
    rows = Stay.objects.filter(address=address, staff_userid=staff_userid)
    ended = rows.filter(ended_at=left_at, ended_at__isnull=False, ended_by=Stay.End.UNLISTED)
    return bool(ended.update(ended_at=None, ended_by=""))


def note_following(
    address: Address, inbound: Inbound, code: LiveCode | None, *, is_new: bool
) -> None:
    """Count a follower for the code by which they came; a later scan of another is only a scan."""
    if rules.is_stale(address.removed_at, inbound.occurred_at):
        return
    if inbound.kind == FOLLOW:
        follow(address, inbound, code)
    elif is_new or address.state == Address.State.REMOVED:
        come_again(address, inbound, code, left_at=address.removed_at)


def follow(address: Address, inbound: Inbound, code: LiveCode | None) -> None:
    """Begin a stay. Nobody is told to follow twice, so what still stands ended unheard before."""
    at = inbound.occurred_at
    standing = Stay.objects.filter(address=address, staff_userid="", ended_at=None)
    # A scan that overtook the follow was by somebody who had come already.
    standing.filter(began_at__gte=at).delete()
    end_stay(address.pk, at, Stay.End.BY_PATIENT)
    begin_stay(address, code, at)
