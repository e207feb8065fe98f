"""Live codes in words: who answers and why, what a version changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lianxin.channels import queries, reviewed_pages, rules
from lianxin.channels.models import Account, CodeMember, LiveCode, LiveCodeVersion
from lianxin.channels.queries import CodeCount
from lianxin.channels.queries.welcomes import attachments_of_welcome
from lianxin.channels.rules import Answering
from lianxin.channels.words.attachments import AttachmentRow, kind_counts, ready_rows
from lianxin.core import time

Words = str | Promise

# Where a link of customer service stands: what the provider carries in `scene`, and its words.
PLACES: dict[str, Words] = {
    "poster": gettext_lazy("海报、易拉宝"),
    "menu": gettext_lazy("公众号菜单"),
    "article": gettext_lazy("文章、网页"),
    "department": gettext_lazy("科室、病区"),
    "other": gettext_lazy("其他地方"),
}
WEEKDAYS: tuple[Words, ...] = (
    gettext_lazy("周一"),
    gettext_lazy("周二"),
    gettext_lazy("周三"),
    gettext_lazy("周四"),
    gettext_lazy("周五"),
    gettext_lazy("周六"),
    gettext_lazy("周日"),
)
WHY: dict[str, Words] = {
    rules.ON_DUTY: gettext_lazy("值班时间内"),
    rules.OFF_HOURS: gettext_lazy("现在没有人值班，由后备接待"),
    rules.ALL_FULL: gettext_lazy("值班的人今天都满了，由后备接待"),
    rules.OFF_DUTY: gettext_lazy("没有后备可用，由不在班的同事接待"),
    rules.OVER_CAP: gettext_lazy("所有人今天都满了，只能超出上限"),
}
FINDINGS: dict[str, Words] = {
    "drifted": gettext_lazy("平台上的设置被人在别处改过，已按这里的设置改回。"),
    "lost": gettext_lazy(
        "这个码在平台上被删除，已重新生成。以前印出去的二维码失效了，请换上新的。"
    ),
}
FIELDS: dict[str, Words] = {
    "is_active": gettext_lazy("使用状态"),
    "name": gettext_lazy("名称"),
    "staff": gettext_lazy("负责医护"),
    "team": gettext_lazy("团队"),
    "department": gettext_lazy("科室"),
    "tag_names": gettext_lazy("中性标签"),
    "journey_key": gettext_lazy("旅程编号"),
    "welcome_text": gettext_lazy("欢迎语"),
    "welcome_attachments": gettext_lazy("附件"),
    "welcomes": gettext_lazy("分情况的欢迎语"),
    "welcome_link_path": gettext_lazy("欢迎语里的链接"),
    "adds_at_once": gettext_lazy("扫码后直接成为联系人"),
    "roster": gettext_lazy("谁来接待"),
}


@dataclass(frozen=True)
class Change:
    """One field of a version beside what it was before."""

    label: Words
    before: str
    after: str


@dataclass(frozen=True)
class VersionRow:
    version: LiveCodeVersion
    changes: list[Change]


def names(people: Iterable[str]) -> str:
    return _("、").join(people)


def answering_sentence(code: LiveCode, answering: Answering) -> str:
    """Say who answers now and why, and who on duty is full."""
    if not code.is_active:
        return _("这个活码已停用，不再带来新的患者。")
    if answering.reason == rules.NOBODY:
        return _("现在没有人能接待：名单里的人都已离职或没有绑定企业微信。请换人。")
    people = answering.members[:1] if code.is_single else answering.members
    sentence = _("现在由 %(names)s 接待：%(why)s") % {
        "names": names(one.name for one in people),
        "why": WHY[answering.reason],
    }
    for one in answering.full:
        sentence += _("；%(name)s今天已满 %(count)d 人") % {
            "name": one.name,
            "count": one.daily_cap,
        }
    return sentence


def hours_sentence(hours: Sequence[Sequence[int]]) -> str:
    """Say a person's hours, days with the same times together."""
    days_at: dict[tuple[int, int], list[int]] = {}
    for weekday, starts, ends in hours:
        days_at.setdefault((starts, ends), []).append(weekday)
    parts = [
        f"{days_sentence(days)} {span(starts, ends)}".strip()
        for (starts, ends), days in days_at.items()
    ]
    return _("；").join(parts) or _("全天")


def days_sentence(days: Sequence[int]) -> str:
    if len(set(days)) == len(WEEKDAYS):
        return _("每天")
    return names(str(WEEKDAYS[day]) for day in days)


def span(starts: int, ends: int) -> str:
    if starts == ends == 0:
        return _("全天")
    return f"{starts // 60:02}:{starts % 60:02}–{ends // 60:02}:{ends % 60:02}"


def member_sentence(member: CodeMember) -> str:
    return roster_line(
        member.staff.name, member.hours, member.daily_cap, is_fallback=member.is_fallback
    )


