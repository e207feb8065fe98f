"""What may not be said to a patient, wherever staff say it."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lianxin.channels.adapters import ADAPTERS
from lianxin.compliance.queries import check_wording
from lianxin.compliance.rules.guard import is_blocked
from lianxin.core.errors import RefusedError


def refuse_blocked(hospital_id: int, text: str) -> None:
    """Refuse what may not be said to a patient; the composer has shown where."""
    findings = check_wording(hospital_id, text, "reply")
    if is_blocked(findings):
        count = sum(1 for finding in findings if finding.severity == "block")
        sentence = ngettext(
            "有 %(count)s 处不能发给患者，请改好再发。",
            "有 %(count)s 处不能发给患者，请改好再发。",
            count,
        )
        raise RefusedError(sentence % {"count": count})


def refuse_long(text: str) -> None:
    """Refuse what a carrier would cut off. The gate chooses the carrier: the least one counts."""
    most = min(one.text_bytes for one in ADAPTERS.values() if "text" in one.carriers)
    excess = len(text.encode()) - most
    if excess > 0:
        sentence = _(
            "这段话太长，超出 %(count)d 字节，请改短或分开发。"
            "一个汉字占 3 字节，一个表情占 4 字节或更多。"
        )
        raise RefusedError(sentence % {"count": excess})
