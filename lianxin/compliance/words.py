"""The words that pages use for codes of this room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lianxin.compliance.models import Consent, Erasure
from lianxin.compliance.rules.guard import Finding, Phrase

CATEGORIES: dict[str, Promise] = {
    "diagnosis": _("诊断"),
    "prescription": _("处方和用量"),
    "all_clear": _("打包票说没事"),
    "promise": _("承诺疗效"),
    "rate": _("治愈率、有效率"),
    "superlative": _("绝对化用语"),
    "testimony": _("用人作证明"),
    "comparison": _("与他人比较"),
    "inducement": _("促销引诱"),
    "score": _("机器判断疾病"),
    "lock_screen": _("锁屏泄露隐私"),
}
REASONS: dict[str, Promise] = {
    Erasure.Reason.PATIENT_ASKED: _("患者本人要求删除"),
    Erasure.Reason.GUARDIAN_ASKED: _("监护人要求删除"),
    Erasure.Reason.CONSENT_WITHDRAWN: _("撤回了全部同意"),
    Erasure.Reason.ENTERED_BY_MISTAKE: _("登记错误，本不该有"),
    Erasure.Reason.TERM_ENDED: _("保存期限已到"),
}
DECISIONS: dict[str, Promise] = {
    Consent.Decision.GRANTED: _("同意"),
    Consent.Decision.REFUSED: _("不同意"),
    Consent.Decision.WITHDRAWN: _("已撤回"),
}
SOURCES: dict[str, Promise] = {
    Consent.Source.PHONE: _("本人在手机上"),
    Consent.Source.PAPER: _("已签字的告知书"),
    Consent.Source.SPOKEN: _("当面或电话里口头说明"),
    Consent.Source.MERGE: _("合并登记时沿用"),
}
# Page codes of the access log, by their room or route; the longest that fits counts.
PAGES: dict[str, Promise] = {
    "patients:list": _("患者名单"),
    "patients:edit": _("更正资料"),
    "patients:reveal": _("显示完整资料"),
    "patients:bedside": _("床旁核验"),
    "patients:life_event": _("生命事件"),
    "patients:merge": _("合并患者"),
    "patients:archive": _("企业微信聊天存档"),
    "patients:likeness": _("对照可能重复的登记"),
    "patients:likenesses": _("对照可能重复的登记"),
    "patients": _("患者资料"),
    "compliance:consents": _("授权"),
    "compliance:erase": _("删除资料"),
    "compliance": _("合规"),
    "desk:today": _("今日"),
    "desk:patient": _("患者页"),
    "desk:sidebar": _("企业微信侧边栏"),
    "desk": _("患者页"),
    "patient": _("患者页"),
    "conversations": _("会话"),
    "health": _("健康数据"),
    "journeys": _("旅程"),
    "outreach": _("触达"),
    "tasks": _("任务"),
    "content": _("内容"),
    "insight": _("数据"),
    "channels": _("渠道设置"),
    "staff": _("员工"),
}


def page_words(page: str) -> str:
    """Name the page of an access-log line; an unknown one keeps its code."""
    fitting = [code for code in PAGES if page == code or page.startswith((f"{code}:", f"{code}."))]
    return str(PAGES[max(fitting, key=len)]) if fitting else page


@dataclass(frozen=True)
class Piece:
    """A stretch of a checked text: plain, or what a finding points at."""

    words: str
    finding: Finding | None = None


def pieces_of(text: str, findings: Sequence[Finding]) -> list[Piece]:
    """Cut the text at the findings, so that a template can underline them."""
    pieces: list[Piece] = []
    place = 0
    for finding in findings:
        pieces.append(Piece(text[place : finding.start]))
        pieces.append(Piece(text[finding.start : finding.end], finding))
        place = finding.end
    pieces.append(Piece(text[place:]))
    return [piece for piece in pieces if piece.words]


def phrase_groups(phrases: Sequence[Phrase]) -> list[tuple[Promise, list[Phrase]]]:
    """Group the phrases by category, in the order of the words above."""
    by_category: dict[str, list[Phrase]] = {}
    for phrase in phrases:
        by_category.setdefault(phrase.category, []).append(phrase)
    return [(name, by_category[code]) for code, name in CATEGORIES.items() if code in by_category]
