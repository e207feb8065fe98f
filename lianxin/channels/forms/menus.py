"""The menu of an Official Account as a form: three columns, each a button or a group of five."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lianxin.channels.adapters.reactions import read_limits
from lianxin.channels.models import Account
from lianxin.channels.rules import menus as rules
from lianxin.channels.wording import refusal_sentence, refused_words

LENGTH = 2200
NAME_FAULTS = {"no_name", "long_name", "nested", "sub_count"}
KIND_WORDS: dict[str, Promise] = {
    rules.PAGE: gettext_lazy("连心的页面"),
    rules.ANSWER: gettext_lazy("自动回答一段话"),
    rules.URL: gettext_lazy("别的网页"),
    rules.GROUP: gettext_lazy("展开下面几项"),
}
PAGE_WORDS: dict[str, Promise] = {
    "/p/": gettext_lazy("我的连接（首页）"),
    "/p/chat/": gettext_lazy("咨询"),
    "/p/health/log/": gettext_lazy("健康记录"),
}
FAULT_WORDS: dict[str, Promise] = {
    "no_name": gettext_lazy("请写名称。"),
    "long_name": gettext_lazy("名称太长：第一层最多 5 个汉字，展开的最多 20 个汉字。"),
    "nested": gettext_lazy("展开的里面不能再展开。"),
    "sub_count": gettext_lazy("展开的要有一到五项。"),
    "no_value": gettext_lazy("请填内容。"),
    "long_answer": gettext_lazy("回答太长，最多约 680 个汉字。"),
    "long_url": gettext_lazy("链接太长。"),
    "no_page": gettext_lazy("请从连心的页面里选一个。"),
    "no_url": gettext_lazy("链接要以 https:// 开头。"),
}


@dataclass(frozen=True)
class Place:
    """One place of the menu as the page shows it."""

    prefix: str
    label: str
    is_sub: bool
    name: Any
    kind: Any
    page: Any
    value: Any


class MenuForm(forms.Form):
    """Every place has a name, a kind and what it leads to. A place without a name is empty."""

    revision = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(self, account: Account, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account
        self.limits: Mapping[str, int] = read_limits()["menu"]
        for prefix, is_sub in self.prefixes():
            kinds = [
                (kind, words)
                for kind, words in KIND_WORDS.items()
                if not (is_sub and kind == rules.GROUP)
            ]
            fields = {
                "name": forms.CharField(label=_("名称"), max_length=60, required=False),
                "kind": forms.ChoiceField(label=_("点了以后"), choices=kinds, required=False),
                "page": forms.ChoiceField(
                    label=_("页面"), choices=list(PAGE_WORDS.items()), required=False
                ),
                "value": forms.CharField(
                    label=_("回答的话，或链接"),
                    max_length=LENGTH,
                    required=False,
                    widget=forms.Textarea(attrs={"rows": 2}),
                ),
            }
            for name, field in fields.items():
                self.fields[f"{prefix}-{name}"] = field

    def prefixes(self) -> list[tuple[str, bool]]:
        places = []
        for column in range(1, self.limits["buttons"] + 1):
            places.append((f"b{column}", False))
            places += [
                (f"b{column}-{row}", True) for row in range(1, self.limits["sub_buttons"] + 1)
            ]
        return places

    def columns(self) -> list[tuple[Place, list[Place]]]:
        """Return the places as the page lays them out."""
        found = []
        for column in range(1, self.limits["buttons"] + 1):
            label = _("按钮 %(number)s") % {"number": column}
            rows = [
                self.place(f"b{column}-{row}", _("展开的第 %(number)s 项") % {"number": row}, True)
                for row in range(1, self.limits["sub_buttons"] + 1)
            ]
            found.append((self.place(f"b{column}", label, False), rows))
        return found

    def place(self, prefix: str, label: str, is_sub: bool) -> Place:  # noqa: FBT001 - a fact
        bound = (self[f"{prefix}-{name}"] for name in ("name", "kind", "page", "value"))
        return Place(prefix, label, is_sub, *bound)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        for prefix, is_sub in self.prefixes():
            column = prefix.partition("-")[0]
            if is_sub and given.get(f"{column}-kind") != rules.GROUP:
                continue
            if given.get(f"{prefix}-name"):
                self.check_place(prefix, self.button_at(prefix), is_sub=is_sub)
        return given

    def check_place(self, prefix: str, button: dict[str, Any], *, is_sub: bool) -> None:
        fault = rules.find_fault(button, self.limits, is_sub=is_sub)
        if fault:
            about = "name" if fault in NAME_FAULTS else "value"
            self.add_error(f"{prefix}-{about}", str(FAULT_WORDS[fault]))
        elif button["kind"] == rules.ANSWER:
            for refused in refused_words(self.account.hospital_id, button["value"]):
                self.add_error(f"{prefix}-value", refusal_sentence(refused))

    def button_at(self, prefix: str) -> dict[str, Any]:
        kind = self.cleaned_data.get(f"{prefix}-kind") or rules.PAGE
        chosen = "page" if kind == rules.PAGE else "value"
        button: dict[str, Any] = {
            "name": (self.cleaned_data.get(f"{prefix}-name") or "").strip(),
            "kind": kind,
            "value": (self.cleaned_data.get(f"{prefix}-{chosen}") or "").strip(),
        }
        if kind == rules.GROUP:
            rows = range(1, self.limits["sub_buttons"] + 1)
            below = [self.button_at(f"{prefix}-{row}") for row in rows]
            button |= {"value": "", "sub": [one for one in below if one["name"]]}
        return button

    @property
    def buttons(self) -> list[dict[str, Any]]:
        columns = range(1, self.limits["buttons"] + 1)
        found = [self.button_at(f"b{column}") for column in columns]
        return [one for one in found if one["name"]]


def initial_of(buttons: Sequence[Mapping[str, Any]], revision: int) -> dict[str, Any]:
    """Return what the form begins with."""
    initial: dict[str, Any] = {"revision": revision}
    for column, button in enumerate(buttons, 1):
        initial |= fields_of(f"b{column}", button)
        for row, one in enumerate(button.get("sub", ()), 1):
            initial |= fields_of(f"b{column}-{row}", one)
    return initial


def fields_of(prefix: str, button: Mapping[str, Any]) -> dict[str, Any]:
    where = "page" if button["kind"] == rules.PAGE else "value"
    return {
        f"{prefix}-name": button["name"],
        f"{prefix}-kind": button["kind"],
        f"{prefix}-{where}": button["value"],
    }
