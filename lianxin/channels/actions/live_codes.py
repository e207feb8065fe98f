"""Live codes: wanted, changed, closed and deleted here; the provider hears of it from a job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from lianxin.channels import queries, rules, wording
from lianxin.channels.actions.attachments import WELCOME_LINKS, check_attachments
from lianxin.channels.adapters.base import Attachment
from lianxin.channels.adapters.reactions import load_facts
from lianxin.channels.models import (
    Account,
    AcquisitionLink,
    CodeMember,
    LinkPlace,
    LiveCode,
    LiveCodeVersion,
)
from lianxin.channels.queries.attachments import as_rows
from lianxin.core import events, time
from lianxin.core.actor import Actor, SystemActor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.core.ids import make_key
from lianxin.staff.models import CareTeam, Department, Staff

CODE_KINDS = (Account.Kind.WECOM, Account.Kind.WECOM_KF, Account.Kind.OFFICIAL_ACCOUNT)


@dataclass(frozen=True)
class RosterLine:
    """One person behind a code: their hours, their cap, and whether they are the fallback."""

    staff: Staff
    hours: tuple[rules.DutyHours, ...] = ()
    daily_cap: int = 0
    is_fallback: bool = False


@dataclass(frozen=True)
class CodeContent:
    """Everything of a live code that people change."""

    name: str
    staff: Staff | None = None
    team: CareTeam | None = None
    department: Department | None = None
    tag_names: tuple[str, ...] = ()
    journey_key: str = ""
    welcome_text: str = ""
    welcome_attachments: tuple[Attachment, ...] = ()
    welcomes: tuple[rules.Welcome, ...] = ()
    welcome_link_path: str = ""
    adds_at_once: bool = True
    roster: tuple[RosterLine, ...] = ()


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
    welcome_attachments: Sequence[Attachment] = (),
    welcome_link_path: str = "",
    state_key: str = "",
    roster: Sequence[RosterLine] = (),
    days: int = 0,
    closing_text: str = "",
    place: str = "",
) -> LiveCode:
    """Want a live code. The picture comes when the job has asked the provider for it.

    With `days` it is a temporary one: it ends then, and with it the talks it began.
    Without a roster the responsible member answers always; without one the first of the roster is.
    """
    if not by.may("channel.manage"):
        raise ForbiddenError
    if account.kind not in CODE_KINDS:
        raise RefusedError(_("这个渠道没有活码。"))
    if staff is None and roster:
        staff = roster[0].staff
    lines = list(roster) or ([RosterLine(staff)] if staff is not None else [])
    is_wecom = account.kind == Account.Kind.WECOM
    if is_wecom and not any(line.staff.wecom_userid for line in lines):
        raise RefusedError(_("企业微信的活码要指定一位已绑定企业微信的员工。"))
    check_welcomes(account.hospital_id, [welcome_text, closing_text])
    department = department or (team.department if team else None)
    check_length(account, [welcome_text], staff, department, welcome_link_path)
    check_days(account, days)
    check_attachments(account, welcome_attachments, links=WELCOME_LINKS)
    now = time.now()
    code = LiveCode.objects.create(
        hospital_id=account.hospital_id,
        state_key=state_key or make_key(),
        account=account,
        staff=staff,
        team=team,
        department=department,
        name=name,
        place=place if account.kind == Account.Kind.WECOM_KF else "",
        tag_names=list(tag_names),
        journey_key=journey_key,
        welcome_text=welcome_text,
        welcome_attachments=as_rows(welcome_attachments),
        welcome_link_path=welcome_link_path,
        ends_at=now + timedelta(days=days) if days else None,
        closing_text=closing_text if days else "",
        created_at=now,
    )
    if is_wecom:
        write_roster(code, lines)
    write_version(code, by)
    record(code, "live_code.created", by)
    return code


@transaction.atomic
def change_live_code(code: LiveCode, content: CodeContent, *, seen: int, by: Actor) -> LiveCode:
    """Change a code that was at version `seen`; refused when somebody changed it since.

    The job tells the provider. A code that could not be made is tried again.
    """
    check_may_manage(by)
    check_content(code, content)
    before = hold_version(code, seen)
    team, department = content.team, content.department
    LiveCode.objects.filter(pk=code.pk).update(
        name=content.name,
        staff=content.staff,
        team=team,
        department=department or (team.department if team else None),
        tag_names=list(content.tag_names),
        journey_key=content.journey_key,
        welcome_text=content.welcome_text,
        welcome_attachments=as_rows(content.welcome_attachments),
        welcomes=[as_data(welcome) for welcome in content.welcomes],
        welcome_link_path=content.welcome_link_path,
        adds_at_once=content.adds_at_once,
    )
    LiveCode.objects.filter(pk=code.pk, state=LiveCode.State.FAILED).update(
        state=LiveCode.State.MAKING, failure_code=""
    )
    write_roster(code, content.roster)
    return end_change(code, "live_code.changed", before, by)


@transaction.atomic
def close_live_code(code: LiveCode, *, seen: int, by: Actor) -> LiveCode:
    """Close a code; the job takes it back at the provider. Whom it brought stays counted."""
    check_may_manage(by)
    if not code.is_active:
        raise RefusedError(_("这个活码已经停用。"))
    before = hold_version(code, seen)
    LiveCode.objects.filter(pk=code.pk).update(is_active=False)
    return end_change(code, "live_code.closed", before, by)


@transaction.atomic
def reopen_live_code(code: LiveCode, *, seen: int, by: Actor) -> LiveCode:
    """Open a closed code; one that the provider has taken back is made anew."""
    check_may_manage(by)
    if code.is_active:
        raise RefusedError(_("这个活码正在使用。"))
    if code.ends_at is not None and code.ends_at <= time.now():
        raise RefusedError(_("临时活码到期后不能再启用，请新建一个。"))
    before = hold_version(code, seen)
    LiveCode.objects.filter(pk=code.pk).update(is_active=True, finding="", found_at=None)
    LiveCode.objects.filter(pk=code.pk, config_id="").update(
        state=LiveCode.State.MAKING, failure_code=""
    )
    return end_change(code, "live_code.reopened", before, by)


@transaction.atomic
def close_ended_codes(hospital_id: int) -> int:
    """Close the temporary codes whose time is over; returns how many. May run twice."""
    codes = queries.list_ended_codes(hospital_id, time.now())
    for code in codes:
        before = hold_version(code, code.revision)
        LiveCode.objects.filter(pk=code.pk).update(is_active=False)
        end_change(code, "live_code.ended", before, SystemActor(hospital_id))
    return len(codes)


@transaction.atomic
def delete_live_code(code: LiveCode, *, by: Actor) -> None:
    """Delete a closed code that never brought anybody and is no longer at the provider."""
    check_may_manage(by)
    fresh = LiveCode.objects.select_for_update().get(pk=code.pk)
    if fresh.is_active:
        raise RefusedError(_("先停用，再删除。"))
    is_wecom = code.account.kind == Account.Kind.WECOM
    if is_wecom and (fresh.config_id or fresh.asked_at is not None):
        raise RefusedError(_("平台还没有确认停用，过一会儿再删除。"))
    links = AcquisitionLink.objects.filter(live_code=fresh)
    if links.exclude(link_id="", asked_at=None).exists():
        raise RefusedError(_("平台还没有确认停用，过一会儿再删除。"))
    if queries.is_code_in_use(fresh):
        raise RefusedError(_("已有患者从这个活码来，不能删除；停用就够了。"))
    LinkPlace.objects.filter(link__in=links).delete()
    links.delete()
    CodeMember.objects.filter(live_code=fresh).delete()
    LiveCodeVersion.objects.filter(live_code=fresh).delete()
    try:
        fresh.delete()
    except ProtectedError as error:
        # A room above still points at it, so it was in use.
        raise RefusedError(_("已有患者从这个活码来，不能删除；停用就够了。")) from error
    record(code, "live_code.deleted", by)


# ---- versions -----------------------------------------------------------------------------


def check_may_manage(by: Actor) -> None:
    if not by.may("channel.manage"):
        raise ForbiddenError


def check_welcomes(hospital_id: int, texts: Sequence[str]) -> None:
    """Refuse a welcome that the guard would stop at sending."""
    for text in texts:
        for refused in wording.refused_words(hospital_id, text):
            raise RefusedError(wording.refusal_sentence(refused))


def check_length(
    account: Account,
    texts: Sequence[str],
    staff: Staff | None,
    department: Department | None,
    link_path: str,
) -> None:
    """Refuse a welcome that would be longer at sending than its carrier takes."""
    names = staff.name if staff else "", department.name if department else ""
    for text in texts:
        excess = wording.find_excess(account, wording.WantedWelcome(text, *names, link_path))
        if excess:
            raise RefusedError(wording.welcome_excess_sentence(excess))


def check_days(account: Account, days: int) -> None:
    """Refuse a temporary code that the provider would not make."""
    most = load_facts()["contact_way_temporary_days"]
    if days and account.kind != Account.Kind.WECOM:
        raise RefusedError(_("只有企业微信有临时活码。"))
    if not 0 <= days <= most:
        raise RefusedError(_("临时活码最多用 %(days)d 天。") % {"days": most})


def check_content(code: LiveCode, content: CodeContent) -> None:
    texts = [content.welcome_text, *(welcome.text for welcome in content.welcomes)]
    check_welcomes(code.hospital_id, texts)
    department = content.department or (content.team.department if content.team else None)
    check_length(code.account, texts, content.staff, department, content.welcome_link_path)
    for chosen in (content.welcome_attachments, *(one.attachments for one in content.welcomes)):
        check_attachments(code.account, chosen, links=WELCOME_LINKS)
    if len(content.welcomes) > rules.MOST_WELCOMES:
        raise RefusedError(_("最多 %(count)d 条。") % {"count": rules.MOST_WELCOMES})
    if any(welcome.is_for_all for welcome in content.welcomes):
        raise RefusedError(_("对所有人、任何时间的欢迎语请写在默认欢迎语里。"))
    if code.account.kind != Account.Kind.WECOM:
        return
    if not any(line.staff.wecom_userid for line in content.roster):
        raise RefusedError(_("至少要有一位已绑定企业微信的员工接待。"))


def hold_version(code: LiveCode, seen: int) -> dict[str, Any]:
    """Take the next version number for this change; returns what held before it."""
    # A code of the time before versions gets its first one now, as it was.
    fresh = LiveCode.objects.select_related("staff", "team", "department").get(pk=code.pk)
    before = describe(fresh)
    claimed = LiveCode.objects.filter(pk=code.pk, revision=seen).update(
        revision=seen + 1, next_try_at=None
    )
    if not claimed:
        raise RefusedError(_("刚才有同事改过这个活码。请打开最新内容，看过再改。"))
    AcquisitionLink.objects.filter(live_code=code).update(next_try_at=None)
    LiveCodeVersion.objects.get_or_create(
        live_code=code,
        number=seen,
        defaults={
            "hospital_id": code.hospital_id,
            "content": before,
            "changed_at": code.created_at,
        },
    )
    return before


def end_change(code: LiveCode, event: str, before: dict[str, Any], by: Actor) -> LiveCode:
    rows = LiveCode.objects.select_related("staff", "team", "department", "account", "hospital")
    fresh = rows.get(pk=code.pk)
    fields = rules.changed_fields(before, write_version(fresh, by))
    record(fresh, event, by, revision=fresh.revision, fields=fields)
    return fresh


def write_version(code: LiveCode, by: Actor) -> dict[str, Any]:
    content = describe(code)
    LiveCodeVersion.objects.create(
        hospital_id=code.hospital_id,
        live_code=code,
        number=code.revision,
        content=content,
        changed_by_id=by.id if by.kind == "staff" else None,
        changed_at=time.now(),
    )
    return content


def describe(code: LiveCode) -> dict[str, Any]:
    """Return the whole code as one version keeps it: names, because people may be renamed."""
    return {
        "is_active": code.is_active,
        "name": code.name,
        "staff": code.staff.name if code.staff else "",
        "team": code.team.name if code.team else "",
        "department": code.department.name if code.department else "",
        "tag_names": list(code.tag_names),
        "journey_key": code.journey_key,
        "welcome_text": code.welcome_text,
        "welcome_attachments": list(code.welcome_attachments),
        "welcomes": list(code.welcomes),
        "welcome_link_path": code.welcome_link_path,
        "adds_at_once": code.adds_at_once,
        "roster": [
            {
                "staff": member.staff.name,
                "hours": member.hours,
                "daily_cap": member.daily_cap,
                "is_fallback": member.is_fallback,
            }
            for member in queries.list_members(code)
        ],
    }


def as_data(welcome: rules.Welcome) -> dict[str, Any]:
    return {
        "text": welcome.text,
        "whom": welcome.whom,
        "when": welcome.when,
        "hours": [list(stretch) for stretch in welcome.hours],
        "attachments": as_rows(welcome.attachments),
    }


def write_roster(code: LiveCode, roster: Sequence[RosterLine]) -> None:
    CodeMember.objects.filter(live_code=code).delete()
    CodeMember.objects.bulk_create(
        CodeMember(
            hospital_id=code.hospital_id,
            live_code=code,
            staff=line.staff,
            rank=rank,
            hours=[list(stretch) for stretch in line.hours],
            daily_cap=line.daily_cap,
            is_fallback=line.is_fallback,
        )
        for rank, line in enumerate(roster, start=1)
    )


def record(code: LiveCode, name: str, by: Actor, **data: Any) -> None:
    events.record(
        name,
        hospital_id=code.hospital_id,
        subject="live_code",
        subject_id=code.pk,
        by=by,
        data={"account_id": code.account_id, "staff_id": code.staff_id} | data,
    )
