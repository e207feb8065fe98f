"""What may not be said to a patient, wherever staff say it."""

from __future__ import annotations

from django.utils.translation import ngettext

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
