"""What staff type about a task: how a try went, and who takes it over."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lianxin.staff.models import Staff
from lianxin.tasks.models import StaffTask
from lianxin.tasks.queries import list_outcomes

NOTE_CHARACTERS = 1000


class TryForm(forms.Form):
    """One try: an outcome word, and what is worth remembering."""

    outcome = forms.ChoiceField(label=_("结果"), widget=forms.RadioSelect)
    note = forms.CharField(
        label=_("记录"),
        required=False,
        max_length=NOTE_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 3, "class": "form-control"}),
        help_text=_("加密保存，只有医护能看。"),
    )

    def __init__(self, task: StaffTask, data: Any = None) -> None:
        super().__init__(data)
        choices = [(outcome.code, gettext(outcome.word)) for outcome in list_outcomes(task)]
        self.fields["outcome"].choices = choices  # type: ignore[attr-defined]


class AssigneeForm(forms.Form):
    """Who takes the task; nobody gives it back to the team."""

    assignee = forms.ChoiceField(
        label=_("负责人"), required=False, widget=forms.Select(attrs={"class": "form-select"})
    )

    def __init__(self, people: list[Staff], data: Any = None, current: str = "") -> None:
        super().__init__(data, initial={"assignee": current})
        choices = [("", gettext("本组任意一位")), *((one.key, one.name) for one in people)]
        self.fields["assignee"].choices = choices  # type: ignore[attr-defined]
