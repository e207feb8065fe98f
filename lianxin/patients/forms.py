"""What people type about patients, parsed once at the edge."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lianxin.core import time
from lianxin.core.phone import normalise_phone
from lianxin.patients import rules
from lianxin.patients.actions import PatientFacts
from lianxin.patients.models import Holding, LifeEvent, Patient
from lianxin.patients.queries import PatientFilter, Revealed
from lianxin.staff import queries as staff
from lianxin.staff.models import CareTeam, Department

SEXES = [
    (Patient.Sex.FEMALE, gettext_lazy("女")),
    (Patient.Sex.MALE, gettext_lazy("男")),
    (Patient.Sex.UNKNOWN, gettext_lazy("未知")),
]
STAGES = [
    (Patient.Stage.BEFORE_VISIT, gettext_lazy("诊前")),
    (Patient.Stage.IN_VISIT, gettext_lazy("诊中")),
    (Patient.Stage.AFTER_VISIT, gettext_lazy("诊后")),
]
RISKS = [
    (Patient.Risk.HIGH, gettext_lazy("高风险")),
    (Patient.Risk.MEDIUM, gettext_lazy("中风险")),
    (Patient.Risk.LOW, gettext_lazy("低风险")),
    (Patient.Risk.UNKNOWN, gettext_lazy("未评估")),
]
LIKENESS_STANDINGS = [
    ("", gettext_lazy("待判断")),
    ("later", gettext_lazy("稍后再看")),
    ("decided", gettext_lazy("判断过的")),
]
STANDINGS = [
    ("", gettext_lazy("全部")),
    ("unverified", gettext_lazy("未核验")),
    ("stopped", gettext_lazy("已停止触达")),
    ("closed", gettext_lazy("已删除")),
]
RELATIONS = [
    (Holding.Relation.SELF, gettext_lazy("患者本人")),
    (Holding.Relation.FAMILY, gettext_lazy("家属")),
    (Holding.Relation.CARER, gettext_lazy("代办人")),
]
REVERSIBLE_EVENTS = [
    (LifeEvent.Kind.READMISSION, gettext_lazy("再次住院")),
    (LifeEvent.Kind.TRANSFER, gettext_lazy("转到别的医院")),
    (LifeEvent.Kind.PREGNANCY_LOSS, gettext_lazy("妊娠终止")),
    (LifeEvent.Kind.REFUSAL, gettext_lazy("患者拒绝继续")),
]
FINAL_EVENT = (LifeEvent.Kind.DEATH, gettext_lazy("去世"))
LIFE_EVENTS = [*REVERSIBLE_EVENTS, FINAL_EVENT]
# One word for each code that a page shows.
WORDS: dict[str, str | Promise] = {
    str(code): word
    for code, word in (
        *SEXES,
        *STAGES,
        *RISKS,
        *RELATIONS,
        *LIFE_EVENTS,
        (Patient.StopReason.ERASURE, gettext_lazy("资料已删除")),
    )
}


class FilterForm(forms.Form):
    """The list's filters, as they stand in the address. Wrong values count as none."""

    stage = forms.ChoiceField(required=False, choices=[("", ""), *STAGES])
    risk = forms.ChoiceField(required=False, choices=[("", ""), *RISKS])
    standing = forms.ChoiceField(required=False, choices=STANDINGS)
    team = forms.CharField(required=False, max_length=12)
    department = forms.CharField(required=False, max_length=12)
    tag = forms.CharField(required=False, max_length=12)

    def wanted(self, search: str) -> PatientFilter:
        self.is_valid()
        return PatientFilter(search=search, **self.cleaned_data)


class SearchForm(forms.Form):
    """A name, phone or inpatient number: posted, so that it never stands in an address."""

    search = forms.CharField(required=False, max_length=60, strip=True)


