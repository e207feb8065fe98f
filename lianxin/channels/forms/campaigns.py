"""What people type about a post on a public platform."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from lianxin.channels import queries
from lianxin.channels.models import LiveCode
from lianxin.channels.platforms import load_platforms
from lianxin.core.actor import Actor
from lianxin.staff import queries as staff
from lianxin.staff.models import Department


class CampaignForm(forms.Form):
    platform = forms.ChoiceField(label=_("平台"))
    title = forms.CharField(
        label=_("帖子标题"), max_length=80, help_text=_("同事认得出是哪一条就好，访客看不到。")
    )
    code = forms.ChoiceField(
        label=_("通向哪个活码"), help_text=_("每条帖子用自己的活码，添加和留存才分得开。")
    )
    department = forms.ChoiceField(label=_("科室"), required=False)
    starts_on = forms.DateField(
        label=_("从"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    ends_on = forms.DateField(
        label=_("到"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language = get_language() or "zh-hans"
        self.codes: dict[str, LiveCode] = {
            one.key: one for one in queries.list_live_codes(actor).filter(is_active=True)
        }
        self.departments: dict[str, Department] = {
            one.key: one for one in staff.list_departments(actor.hospital_id)
        }
        self.fields["platform"] = self.choose(
            "platform", [(one.code, one.word(language)) for one in load_platforms().values()]
        )
        self.fields["code"] = self.choose(
            "code", [(key, one.name) for key, one in self.codes.items()]
        )
        self.fields["department"] = self.choose(
            "department", [("", "—"), *((key, one.name) for key, one in self.departments.items())]
        )

    def choose(self, name: str, choices: list[tuple[str, str]]) -> forms.ChoiceField:
        field = self.fields[name]
        return forms.ChoiceField(
            label=field.label, help_text=field.help_text, required=field.required, choices=choices
        )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = self.cleaned_data
        starts, ends = given.get("starts_on"), given.get("ends_on")
        if starts and ends and ends < starts:
            self.add_error("ends_on", _("结束不能早于开始。"))
        return given

    @property
    def code_chosen(self) -> LiveCode:
        return self.codes[self.cleaned_data["code"]]

    @property
    def department_chosen(self) -> Department | None:
        return self.departments.get(self.cleaned_data["department"])
