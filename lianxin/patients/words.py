"""Two rows side by side, in words: what a page shows of each, and what agrees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lianxin.patients import catalog, forms, queries
from lianxin.patients.models import Likeness, Patient
from lianxin.patients.queries import PatientFace, Revealed

CONFIDENCE: dict[str, tuple[Promise, str]] = {
    Likeness.Confidence.CERTAIN: (gettext_lazy("可以确定"), "ok"),
    Likeness.Confidence.LIKELY: (gettext_lazy("很可能"), "accent"),
    Likeness.Confidence.POSSIBLE: (gettext_lazy("有可能"), "line"),
}
STATES: dict[str, Promise] = {
    Likeness.State.OPEN: gettext_lazy("待判断"),
    Likeness.State.LATER: gettext_lazy("稍后再看"),
    Likeness.State.DISMISSED: gettext_lazy("不是同一人"),
    Likeness.State.MERGED: gettext_lazy("已合并"),
}
SAME, DIFFERENT = "same", "different"
# Which codes of data/likeness.yaml speak about which line of the comparison.
CODES_OF_LINE = {
    "name": ("same_name", "different_name"),
    "sex": ("", "different_sex"),
    "birthday": ("same_birthday", "different_birthday"),
    "phone": ("same_phone", ""),
    "inpatient": ("same_number", "different_number"),
}


@dataclass(frozen=True)
class Line:
    """One fact of both rows: `mark` says same, different, or nothing."""

    label: str
    first: str
    second: str
    mark: str = ""


@dataclass(frozen=True)
class Compared:
    """One pair as the pages show it."""

    likeness: Likeness
    first: PatientFace
    second: PatientFace
    confidence: str
    tone: str
    state: str
    agrees: Sequence[str]
    differs: Sequence[str]

    @property
    def is_undecided(self) -> bool:
        return self.likeness.state in Likeness.UNDECIDED


def compare(hospital_id: int, likenesses: Sequence[Likeness]) -> list[Compared]:
    """Put pairs into words: two more queries, however many they are."""
    ids = {pk for row in likenesses for pk in (row.first_id, row.second_id)}
    faces = queries.names_of(hospital_id, ids)
    return [
        Compared(
            likeness=row,
            first=faces[row.first_id],
            second=faces[row.second_id],
            confidence=str(CONFIDENCE[row.confidence][0]),
            tone=CONFIDENCE[row.confidence][1],
            state=str(STATES[row.state]),
            agrees=say(row.agrees),
            differs=say(row.differs),
        )
        for row in likenesses
    ]


def say(codes: Sequence[str]) -> list[str]:
    """Say what agrees or differs; a code of an older version that is gone says nothing."""
    words = catalog.likeness_rules().words
    return [_(words[code]) for code in codes if code in words]


def list_lines(
    likeness: Likeness, sides: Sequence[PatientFace], revealed: Sequence[Revealed] = ()
) -> list[Line]:
    """Return the comparison line by line, masked unless somebody asked to see it in full."""
    rows = (likeness.first, likeness.second)
    names = [one.name for one in revealed] or [face.masked_name for face in sides]
    phones = [one.phone for one in revealed] or [face.phone_masked for face in sides]
    numbers = [one.inpatient for one in revealed] or [face.inpatient_masked for face in sides]
    return [
        make_line(likeness, "name", _("姓名"), names),
        make_line(likeness, "sex", _("性别"), [str(forms.WORDS[row.sex]) for row in rows]),
        make_line(likeness, "birthday", _("出生日期"), [birthday(row, revealed) for row in rows]),
        make_line(likeness, "phone", _("手机号"), phones),
        make_line(likeness, "inpatient", _("住院号"), numbers),
        make_line(likeness, "", _("科室和团队"), [place(row) for row in rows]),
        make_line(likeness, "", _("出院日期"), [day(row.discharged_on) for row in rows]),
        make_line(likeness, "", _("登记日期"), [day(row.created_at) for row in rows]),
        make_line(likeness, "", _("谁在用手机"), phones_of(rows)),
    ]


def make_line(likeness: Likeness, name: str, label: str, values: Sequence[str]) -> Line:
    same, different = CODES_OF_LINE.get(name, ("", ""))
    mark = SAME if same and same in likeness.agrees else ""
    mark = DIFFERENT if different and different in likeness.differs else mark
    return Line(label, values[0] or "—", values[1] or "—", mark)


def birthday(row: Patient, revealed: Sequence[Revealed]) -> str:
    """Show the year alone until somebody asked: year and mark are enough to compare."""
    if row.birth_on is None:
        return ""
    if revealed:
        return day(row.birth_on)
    return _("%(year)d 年") % {"year": row.birth_on.year}


def day(value: object) -> str:
    return date_format(value, "Y-m-d") if value else ""  # type: ignore[arg-type]


def place(row: Patient) -> str:
    names = [row.department.name if row.department else "", row.team.name if row.team else ""]
    return " · ".join(name for name in names if name)


def phones_of(rows: Sequence[Patient]) -> list[str]:
    return [
        _("、").join(str(forms.WORDS[held.relation]) for held in queries.holders_of(row))
        for row in rows
    ]
