"""What people type about a post on a public platform."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from lianxin.channels import queries
from lianxin.channels.actions import CampaignContent
from lianxin.channels.forms.live_codes import SeenForm
from lianxin.channels.models import Campaign, LiveCode
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
        self.codes = active_codes(actor)
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
    def content(self) -> CampaignContent:
        given = self.cleaned_data
        return CampaignContent(
            live_code=self.codes[given["code"]],
            platform=given["platform"],
            title=given["title"],
            department=self.departments.get(given["department"]),
            starts_on=given["starts_on"],
            ends_on=given["ends_on"],
        )


class ChangeCampaignForm(CampaignForm, SeenForm):
    """A post as it should be from now on. A closed live code stays a choice where it is chosen."""

    def __init__(self, actor: Actor, campaign: Campaign, *args: Any, **kwargs: Any) -> None:
        code, department = campaign.live_code, campaign.department
        initial = {
            "platform": campaign.platform,
            "title": campaign.title,
            "code": code.key,
            "department": department.key if department else "",
            "starts_on": campaign.starts_on,
            "ends_on": campaign.ends_on,
            "seen": campaign.revision,
        }
        super().__init__(actor, *args, initial=initial, **kwargs)
        self.codes = {code.key: code} | self.codes
        self.fields["code"] = self.choose(
            "code", [(key, one.name) for key, one in self.codes.items()]
        )


class StandingForm(forms.Form):
    """Which live code is always there."""

    code = forms.ChoiceField(label=_("医院的常设码"), required=False)

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.codes = active_codes(actor)
        field = self.fields["code"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        field.choices = [
            ("", _("不用常设码")),
            *((key, one.name) for key, one in self.codes.items()),
        ]

    @property
    def code_chosen(self) -> LiveCode | None:
        return self.codes.get(self.cleaned_data["code"])


def active_codes(actor: Actor) -> dict[str, LiveCode]:
    return {one.key: one for one in queries.list_live_codes(actor).filter(is_active=True)}
