"""What people choose on the consent, access-log and erasure pages."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lianxin.compliance import words
from lianxin.compliance.models import Consent
from lianxin.compliance.queries import AccessFilter, Question
from lianxin.compliance.rules.guard import CONTEXTS

REASONS = list(words.REASONS.items())
SOURCES = [(code, words.SOURCES[code]) for code in (Consent.Source.PAPER, Consent.Source.SPOKEN)]
OUTCOMES = [
    ("", gettext_lazy("全部")),
    ("seen", gettext_lazy("已查看")),
    ("refused", gettext_lazy("被拒绝")),
]
CONTEXT_WORDS = {
    "automatic": gettext_lazy("自动消息"),
    "reply": gettext_lazy("人工回复"),
    "education": gettext_lazy("科普文章"),
    "notice": gettext_lazy("通知"),
    "ad": gettext_lazy("广告"),
    "lock_screen": gettext_lazy("锁屏文字"),
}
YES, NO = "yes", "no"


def read_answers(data: QueryDict, questions: Sequence[Question]) -> dict[str, bool]:
    """Return the questions that were answered; anything but a plain yes is a no."""
    return {
        question.code: data[question.code] == YES for question in questions if question.code in data
    }


class AnswerForm(forms.Form):
    """One tap on the page 「我的」."""

    answer = forms.ChoiceField(choices=[(YES, YES), (NO, NO)])


class RecordForm(forms.Form):
    """Answers that staff write down for the patient."""

    source = forms.ChoiceField(label=gettext_lazy("依据"), choices=SOURCES)


class AccessForm(forms.Form):
    """The access log's filters, as they stand in the address: keys, codes and days."""

    staff = forms.SlugField(required=False, max_length=12)
    patient = forms.SlugField(required=False, max_length=12)
    outcome = forms.ChoiceField(required=False, choices=OUTCOMES)
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)

    def wanted(self) -> AccessFilter:
        self.is_valid()
        values = self.cleaned_data
        return AccessFilter(
            staff_key=values.get("staff", ""),
            patient_key=values.get("patient", ""),
            outcome=values.get("outcome", ""),
            since=values.get("since"),
            until=values.get("until"),
        )


class EraseForm(forms.Form):
    reason = forms.ChoiceField(
        label=gettext_lazy("为什么删除"), choices=REASONS, widget=forms.RadioSelect
    )
    is_sure = forms.BooleanField(
        label=gettext_lazy("我已核对要求人的身份，知道删除以后不能恢复"),
        error_messages={"required": gettext_lazy("请确认您已核对身份。")},
    )


class WordingForm(forms.Form):
    """A text to try the guard on."""

    text = forms.CharField(
        label=gettext_lazy("要检查的文字"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    context = forms.ChoiceField(
        label=gettext_lazy("用在哪里"), choices=[(code, CONTEXT_WORDS[code]) for code in CONTEXTS]
    )

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        if not text.strip():
            raise forms.ValidationError(_("请写下要检查的文字。"))
        return text
