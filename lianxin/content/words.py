"""The words for this room's codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lianxin.channels.models import Publication

REASONS: Mapping[str, str | Promise] = {
    "not_in_review": _("还没有提交审核。"),
    "own_work": _("不能审核自己写的内容，请另一位审核。"),
    "changed_meanwhile": _("您打开以后正文又改过，请重新看一遍再批准。"),
    "changed_after_approval": _("批准以后正文改过，要重新审核。"),
    "not_approved": _("还没有批准，不能发布。"),
    "no_text": _("标题和正文都要写。"),
    "no_source": _("至少写一条资料来源。"),
    "no_review_date": _("请定下次复审日期。"),
    "review_date_past": _("复审日期已经过了，请改成将来的日期。"),
    "review_date_too_far": _("复审日期不能超过 24 个月。"),
    "no_ad_approval": _("广告要有审查批准文号。"),
    "ad_approval_over": _("广告审查批准已经过期。"),
    "wording_blocked": _("有必须修改的用语，改好后才能批准。"),
}
STATES: Mapping[str, tuple[str | Promise, str]] = {
    "draft": (_("草稿"), ""),
    "in_review": (_("待医学审核"), "warn"),
    "approved": (_("已批准，待发布"), "accent"),
    "published": (_("已发布"), "ok"),
    "superseded": (_("旧版"), ""),
    "withdrawn": (_("已撤回"), "danger"),
}
CLASSES: Mapping[str, str | Promise] = {
    "EDU": _("健康科普"),
    "NOTICE": _("通知"),
    "AD": _("广告"),
}
DIMENSIONS: Mapping[str, str | Promise] = {
    "education": _("疾病知识"),
    "lifestyle": _("生活方式"),
    "support": _("情绪支持"),
}
PUBLICATIONS: Mapping[str, tuple[str | Promise, str]] = {
    "waiting": (_("正在交给公众号"), "accent"),
    "drafted": (_("草稿已到公众号"), "accent"),
    "submitting": (_("草稿已到公众号"), "accent"),
    "examining": (_("平台审核中"), "accent"),
    "published": (_("公众号已发布"), "ok"),
    "failed": (_("没有发布"), "danger"),
    "removing": (_("正在从公众号删除"), "accent"),
    "removed": (_("已从公众号删除"), ""),
}
ALL: str | Promise = _("全部")
LANGUAGES: Mapping[str, str | Promise] = {"zh-hans": _("中文"), "en": _("英文")}
DECISIONS: Mapping[str, str | Promise] = {
    "comment": _("意见"),
    "return": _("退回作者"),
    "approve": _("批准"),
}


def sentences(codes: Iterable[str]) -> str:
    """Return the reasons as text, one after another."""
    return "".join(str(REASONS[code]) for code in codes)


def article_counts(row: Publication) -> str:
    """Say how many people read and shared an article; empty while the platform tells nothing."""
    if row.reader_count is None or row.counted_on is None:
        return ""
    counts = {
        "read": row.reader_count,
        "shared": row.sharer_count or 0,
        "day": row.counted_on.strftime("%m-%d"),
    }
    sentence = gettext("平台统计：%(read)s 人阅读，%(shared)s 人分享（到 %(day)s）。")
    return sentence % counts
