"""Customer groups in words: how one is, what needs somebody, what became of a hand-over."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lianxin.channels import reasons
from lianxin.channels.models import (
    Group,
    GroupDay,
    GroupMember,
    GroupSync,
    GroupTransfer,
    GroupWelcome,
    JoinCode,
)
from lianxin.channels.queries import GroupCount
from lianxin.channels.rules.groups import OWNER_LEFT
from lianxin.channels.views.states import State

Words = str | Promise

# groupchat/get, member_list.join_scene; the callback's JoinScene numbers differently.
SCENES: dict[int, Words] = {
    1: gettext_lazy("员工邀请"),
    2: gettext_lazy("邀请链接"),
    3: gettext_lazy("扫码"),
}
TOLD_SCENES: dict[int, Words] = {0: gettext_lazy("邀请"), 3: gettext_lazy("扫码")}
FINDINGS: dict[str, Words] = {
    "drifted": gettext_lazy("平台上的设置被人在别处改过，已按这里的设置改回。"),
    "lost": gettext_lazy(
        "这个码在平台上被删除，已重新生成。以前印出去的二维码失效了，请换上新的。"
    ),
}
MATCHES: dict[str, Words] = {
    "contains": gettext_lazy("包含关键词"),
    "exact": gettext_lazy("完全相同"),
}
CHART_WIDTH, CHART_HEIGHT = 600, 120


def group_state(group: Group, *, has_owner_left: bool) -> State:
    if group.dismissed_at is not None:
        return State(_("已解散"), "line", _("群在企业微信里已解散或不再是客户群。"))
    if has_owner_left:
        return State(_("群主已离职"), "danger", _("请尽快把群移交给在职的员工。"))
    if group.read_at is None:
        why = reasons.sentence_of(group.failure_code) if group.failure_code else ""
        return State(_("正在读取"), "accent", why)
    if group.failure_code:
        return State(_("没有读到"), "warn", reasons.sentence_of(group.failure_code))
    return State(_("正常"), "ok", "")


def needs(group: Group, *, has_owner_left: bool) -> list[str]:
    """Say what about a group somebody must see to."""
    if group.dismissed_at is not None or group.read_at is None:
        return []
    found = []
    if has_owner_left:
        found.append(_("群主已离职，要移交"))
    if group.has_illness_name:
        found.append(_("群名透露病情，请改成中性的名字"))
    if not group.has_safety_notice:
        found.append(_("公告没有写明不看病、不急救和 120"))
    if not group.admin_userids:
        found.append(_("只有群主，没有管理员"))
    return found


def status_word(group: Group) -> str:
    known: dict[int, Words] = {
        0: gettext_lazy("正常"),
        OWNER_LEFT: gettext_lazy("群主已离职"),
        2: gettext_lazy("移交中"),
        3: gettext_lazy("已移交"),
    }
    word = known.get(group.status)
    return str(word) if word else _("平台状态 %(number)d") % {"number": group.status}


@dataclass(frozen=True)
class MemberRow:
    member: GroupMember
    who: str
    how: str


def member_row(member: GroupMember) -> MemberRow:
    if member.kind == GroupMember.Kind.STAFF:
        return MemberRow(member, member.staff.name if member.staff else member.member_id, "")
    who = _("联系人") if member.address else _("不是任何员工的联系人")
    return MemberRow(member, who, how_joined(member))


def how_joined(member: GroupMember) -> str:
    """Say how somebody came; a number nobody has described is said as it is."""
    if member.join_code:
        return _("入群码“%(name)s”") % {"name": member.join_code.name}
    scene, told = member.join_scene, member.told_join_scene
    word = SCENES.get(scene or -1) or (TOLD_SCENES.get(told) if told is not None else None)
    if word:
        return str(word)
    number = scene if scene is not None else told
    return "—" if number is None else _("方式 %(number)d") % {"number": number}


def transfer_state(transfer: GroupTransfer) -> State:
    why = reasons.sentence_of(transfer.failure_code) if transfer.failure_code else ""
    if transfer.state == GroupTransfer.State.DONE:
        return State(_("已移交"), "ok", "")
    if transfer.state == GroupTransfer.State.FAILED:
        return State(_("没有移交"), "danger", why)
    return State(_("正在移交"), "accent", why)


def join_code_state(code: JoinCode) -> State:
    why = reasons.sentence_of(code.failure_code) if code.failure_code else ""
    if not code.is_active:
        if code.config_id:
            return State(_("正在停用"), "accent", why or _("等平台收回这个码。"))
        return State(_("已停用"), "line", _("平台已收回，扫码不再有反应。"))
    if code.state == JoinCode.State.FAILED:
        return State(_("没有建成"), "danger", why)
    if code.state == JoinCode.State.READY and code.qr_url:
        return State(_("可用"), "ok", why)
    return State(_("生成中"), "accent", why)


def welcome_state(welcome: GroupWelcome) -> State:
    why = reasons.sentence_of(welcome.failure_code) if welcome.failure_code else ""
    if not welcome.is_active:
        return State(_("正在删除"), "accent", why)
    if welcome.state == GroupWelcome.State.FAILED:
        return State(_("没有建成"), "danger", why)
    if welcome.state == GroupWelcome.State.READY and welcome.is_confirmed:
        return State(_("可选用"), "ok", _("群主在企业微信客户端里为群选用它。"))
    return State(_("正在告诉平台"), "accent", why)


def sync_sentence(sync: GroupSync | None) -> str:
    if sync is None:
        return _("还没有核对过客户群。")
    if sync.state == GroupSync.State.DONE:
        return _("最近一次核对：平台列出 %(seen)d 个群，新发现 %(found)d 个。") % {
            "seen": sync.seen_count,
            "found": sync.found_count,
        }
    if sync.failure_code:
        return reasons.sentence_of(sync.failure_code)
    return _("正在核对客户群，已列出 %(seen)d 个。") % {"seen": sync.seen_count}


@dataclass(frozen=True)
class Bar:
    """One day of the chart."""

    x: float
    y: float
    width: float
    height: float
    title: str


@dataclass(frozen=True)
class DayChart:
    """The provider's count of an owner's groups, day by day."""

    bars: list[Bar]
    first: GroupDay
    last: GroupDay
    summary: str
    width: int = CHART_WIDTH
    height: int = CHART_HEIGHT


def day_chart(days: list[GroupDay]) -> DayChart | None:
    """Draw how many people an owner's groups had each day; None when nothing was counted."""
    if not days:
        return None
    most = max(day.member_count for day in days) or 1
    step = CHART_WIDTH / len(days)
    bars = []
    for place, day in enumerate(days):
        height = round(CHART_HEIGHT * day.member_count / most, 1)
        title = _("%(day)s：群成员 %(count)d 人，当天新增 %(new)d 人") % {
            "day": f"{day.day:%Y-%m-%d}",
            "count": day.member_count,
            "new": day.new_member_count,
        }
        x, y = round(place * step + 1, 1), round(CHART_HEIGHT - height, 1)
        bars.append(Bar(x, y, round(step - 2, 1), height, title))
    first, last = days[0], days[-1]
    summary = _("群成员从 %(first)d 人到 %(last)d 人，最多 %(most)d 人。") % {
        "first": first.member_count,
        "last": last.member_count,
        "most": most,
    }
    return DayChart(bars, first, last, summary)


def size_sentence(count: GroupCount) -> str:
    return _("群里 %(size)d 人，院外 %(outside)d 人；近 7 天进 %(came)d 人，出 %(went)d 人。") % {
        "size": count.size,
        "outside": count.outside,
        "came": count.came,
        "went": count.went,
    }
