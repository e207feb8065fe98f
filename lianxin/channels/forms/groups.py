"""What people type about customer groups, parsed once at the edge."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lianxin.channels import queries
from lianxin.channels.actions import JoinCodeContent
from lianxin.channels.adapters.reactions import load_facts
from lianxin.channels.forms.live_codes import LARGEST_REVISION, check_welcome
from lianxin.channels.models import (
    GROUP_NAME_CHARACTERS,
    REMARK_CHARACTERS,
    Account,
    Group,
    GroupWelcome,
    JoinCode,
)
from lianxin.channels.tag_words import illness_in
from lianxin.core.actor import Actor
from lianxin.staff.models import Staff

LARGEST_NUMBER = 99_999


def check_neutral(text: str) -> str:
    word = illness_in(text)
    if word:
        sentence = _("“%(word)s”会透露病情，群名和入群码名称里不能有。请换一个中性的词。")
        raise forms.ValidationError(sentence % {"word": word})
    return text


class JoinCodeForm(forms.Form):
    """A code that leads into groups."""

    name = forms.CharField(
        label=_("名称"), max_length=REMARK_CHARACTERS, help_text=_("例如：出院交流群 海报")
    )
    groups = forms.MultipleChoiceField(
        label=_("先进哪些群"),
        help_text=_("1 到 5 个，同一个企业微信账号的；扫码的人进第一个没满的。"),
    )
    rolls_over = forms.BooleanField(
        label=_("都满了由平台自动建下一个群"), required=False, initial=True
    )
    base_name = forms.CharField(
        label=_("新群的群名前缀"),
        required=False,
        max_length=GROUP_NAME_CHARACTERS,
        help_text=_("新群叫“前缀＋序号”，只写中性的词。"),
    )
    base_number = forms.IntegerField(
        label=_("下一个序号"), min_value=1, max_value=LARGEST_NUMBER, initial=1
    )
    seen = forms.IntegerField(
        min_value=1, max_value=LARGEST_REVISION, widget=forms.HiddenInput, required=False
    )

    def __init__(self, actor: Actor, code: JoinCode | None, *args: Any, **kwargs: Any) -> None:
        if code is not None:
            kwargs["initial"] = {
                "name": code.name,
                "groups": [line.group.key for line in queries.list_lines(code)],
                "rolls_over": code.rolls_over,
                "base_name": code.base_name,
                "base_number": code.base_number,
                "seen": code.revision,
            }
        super().__init__(*args, **kwargs)
        rows = queries.list_groups(actor).filter(dismissed_at=None)
        if code is not None:
            rows = rows.filter(account=code.account)
        self.groups_by_key = {group.key: group for group in rows}
        names = [(key, name_of(group)) for key, group in self.groups_by_key.items()]
        self.fields["groups"] = forms.MultipleChoiceField(
            label=_("先进哪些群"),
            choices=names,
            widget=forms.CheckboxSelectMultiple,
            help_text=_("1 到 5 个，同一个企业微信账号的；扫码的人进第一个没满的。"),
        )

    def clean_name(self) -> str:
        return check_neutral(self.cleaned_data["name"])

    def clean_base_name(self) -> str:
        return check_neutral(self.cleaned_data["base_name"])

    def clean_groups(self) -> list[Group]:
        chosen = [self.groups_by_key[key] for key in self.cleaned_data["groups"]]
        most = load_facts()["join_way_groups"]
        if len(chosen) > most:
            raise forms.ValidationError(_("请选 1 到 %(most)d 个群。") % {"most": most})
        if len({group.account_id for group in chosen}) > 1:
            raise forms.ValidationError(_("这些群不在同一个企业微信账号里。"))
        # A code keeps its groups from the oldest on.
        return sorted(chosen, key=lambda group: group.pk)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("rolls_over") and "base_name" in given and not given["base_name"]:
            self.add_error("base_name", _("自动建新群时要有群名前缀。"))
        return given

    @property
    def account(self) -> Account:
        account: Account = self.cleaned_data["groups"][0].account
        return account

    @property
    def content(self) -> JoinCodeContent:
        given = self.cleaned_data
        return JoinCodeContent(
            name=given["name"],
            groups=tuple(given["groups"]),
            rolls_over=given["rolls_over"],
            base_name=given["base_name"],
            base_number=given["base_number"],
        )


def name_of(group: Group) -> str:
    return queries.details_of(group).name or group.key


class GroupWelcomeForm(forms.Form):
    account = forms.ChoiceField(label=_("企业微信账号"))
    text = forms.CharField(
        label=_("入群欢迎语"),
        max_length=1500,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("%NICKNAME% 会换成对方的昵称。保存时过用语检查，最多 3000 字节。"),
    )
    seen = forms.IntegerField(
        min_value=1, max_value=LARGEST_REVISION, widget=forms.HiddenInput, required=False
    )

    def __init__(
        self, actor: Actor, welcome: GroupWelcome | None, *args: Any, **kwargs: Any
    ) -> None:
        if welcome is not None:
            kwargs["initial"] = {
                "account": welcome.account.key,
                "text": welcome.text,
                "seen": welcome.revision,
            }
        super().__init__(*args, **kwargs)
        self.hospital_id = actor.hospital_id
        rows = queries.list_accounts(actor.hospital_id).active().filter(kind=Account.Kind.WECOM)
        self.accounts = {one.key: one for one in rows}
        if welcome is not None:
            self.accounts = {welcome.account.key: welcome.account}
        self.fields["account"] = forms.ChoiceField(
            label=_("企业微信账号"), choices=[(key, one.name) for key, one in self.accounts.items()]
        )

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        if len(text.encode()) > load_facts()["group_welcome_bytes"]:
            raise forms.ValidationError(_("欢迎语太长：平台最多收 3000 字节，约 1000 个汉字。"))
        return check_welcome(self.hospital_id, text)

    @property
    def account_chosen(self) -> Account:
        return self.accounts[self.cleaned_data["account"]]


class TransferForm(forms.Form):
    """Who is to own a group from now on."""

    to = forms.ChoiceField(label=_("新群主"))

    def __init__(self, actor: Actor, group: Group, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        takers = queries.list_group_takers(actor).exclude(wecom_userid=group.owner_userid)
        self.takers = {one.key: one for one in takers}
        self.fields["to"] = forms.ChoiceField(
            label=_("新群主"), choices=[(key, one.name) for key, one in self.takers.items()]
        )

    @property
    def taker(self) -> Staff:
        return self.takers[self.cleaned_data["to"]]


class PointForm(forms.Form):
    """One point of the checklist, and whether it is seen to."""

    code = forms.CharField(max_length=40)
    is_done = forms.BooleanField(required=False)
