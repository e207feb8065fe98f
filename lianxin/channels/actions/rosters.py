"""Who stands behind live codes, handed from one colleague to another."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q

from lianxin.channels.actions.live_codes import end_change, hold_version
from lianxin.channels.models import CodeMember, LiveCode
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError
from lianxin.staff.models import Staff


@transaction.atomic
def hand_over_codes(leaver: Staff, taker: Staff | None, *, by: Actor) -> int:
    """Put the taker in the leaver's place behind every live code; each becomes a new version.

    Without a taker, or with one who stands there already, the leaver only leaves the list. A code
    on which nobody would be left keeps the leaver: the page of the code says so.
    """
    if not by.may("handover.manage"):
        raise ForbiddenError
    count = 0
    theirs = Q(staff=leaver) | Q(members__staff=leaver)
    rows = LiveCode.objects.filter(theirs, hospital_id=leaver.hospital_id).distinct()
    for code in rows.order_by("id"):
        count += hand_over_code(code, leaver, taker, by)
    return count


def hand_over_code(code: LiveCode, leaver: Staff, taker: Staff | None, by: Actor) -> bool:
    members = CodeMember.objects.filter(live_code=code)
    others = members.exclude(staff=leaver)
    if taker is None and not others.exists():
        return False
    before = hold_version(code, code.revision)
    if taker is None or others.filter(staff=taker).exists():
        members.filter(staff=leaver).delete()
    else:
        members.filter(staff=leaver).update(staff=taker)
    next_one = taker or others.order_by("rank", "id").select_related("staff")[0].staff
    LiveCode.objects.filter(pk=code.pk, staff=leaver).update(staff=next_one)
    end_change(code, "live_code.changed", before, by)
    return True
