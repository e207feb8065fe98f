"""Parsing of what operators type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml
from django import forms
from django.utils.translation import gettext_lazy as _

from lianxin.channels.adapters.reactions import load_media_limits
from lianxin.channels.models import Account
from lianxin.content.models import Item
from lianxin.journeys.actions import MomentText
from lianxin.journeys.rules.parsing import DefinitionError, parse_definition
from lianxin.journeys.words import problem_sentence
from lianxin.staff.models import Staff

# The most that any provider takes of a picture; the exact limit is asked when it is stored.
MOST_PICTURE_BYTES = load_media_limits()["wecom", "image"].bytes


@dataclass(frozen=True)
class MomentChoices:
    """What a moment of this hospital may be made of."""

    accounts: list[Account]
    items: list[Item]
    senders: list[Staff]


class DefinitionForm(forms.Form):
    """A definition as YAML. Every problem is said at once, with its step."""

    text = forms.CharField(
        label=_("旅程定义（YAML）"),
        max_length=200_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 28, "spellcheck": "false", "class": "lx-mono"}),
    )

    def clean_text(self) -> dict[str, Any]:
        try:
            document = yaml.safe_load(self.cleaned_data["text"])
        except (yaml.YAMLError, ValueError) as error:
            mark = getattr(error, "problem_mark", None)
            line = mark.line + 1 if mark else 1
            raise forms.ValidationError(
                _("第 %(line)s 行看不懂，请检查缩进和冒号。"), params={"line": line}
            ) from error
        try:
            parse_definition(document)
        except DefinitionError as error:
            raise forms.ValidationError([problem_sentence(p) for p in error.problems]) from error
        return dict(document)


class EnrolForm(forms.Form):
    """Whom to put on a journey."""

    patient = forms.CharField(max_length=12)


def as_text(document: dict[str, Any]) -> str:
    """Write a definition as people read and edit it."""
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=100)


class MomentForm(forms.Form):
    """A moment as an operator writes it: words, one content of ours or a picture, and by whom."""

    account = forms.ChoiceField(label=_("企业微信账号"))
    text = forms.CharField(
        label=_("文字"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("不写病名、药名和疗效；客户的朋友也可能看到。"),
    )
    item = forms.ChoiceField(
        label=_("链接到内容"), required=False, help_text=_("只能选已审核发布的内容；链接要有封面。")
    )
    picture = forms.FileField(
        label=_("图片或封面"), required=False, help_text=_("JPG 或 PNG，最大 10 MB。")
    )
    senders = forms.MultipleChoiceField(label=_("由谁发表"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, choices: MomentChoices, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choices = choices
        fields: dict[str, Any] = self.fields
        fields["account"].choices = [(one.key, one.name) for one in choices.accounts]
        titles = [(one.key, title_of(one)) for one in choices.items]
        fields["item"].choices = [("", _("不放链接")), *titles]
        fields["senders"].choices = [(one.key, one.name) for one in choices.senders]

    def clean_picture(self) -> Any:
        """Refuse what no provider takes before it is read into memory."""
        found = self.cleaned_data.get("picture")
        if found and found.size > MOST_PICTURE_BYTES:
            raise forms.ValidationError(_("图片太大，请压缩到 10 MB 以内。"))
        return found

    def as_content(self, picture: str) -> MomentText:
        data = self.cleaned_data
        accounts = {one.key: one for one in self.choices.accounts}
        items = {one.key: one for one in self.choices.items}
        return MomentText(
            account=accounts[data["account"]],
            text=data["text"],
            item=items.get(data["item"]),
            picture=picture,
            senders=tuple(one for one in self.choices.senders if one.key in data["senders"]),
        )


def title_of(item: Item) -> str:
    return item.published.title if item.published else ""
