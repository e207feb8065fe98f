"""Acquisition links and their quota in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lianxin.channels import reasons
from lianxin.channels.adapters.base import at_unix
from lianxin.channels.adapters.reactions import load_facts
from lianxin.channels.models import AcquisitionLink, LinkQuota
from lianxin.channels.rules.links import ENOUGH, EXHAUSTED, LOW, NOT_BOUGHT, quota_stands
from lianxin.core import time
from lianxin.core.models import Hospital

Words = str | Promise

FINDINGS: dict[str, Words] = {
    "drifted": gettext_lazy("平台上的设置被人在别处改过，已按这里的设置改回。"),
    "lost": gettext_lazy(
        "这个链接在平台上被删除，已重新生成。以前发出去的链接失效了，请换上新的。"
    ),
    "unavailable": gettext_lazy("平台说这个链接现在不能用。请看额度和接待的人，这期间请用二维码。"),
}


@dataclass(frozen=True)
class QuotaWords:
    """How the quota stands: a word for a pill, a sentence, and what to do."""

    word: str
    tone: str
    sentence: str
    next_step: str = ""
    lapses: str = ""


def link_sentence(link: AcquisitionLink | None, *, is_code_active: bool) -> str:
    """Say in one sentence how the link is."""
    if link is None:
        return _("还没有获客链接。")
    if not is_code_active:
        return _("活码已停用，链接也收回了。")
    if not link.is_wanted:
        return _("正在收回链接。") if link.link_id else _("获客链接已停用，二维码照常用。")
    if link.state == AcquisitionLink.State.FAILED:
        return _("链接没有建成：%(why)s") % {"why": reasons.sentence_of(link.failure_code)}
    if link.state == AcquisitionLink.State.MAKING:
        return _("链接正在生成，几秒后就能用。")
    if link.finding == "unavailable":
        return _("链接现在不能用。")
    return _("链接可以用。")


def quota_words(quota: LinkQuota | None, hospital: Hospital, now: datetime) -> QuotaWords:
    """Say how much is left, what that means for the links, and the next step."""
    if quota is None or quota.read_at is None:
        if quota is not None and quota.failure_code:
            why = reasons.sentence_of(quota.failure_code)
            return QuotaWords(
                _("读不到"),
                "warn",
                why,
                _("请在企业微信后台给应用开通获客助手的权限；会自动再试。"),
            )
        return QuotaWords(_("未读取"), "line", _("一分钟内会读取。"))
    stands = quota_stands(quota.total, quota.balance, low=load_facts()["link_quota_low"])
    left = _("还剩 %(balance)d 个，共买过 %(total)d 个。") % {
        "balance": quota.balance,
        "total": quota.total,
    }
    buy = _("请在企业微信后台的「获客助手」里购买额度。")
    words = {
        NOT_BOUGHT: QuotaWords(
            _("没有额度"), "warn", _("还没有买额度：链接能生成，点的人加不上。"), buy
        ),
        EXHAUSTED: QuotaWords(
            _("已用完"), "danger", _("额度已用完，点链接的人暂时加不上；二维码照常用。"), buy
        ),
        LOW: QuotaWords(_("快用完"), "warn", left, buy, lapse_sentence(quota, hospital, now)),
        ENOUGH: QuotaWords(_("够用"), "ok", left, "", lapse_sentence(quota, hospital, now)),
    }
    return words[stands]


def lapse_sentence(quota: LinkQuota, hospital: Hospital, now: datetime) -> str:
    """Say which part lapses first; empty when nothing does."""
    coming = sorted((at, left) for at, left in quota.packs if left and at > now.timestamp())
    if not coming:
        return ""
    at, left = coming[0]
    day = time.local(hospital, at_unix(at))
    return _("其中 %(count)d 个在 %(day)s 到期。") % {"count": left, "day": f"{day:%Y-%m-%d}"}
