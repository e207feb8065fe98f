"""What the console and the phone send here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lianxin.conversations import catalog
from lianxin.conversations.actions.wording import refuse_long
from lianxin.conversations.models import CLIENT_KEY_CHARACTERS
from lianxin.conversations.rules.scripts import unknown_blanks
from lianxin.conversations.words import KINDS, OUTCOMES
from lianxin.core.errors import RefusedError
from lianxin.staff.models import Department

# What is comfortable to read. Bytes are counted apart: 600 emoji are 2,400 bytes and more.
MAX_CHARACTERS = 600


class TextForm(forms.Form):
    """Something to say: a reply, a note, or what the patient writes."""

    text = forms.CharField(
        label=_("内容"),
        max_length=MAX_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={
            "required": _("请先写内容。"),
            "max_length": _("一条最多 600 个字，请分开发。"),
        },
    )
    client_key = forms.RegexField(
        r"^[0-9A-Za-z_-]*$", max_length=CLIENT_KEY_CHARACTERS, required=False
    )
    address = forms.SlugField(required=False)


class ReplyForm(TextForm):
    """What staff say to a patient: short enough for every carrier it may go by."""

    def clean_text(self) -> str:
        return check_bytes(self.cleaned_data["text"])


def check_bytes(text: str) -> str:
    try:
        refuse_long(text)
    except RefusedError as error:
        raise forms.ValidationError(str(error)) from error
    return text


class ScriptForm(forms.Form):
    """Ready words, and whose they are."""

    title = forms.CharField(
        label=_("名称"), max_length=40, help_text=_("一眼能认出来，例如：复诊前准备")
    )
    text = forms.CharField(
        label=_("内容"),
        max_length=MAX_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("可以用 {称呼} {我} {科室} {医院}，插入时自动填好。不要写诊断、药名和剂量。"),
    )
    department = forms.ChoiceField(label=_("谁用"), required=False)
    revision = forms.IntegerField(
        widget=forms.HiddenInput, required=False, min_value=0, max_value=2**31 - 1
    )

    def __init__(self, departments: Sequence[Department], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.departments = {one.key: one for one in departments}
        choices = [("", _("全院")), *((key, one.name) for key, one in self.departments.items())]
        self.fields["department"] = forms.ChoiceField(
            label=_("谁用"), choices=choices, required=False
        )

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        unknown = unknown_blanks(text)
        if unknown:
            raise forms.ValidationError(_("不认识 {%s}，请从下面列出的里选。") % unknown[0])
        return check_bytes(text)

    @property
    def department_chosen(self) -> Department | None:
        return self.departments.get(self.cleaned_data.get("department", ""))


class CloseForm(forms.Form):
    """How a consult ended."""

    kind = forms.ChoiceField(label=_("咨询类型"))
    outcome = forms.ChoiceField(label=_("结果"))

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        kind, outcome = self.fields["kind"], self.fields["outcome"]
        if isinstance(kind, forms.ChoiceField) and isinstance(outcome, forms.ChoiceField):
            kind.choices = [(code, KINDS[code]) for code in catalog.kinds()]
            outcome.choices = [(code, OUTCOMES[code]) for code in catalog.outcomes()]
        kind.initial = "health_consult"


class AboutForm(forms.Form):
    """Whom the talk is about."""

    patient = forms.SlugField(error_messages={"required": _("请选一位患者。")})


class AssignForm(forms.Form):
    """Who takes the thread, and whom the page showed before."""

    staff = forms.SlugField(required=False)
    expected = forms.SlugField(required=False)
