"""Parsing of what operators type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml
from django import forms
from django.utils.translation import gettext_lazy as _

from lianxin.channels.adapters.base import Attachment
from lianxin.channels.adapters.reactions import load_facts, load_media_limits
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


class ManyFilesInput(forms.FileInput):
    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        del data
        return files.getlist(name)


class ManyFilesField(forms.FileField):
    """Several files of one choice, in the order they were chosen."""

    widget = ManyFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        clean_one = super().clean
        return [clean_one(one, initial) for one in data or []]


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
    picture = ManyFilesField(
        label=_("图片、视频或封面"),
        required=False,
        widget=ManyFilesInput({"multiple": True, "accept": "image/png,image/jpeg,video/mp4"}),
        help_text=_(
            "最多 9 张图片（JPG、PNG），或 1 个视频（MP4，不超过 30 秒），每个最大 10 MB；"
            "放链接时只要 1 张图片作封面。一次选齐，按选的顺序排。"
        ),
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
        if any(one.size > MOST_PICTURE_BYTES for one in found or []):
            raise forms.ValidationError(_("图片太大，请压缩到 10 MB 以内。"))
        if len(found or []) > load_facts()["moment_images"]:
            raise forms.ValidationError(_("朋友圈最多放 9 张图片。"))
        return found

    def as_content(self, files: tuple[Attachment, ...]) -> MomentText:
        data = self.cleaned_data
        accounts = {one.key: one for one in self.choices.accounts}
        items = {one.key: one for one in self.choices.items}
        return MomentText(
            account=accounts[data["account"]],
            text=data["text"],
            item=items.get(data["item"]),
            picture=next((one.file for one in files if one.kind == "image"), ""),
            files=files,
            senders=tuple(one for one in self.choices.senders if one.key in data["senders"]),
        )


def title_of(item: Item) -> str:
    return item.published.title if item.published else ""
