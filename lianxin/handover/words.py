"""Where a contact and a handover stand, in words, with what to do next."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from lianxin.channels import reasons
from lianxin.channels.models import MemberLeave
from lianxin.handover import rules
from lianxin.handover.models import Handover


@dataclass(frozen=True)
class Standing:
    word: str
    tone: str
    sentence: str = ""


def standing_words(standing: str, reason_code: str = "") -> Standing:
    """Say where one contact stands."""
    why = reasons.sentence_of(reason_code) if reason_code else ""
    table = {
        rules.NOBODY: Standing(_("无人接手"), "danger", _("请选择接手的同事。")),
        rules.PROPOSED: Standing(_("待确认"), "warn", _("确认后才会通知企业微信。")),
        rules.PLANNED: Standing(_("正在提交"), "accent", why),
        rules.WAITING: Standing(_("等待 24 小时"), "accent", _("患者没有拒绝就自动转过去。")),
        rules.DONE: Standing(_("已接手"), "ok"),
        rules.REFUSED: Standing(
            _("患者拒绝"), "danger", _("患者仍是原员工的好友，可以换一位同事再问一次。")
        ),
        rules.FULL: Standing(_("对方已满"), "danger", _("接手的同事客户已满，请换一位。")),
        rules.FAILED: Standing(_("没有转成"), "danger", why),
        rules.GONE: Standing(_("已不是联系人"), "line", _("不用再转。")),
    }
    return table[standing]


def handover_words(handover: Handover) -> Standing:
    table = {
        Handover.State.OPEN: Standing(_("待分配"), "warn"),
        Handover.State.MOVING: Standing(_("交接中"), "accent"),
        Handover.State.DONE: Standing(_("已完成"), "ok"),
        Handover.State.CANCELLED: Standing(_("已取消"), "line"),
    }
    return table[Handover.State(handover.state)]


def kind_word(handover: Handover) -> str:
    return _("离职交接") if handover.is_leaving else _("在职交接")


def leave_sentence(leave: MemberLeave | None) -> str:
    """Say how we know that somebody left."""
    if leave is None:
        return ""
    table = {
        MemberLeave.Source.UNSUBSCRIBE: _("企业微信通知：这位员工已离职、被停用，或应用看不到了。"),
        MemberLeave.Source.DELETED: _("企业微信通讯录里已删除这位员工。"),
        MemberLeave.Source.UNASSIGNED: _("企业微信把这位员工的客户列为待分配。"),
        MemberLeave.Source.STAFF: _("由管理员登记离职。"),
    }
    return table[MemberLeave.Source(leave.source)]


def usual_words() -> str:
    """Return what a contact is told unless somebody writes it otherwise; names nobody."""
    return _("您好，今后由我继续为您服务，之前的资料和安排都不变。急症请拨打 120。")