def roster_line(
    name: str, hours: Sequence[Sequence[int]], daily_cap: int, *, is_fallback: bool
) -> str:
    parts = [_("后备") if is_fallback else hours_sentence(hours)]
    if daily_cap:
        parts.append(_("每天最多 %(count)d 人") % {"count": daily_cap})
    return _("%(name)s：%(rest)s") % {"name": name, "rest": names(parts)}


WHOM: dict[str, Words] = {
    rules.ANYONE: gettext_lazy("所有人"),
    rules.FIRST: gettext_lazy("第一次来的人"),
    rules.RETURNING: gettext_lazy("以前加过、又回来的人"),
}
WHEN: dict[str, Words] = {
    rules.ALWAYS: gettext_lazy("任何时间"),
    rules.NOBODY_ON_DUTY: gettext_lazy("没有人值班时"),
    rules.IN_HOURS: gettext_lazy("选定的时间"),
}


def circumstance_sentence(whom: str, when: str, hours: Sequence[Sequence[int]]) -> str:
    """Say for whom a welcome is, and when."""
    at = hours_sentence(hours) if when == rules.IN_HOURS else str(WHEN[when])
    return _("%(whom)s，%(when)s") % {"whom": WHOM[whom], "when": at}


def welcome_line(row: Mapping[str, Any]) -> str:
    circumstance = circumstance_sentence(row["whom"], row["when"], row["hours"])
    parts = [row["text"], *([kind_counts(rows)] if (rows := row.get("attachments")) else [])]
    return _("%(name)s：%(rest)s") % {"name": circumstance, "rest": " ".join(parts)}


def losses_of(code: LiveCode, count: CodeCount) -> list[tuple[str, int]]:
    """Say how those who left left, and how many each; ways that nobody took are left out."""
    is_followed = code.account.kind == Account.Kind.OFFICIAL_ACCOUNT
    ways = [
        (_("取消关注") if is_followed else _("患者删除"), count.by_patient),
        (_("同事删除"), count.by_staff),
        (_("核对时已不在"), count.unlisted),
        (_("其他（含资料已删除）"), count.otherwise),
    ]
    return [way for way in ways if way[1]]


@dataclass(frozen=True)
class WelcomeRow:
    """One welcome of a code on its page. Number 0 is the default."""

    number: int
    circumstance: str
    text: str
    # Who would get it if they came now.
    now_for: str
    attachments: list[AttachmentRow]


def welcome_rows(code: LiveCode, first: int, returning: int) -> list[WelcomeRow]:
    """List the welcomes in their order, the default last; say which would go now, and to whom."""
    pages = reviewed_pages.list_pages(code.hospital_id)
    rows = [
        (number, circumstance_sentence(one.whom, one.when, one.hours), one.text)
        for number, one in enumerate(queries.welcomes_of(code), start=1)
    ]
    rows.append((0, _("其他情况（默认）"), code.welcome_text))
    return [
        WelcomeRow(
            *row,
            now_for=now_for(row[0], first, returning),
            attachments=ready_rows(code.account, attachments_of_welcome(code, row[0]), pages),
        )
        for row in rows
    ]


def now_for(number: int, first: int, returning: int) -> str:
    if number == first == returning:
        return _("现在扫码的人都收到这条")
    if number == first:
        return _("现在第一次来的人收到这条")
    return _("现在回来的人收到这条") if number == returning else ""


def why_now(code: LiveCode, now: datetime) -> str:
    """Say what of the present decides which welcome goes."""
    here = time.local(code.hospital, now)
    circumstance = queries.circumstance_of(code, now, is_returning=False)
    duty = _("有人值班") if circumstance.is_somebody_on_duty else _("没有人值班")
    return _("现在是%(day)s %(time)s，%(duty)s。从上往下，第一条合适的发出。") % {
        "day": WEEKDAYS[here.weekday()],
        "time": f"{here:%H:%M}",
        "duty": duty,
    }


def version_rows(versions: Sequence[LiveCodeVersion]) -> list[VersionRow]:
    """Put each version, newest first, beside the one before it."""
    older: list[LiveCodeVersion | None] = [*versions[1:], None]
    return [
        VersionRow(version, changes_between(before, version))
        for version, before in zip(versions, older, strict=False)
    ]


def changes_between(before: LiveCodeVersion | None, after: LiveCodeVersion) -> list[Change]:
    if before is None:
        return []
    return [
        Change(
            FIELDS.get(name, name),
            shown(name, before.content.get(name)),
            shown(name, after.content.get(name)),
        )
        for name in rules.changed_fields(before.content, after.content)
    ]


def shown(field: str, value: Any) -> str:
    if field == "roster":
        return _("；").join(
            roster_line(
                line["staff"], line["hours"], line["daily_cap"], is_fallback=line["is_fallback"]
            )
            for line in value or []
        )
    if field == "welcomes":
        return _("；").join(welcome_line(row) for row in value or []) or "—"
    if field == "welcome_attachments":
        return kind_counts(value or []) or "—"
    if field == "is_active":
        return _("使用中") if value else _("已停用")
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, list):
        return names(str(one) for one in value) or "—"
    return str(value or "—")
