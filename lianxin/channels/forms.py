"""What people type about live codes, parsed once at the edge."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lianxin.channels import queries
from lianxin.channels.models import Account
from lianxin.core.actor import Actor
from lianxin.staff import queries as staff
from lianxin.staff.models import CareTeam, Staff

SEPARATORS = re.compile(r"[,，、\s]+")
MOST_TAGS = 5


class LiveCodeForm(forms.Form):
    name = forms.CharField(label=_("名称"), max_length=30, help_text=_("例如：李医生 门诊海报"))
    account = forms.ChoiceField(label=_("渠道"))
    staff = forms.ChoiceField(label=_("谁来接待"), required=False)
    team = forms.ChoiceField(label=_("团队"), required=False)
    tags = forms.CharField(
        label=_("中性标签"),
        required=False,
        max_length=100,
        help_text=_("用逗号分开。只写来源、科室这类中性的词，不写疾病。"),
    )
    welcome_text = forms.CharField(
        label=_("欢迎语"),
        required=False,
        max_length=600,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("发送前会过用语检查，并自动加上急症与非 24 小时监护的提示。"),
    )

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hospital_id = actor.hospital_id
        kinds = [Account.Kind.WECOM, Account.Kind.OFFICIAL_ACCOUNT]
        accounts = queries.list_accounts(hospital_id).active().filter(kind__in=kinds)
        self.accounts = {account.key: account for account in accounts}
        self.members = {one.key: one for one in staff.list_staff(hospital_id) if one.wecom_userid}
        self.teams = {team.key: team for team in staff.list_teams(hospital_id)}
        nobody = [("", "—")]
        self.fields["account"] = forms.ChoiceField(
            label=_("渠道"), choices=[(key, one.name) for key, one in self.accounts.items()]
        )
        self.fields["staff"] = forms.ChoiceField(
            label=_("谁来接待"),
            required=False,
            choices=nobody + [(key, one.name) for key, one in self.members.items()],
        )
        self.fields["team"] = forms.ChoiceField(
            label=_("团队"),
            required=False,
            choices=nobody + [(key, one.name) for key, one in self.teams.items()],
        )

    def clean_tags(self) -> list[str]:
        names = [name for name in SEPARATORS.split(self.cleaned_data["tags"]) if name]
        if len(names) > MOST_TAGS:
            raise forms.ValidationError(_("最多 5 个标签。"))
        return names

    @property
    def account_chosen(self) -> Account:
        return self.accounts[self.cleaned_data["account"]]

    @property
    def staff_chosen(self) -> Staff | None:
        return self.members.get(self.cleaned_data["staff"])

    @property
    def team_chosen(self) -> CareTeam | None:
        return self.teams.get(self.cleaned_data["team"])