class PatientForm(forms.Form):
    """What the ward writes down about a patient."""

    name = forms.CharField(
        label=gettext_lazy("姓名"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    phone = forms.CharField(
        label=gettext_lazy("手机号"),
        max_length=30,
        required=False,
        help_text=gettext_lazy("验证码和电话随访用这个号码。"),
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    inpatient = forms.CharField(
        label=gettext_lazy("住院号"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("在腕带和出院小结右上角。"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    sex = forms.ChoiceField(label=gettext_lazy("性别"), choices=SEXES)
    birth_on = forms.DateField(
        label=gettext_lazy("出生日期"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    discharged_on = forms.DateField(
        label=gettext_lazy("出院日期"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    stage = forms.ChoiceField(
        label=gettext_lazy("阶段"), choices=STAGES, initial=Patient.Stage.AFTER_VISIT
    )
    risk = forms.ChoiceField(
        label=gettext_lazy("风险"), choices=RISKS, initial=Patient.Risk.UNKNOWN
    )
    department = forms.ChoiceField(label=gettext_lazy("科室"), required=False)
    team = forms.ChoiceField(label=gettext_lazy("医护团队"), required=False)
    diagnosis = forms.CharField(
        label=gettext_lazy("诊断（按病历）"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("只给医护看，加密保存，不会出现在任何消息里。"),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, hospital_id: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self.departments = {row.key: row for row in staff.list_departments(hospital_id)}
        self.teams = {row.key: row for row in staff.list_teams(hospital_id)}
        self.fields["department"] = choice_of(self.departments, self.fields["department"].label)
        self.fields["team"] = choice_of(self.teams, self.fields["team"].label)

    def clean_phone(self) -> str:
        typed: str = self.cleaned_data["phone"]
        if typed and normalise_phone(typed) is None:
            raise forms.ValidationError(_("这不是一个能打通的号码，请核对位数。"))
        return typed

    def clean_inpatient(self) -> str:
        typed: str = self.cleaned_data["inpatient"]
        if typed and rules.normalise_inpatient(typed) is None:
            raise forms.ValidationError(_("住院号是 4–24 位字母和数字。"))
        return typed

    def clean_birth_on(self) -> Any:
        birth_on = self.cleaned_data["birth_on"]
        if birth_on and birth_on > time.now().date():
            raise forms.ValidationError(_("出生日期在今天以后，请核对年份。"))
        return birth_on

    def facts(self) -> PatientFacts:
        values = dict(self.cleaned_data)
        values["department"] = self.departments.get(values["department"])
        values["team"] = self.teams.get(values["team"])
        return PatientFacts(**values)


def choice_of(rows: dict[str, Department] | dict[str, CareTeam], label: Any) -> forms.ChoiceField:
    choices = [("", _("未定")), *((key, row.name) for key, row in rows.items())]
    return forms.ChoiceField(label=label, required=False, choices=choices)


def initial_of(patient: Patient, known: Revealed) -> dict[str, Any]:
    """Return the form's values for a patient whom we know already."""
    return {
        "name": known.name,
        "phone": known.phone,
        "inpatient": known.inpatient,
        "diagnosis": known.diagnosis,
        "sex": patient.sex,
        "birth_on": patient.birth_on,
        "discharged_on": patient.discharged_on,
        "stage": patient.stage,
        "risk": patient.risk,
        "department": patient.department.key if patient.department else "",
        "team": patient.team.key if patient.team else "",
    }


class BedsideForm(forms.Form):
    """What a nurse types beside the bed: whose wristband, and what the phone shows."""

    inpatient = forms.CharField(
        label=gettext_lazy("住院号"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    number = forms.CharField(
        label=gettext_lazy("手机上的 6 位数字"),
        max_length=12,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def clean_inpatient(self) -> str:
        typed: str = self.cleaned_data["inpatient"]
        if typed and rules.normalise_inpatient(typed) is None:
            raise forms.ValidationError(_("住院号是 4–24 位字母和数字。"))
        return typed

    def clean_number(self) -> str:
        digits = rules.normalise_code(self.cleaned_data["number"])
        if digits is None:
            raise forms.ValidationError(_("请输入 6 位数字。"))
        return digits


# What a number in a form may be at most: a bigger one is no row of the database.
LARGEST_ID = 2**63 - 1


class LifeEventForm(forms.Form):
    kind = forms.ChoiceField(
        label=gettext_lazy("发生了什么"),
        choices=LIFE_EVENTS,
        error_messages={"required": gettext_lazy("请点一项。")},
    )
    note = forms.CharField(
        label=gettext_lazy("备注"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("加密保存，只给医护看。"),
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class TagForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("标签"), max_length=60)


READ_REASONS = [
    ("care", gettext_lazy("诊疗需要：核对患者说过什么")),
    ("complaint", gettext_lazy("投诉或纠纷")),
    ("quality", gettext_lazy("服务质量检查")),
    ("patient_asked", gettext_lazy("患者本人要求查看")),
    ("authority", gettext_lazy("监管或司法要求")),
]


class ReadForm(forms.Form):
    """Which archived talk is read and why. The reason is one of a few words: it is logged."""

    talk = forms.IntegerField(min_value=1, max_value=LARGEST_ID, widget=forms.HiddenInput)
    before = forms.IntegerField(
        min_value=1, max_value=LARGEST_ID, required=False, widget=forms.HiddenInput
    )
    reason = forms.ChoiceField(
        label=gettext_lazy("为什么要看"),
        choices=[("", gettext_lazy("请选择原因")), *READ_REASONS],
        error_messages={"required": gettext_lazy("请选择原因：每次查看都会记录。")},
    )


class MergeForm(forms.Form):
    inpatient = forms.CharField(label=gettext_lazy("重复那一位的住院号"), max_length=40)


class KeepForm(forms.Form):
    """Which of two rows stays."""

    keep = forms.CharField(
        max_length=12, error_messages={"required": gettext_lazy("请选择保留哪一份登记。")}
    )


class WhoForm(forms.Form):
    relation = forms.ChoiceField(
        choices=RELATIONS, error_messages={"required": gettext_lazy("请选一项。")}
    )


class ClaimForm(forms.Form):
    """What the person with the phone says about the patient."""

    name = forms.CharField(label=gettext_lazy("姓名"), max_length=60)
    inpatient = forms.CharField(label=gettext_lazy("住院号"), max_length=40)


class CodeForm(forms.Form):
    code = forms.CharField(label=gettext_lazy("验证码"), max_length=12)

    def clean_code(self) -> str:
        digits = rules.normalise_code(self.cleaned_data["code"])
        if digits is None:
            raise forms.ValidationError(_("请输入 6 位数字。"))
        return digits
