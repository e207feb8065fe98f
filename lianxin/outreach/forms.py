"""What people ask about a planned send, parsed once at the edge."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lianxin.core.actor import Actor
from lianxin.outreach.queries.forecast import LONGEST_WITHOUT, NEWEST_DISCHARGE, Audience
from lianxin.outreach.rules.facts import CONTENT, MESSAGE, Message
from lianxin.patients.models import Patient
from lianxin.staff import queries as staff

STAGES = [
    ("", _("全部阶段")),
    (Patient.Stage.BEFORE_VISIT, _("诊前")),
    (Patient.Stage.IN_VISIT, _("诊中")),
    (Patient.Stage.AFTER_VISIT, _("诊后")),
]
PRIORITIES = [
    ("appointment", _("复诊与预约")),
    ("follow_up", _("随访")),
    ("education", _("健康教育")),
    ("survey", _("问卷")),
    ("marketing", _("活动与服务")),
]
FIRST = [(LONGEST_WITHOUT, _("最久没收到消息的")), (NEWEST_DISCHARGE, _("最近出院的"))]
# What a patient must have agreed to; everything else goes as a reminder.
PURPOSES = {"marketing": "marketing"}
KINDS = {"education": CONTENT}


class ForecastForm(forms.Form):
    priority = forms.ChoiceField(label=_("发什么"), choices=PRIORITIES)
    department = forms.ChoiceField(label=_("科室"), required=False)
    team = forms.ChoiceField(label=_("团队"), required=False)
    stage = forms.ChoiceField(label=_("阶段"), choices=STAGES, required=False)
    first = forms.ChoiceField(label=_("额度不够时谁先"), choices=FIRST)

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        departments = [(one.key, one.name) for one in staff.list_departments(actor.hospital_id)]
        teams = [(one.key, one.name) for one in staff.list_teams(actor.hospital_id)]
        self.fields["department"].choices = [("", _("全部科室")), *departments]  # type: ignore[attr-defined]
        self.fields["team"].choices = [("", _("全部团队")), *teams]  # type: ignore[attr-defined]

    @property
    def audience(self) -> Audience:
        data = self.cleaned_data
        return Audience(data["department"], data["team"], data["stage"], data["first"])

    @property
    def message(self) -> Message:
        priority = self.cleaned_data["priority"]
        return Message(
            kind=KINDS.get(priority, MESSAGE),
            priority=priority,
            purpose=PURPOSES.get(priority, "reminders"),
        )
