"""What people type: numbers on the phone, medicines and notes at the console."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from lianxin.health.actions.alerts import STAFF_OUTCOMES
from lianxin.health.queries.medicines import SLOT_ORDER

SLOT_NAMES = {
    "morning": _("早上"),
    "noon": _("中午"),
    "evening": _("晚上"),
    "bedtime": _("睡前"),
}
OUTCOME_NAMES = {
    "emergency": _("已去急诊或叫了 120"),
    "visit": _("约好到院"),
    "phoned": _("电话说明，继续在家测量"),
    "watched": _("看过，不需要联系"),
    "not_reached": _("没有联系上，转人工随访"),
}
FLAG_NAMES = {
    "hypertension": _("高血压"),
    "diabetes": _("糖尿病"),
    "kidney_disease": _("慢性肾病"),
    "coronary_disease": _("冠心病"),
    "stroke": _("卒中"),
}


class ReadingForm(forms.Form):
    """The numbers of one metric, by its definition; out of range is for the rules to say."""

    client_key = forms.RegexField(r"^[0-9A-Za-z_-]{8,40}$", required=False)
    measured_at = forms.DateTimeField(
        required=False, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
    )
    waited_seconds = forms.IntegerField(required=False)
    is_insisted = forms.BooleanField(required=False)

    def __init__(
        self, fields: list[dict[str, Any]], zone_name: str, data: Any = None, **options: Any
    ) -> None:
        super().__init__(data, **options)
        self.zone = ZoneInfo(zone_name)
        self.metric_fields = fields
        for field in fields:
            self.fields[field["code"]] = forms.FloatField(required=not field.get("optional"))

    def clean_measured_at(self) -> datetime | None:
        """Take what was typed as the hospital's wall clock, whatever zone Django reads it in."""
        typed: datetime | None = self.cleaned_data["measured_at"]
        return typed.replace(tzinfo=self.zone) if typed else None

    @property
    def values(self) -> dict[str, float]:
        return {
            field["code"]: value
            for field in self.metric_fields
            if (value := self.cleaned_data.get(field["code"])) is not None
        }


class CloseForm(forms.Form):
    outcome = forms.ChoiceField(
        label=_("处理结果"), choices=[(code, OUTCOME_NAMES[code]) for code in STAFF_OUTCOMES]
    )
    note = forms.CharField(
        label=_("备注"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "class": "form-control"}),
    )


class MedicationForm(forms.Form):
    name = forms.CharField(label=_("药名和用量，照处方抄写"), max_length=120)
    slots = forms.MultipleChoiceField(
        label=_("什么时候吃"),
        choices=[(code, SLOT_NAMES[code]) for code in SLOT_ORDER],
        widget=forms.CheckboxSelectMultiple,
    )


class FlagsForm(forms.Form):
    flags = forms.MultipleChoiceField(
        label=_("合并情况"),
        required=False,
        choices=list(FLAG_NAMES.items()),
        widget=forms.CheckboxSelectMultiple,
    )
