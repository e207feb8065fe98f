"""How Today and the patient's page say times, spans and people."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import dateformat
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from lianxin.core import time
from lianxin.core.models import Hospital
from lianxin.patients.queries import PatientFace

SOON = timedelta(minutes=10)
TONE_WARN = "warn"


def language() -> str:
    return get_language() or "zh-hans"


def face_line(face: PatientFace | None) -> str:
    """Say sex and age in a few characters."""
    if face is None:
        return ""
    sex = {"female": _("女"), "male": _("男")}.get(face.sex, "")
    age = _("%(age)d 岁") % {"age": face.age} if face.age is not None else ""
    return " ".join(part for part in (sex, age) if part)


def time_left(due_at: datetime | None) -> tuple[str, str]:
    """Say how long is left or how much it is over, and in which tone."""
    if due_at is None:
        return "", ""
    left = due_at - time.now()
    words = spell(abs(left))
    if left < timedelta(0):
        return _("超 %(time)s") % {"time": words}, TONE_WARN
    return _("剩 %(time)s") % {"time": words}, TONE_WARN if left < SOON else ""


def spell(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    if minutes < 60:
        return _("%(minutes)d 分") % {"minutes": minutes}
    hours, rest = divmod(minutes, 60)
    if hours < 24:
        return _("%(hours)d 时 %(minutes)d 分") % {"hours": hours, "minutes": rest}
    return _("%(days)d 天") % {"days": hours // 24}


def clock_word(hospital: Hospital, at: datetime | None) -> str:
    """Say the hour of today, and the day too of any other day."""
    if at is None:
        return ""
    local = time.local(hospital, at)
    is_today = local.date() == time.today(hospital)
    return local.strftime("%H:%M" if is_today else "%m-%d %H:%M")


def day_and_clock(hospital: Hospital) -> str:
    """Say day, weekday and minute on the hospital's clock."""
    return dateformat.format(time.local(hospital, time.now()), _("n 月 j 日 l H:i"))
