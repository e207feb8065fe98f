"""Live codes: wanted here, made at the provider by a job."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from lianxin.channels.models import Account, LiveCode
from lianxin.core import events, time
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.core.ids import make_key
from lianxin.staff.models import CareTeam, Department, Staff

CODE_KINDS = {Account.Kind.WECOM, Account.Kind.OFFICIAL_ACCOUNT}


@transaction.atomic
def create_live_code(
    account: Account,
    name: str,
    *,
    by: Actor,
    staff: Staff | None = None,
    team: CareTeam | None = None,
    department: Department | None = None,
    tag_names: Sequence[str] = (),
    journey_key: str = "",
    welcome_text: str = "",
    welcome_link_path: str = "",
    state_key: str = "",
) -> LiveCode:
    """Want a live code. The picture comes when the job has asked the provider for it."""
    if not by.may("channel.manage"):
        raise ForbiddenError
    if account.kind not in CODE_KINDS:
        raise RefusedError(_("这个渠道没有活码。"))
    if account.kind == Account.Kind.WECOM and (staff is None or not staff.wecom_userid):
        raise RefusedError(_("企业微信的活码要指定一位已绑定企业微信的员工。"))
    code = LiveCode.objects.create(
        hospital_id=account.hospital_id,
        state_key=state_key or make_key(),
        account=account,
        staff=staff,
        team=team,
        department=department or (team.department if team else None),
        name=name,
        tag_names=list(tag_names),
        journey_key=journey_key,
        welcome_text=welcome_text,
        welcome_link_path=welcome_link_path,
        created_at=time.now(),
    )
    record(code, "live_code.created", by)
    return code


@transaction.atomic
def settle_live_code(code: LiveCode, *, config_id: str, qr_url: str, by: Actor) -> None:
    """Store what the provider made; a second answer for the same code is dropped."""
    made = LiveCode.objects.filter(pk=code.pk).exclude(state=LiveCode.State.READY)
    changed = made.update(
        state=LiveCode.State.READY, config_id=config_id, qr_url=qr_url, failure_code=""
    )
    if changed:
        record(code, "live_code.made", by)


def fail_live_code(code: LiveCode, reason: str, *, is_permanent: bool) -> None:
    """Note why the provider did not make it; a temporary reason leaves it to the next try."""
    state = LiveCode.State.FAILED if is_permanent else LiveCode.State.MAKING
    LiveCode.objects.filter(pk=code.pk, state=LiveCode.State.MAKING).update(
        state=state, failure_code=reason
    )


def record(code: LiveCode, name: str, by: Actor) -> None:
    events.record(
        name,
        hospital_id=code.hospital_id,
        subject="live_code",
        subject_id=code.pk,
        by=by,
        data={"account_id": code.account_id, "staff_id": code.staff_id},
    )
