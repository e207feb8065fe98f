"""Console page: what a patient and members of staff wrote in archived chats of WeCom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from lianxin.channels.queries.archive import Talk, TalkLine, list_talk_lines
from lianxin.core import access_log
from lianxin.patients import forms, queries
from lianxin.patients.models import Patient
from lianxin.patients.queries import ArchivedTalk
from lianxin.patients.views.people import patient_url
from lianxin.web.http import StaffRequest, staff_view

PAGE = "patients/archive.html"
ROWS = 50
STATES: dict[str, tuple[Promise, str]] = {
    "agreed": (gettext_lazy("已同意"), "ok"),
    "refused": (gettext_lazy("不同意"), "warn"),
    "assumed": (gettext_lazy("没有明确回答"), "line"),
    "": (gettext_lazy("未询问"), "line"),
}
# Only texts are kept; of everything else it is said what it was.
KINDS: dict[str, Promise] = {
    "image": gettext_lazy("图片"),
    "voice": gettext_lazy("语音"),
    "video": gettext_lazy("视频"),
    "file": gettext_lazy("文件"),
    "link": gettext_lazy("链接"),
    "emotion": gettext_lazy("表情"),
    "location": gettext_lazy("定位"),
    "weapp": gettext_lazy("小程序"),
}


@dataclass(frozen=True)
class TalkRow:
    """One talk on the list: with whom, what was agreed, and how much there is."""

    id: int
    member: str
    side: str | Promise
    state: str | Promise
    tone: str
    since: datetime | None
    count: int
    may_read: bool


@dataclass(frozen=True)
class LineRow:
    sent_at: datetime
    who: str | Promise
    is_from_staff: bool
    words: str
    is_recalled: bool


def make_row(found: ArchivedTalk) -> TalkRow:
    talk = found.talk
    state, tone = STATES[talk.state]
    return TalkRow(
        id=talk.relation.pk,
        member=member_of(talk),
        side=forms.WORDS[found.holding],
        state=state,
        tone=tone,
        since=talk.since if talk.is_agreed else None,
        count=talk.count,
        may_read=found.may_read and talk.is_agreed and talk.count > 0,
    )


def member_of(talk: Talk) -> str:
    staff = talk.relation.staff
    return staff.name if staff else talk.relation.staff_userid


def make_line(line: TalkLine, found: ArchivedTalk) -> LineRow:
    who = member_of(found.talk) if line.is_from_staff else forms.WORDS[found.holding]
    return LineRow(line.sent_at, who, line.is_from_staff, words_of(line), line.is_recalled)


def words_of(line: TalkLine) -> str:
    if line.is_recalled:
        return _("已撤回，内容没有保留")
    if line.kind in {"text", ""}:
        return line.text
    return _("［%(kind)s，没有保存］") % {"kind": KINDS.get(line.kind, _("其他消息"))}


@require_http_methods(["GET", "POST"])
@never_cache
@staff_view("archive.read")
def index(request: StaffRequest, key: str) -> HttpResponse:
    """List the talks; with a reason, show one. The look, its reason included, is on record."""
    patient = queries.access_patient(request.staff, key)
    form = forms.ReadForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        return show_talk(request, patient, form)
    talks = queries.list_archived_talks(request.staff, patient)
    access_log.record_views(request.staff, [patient.pk], page="patients:archive")
    context = {
        "face": queries.face_of(patient),
        "url": patient_url(key),
        "rows": [make_row(one) for one in talks],
        "form": form,
    }
    return render(request, PAGE, context, status=422 if form.is_bound else 200)


def show_talk(request: StaffRequest, patient: Patient, form: forms.ReadForm) -> HttpResponse:
    """Show the newest lines of a talk, or those before one. Each page is a look of its own."""
    given = form.cleaned_data
    found = queries.access_archived_talk(request.staff, patient, given["talk"])
    lines = list_talk_lines(found.talk.relation, before=given["before"] or 0, limit=ROWS)
    access_log.record_views(
        request.staff, [patient.pk], page="patients:archive", reason=given["reason"]
    )
    context = {
        "face": queries.face_of(patient),
        "url": patient_url(patient.key),
        "key": patient.key,
        "row": make_row(found),
        "lines": [make_line(line, found) for line in lines],
        "older": lines[0].id if len(lines) == ROWS else None,
        "reason": given["reason"],
        "reason_words": dict(forms.READ_REASONS)[given["reason"]],
    }
    return render(request, "patients/archive_talk.html", context)
