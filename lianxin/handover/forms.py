"""What an administrator chooses about a handover, parsed once at the edge."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lianxin.channels.models import WORDS_CHARACTERS
from lianxin.core.actor import Actor
from lianxin.handover import queries, words
from lianxin.handover.models import Handover
from lianxin.staff.models import Staff

MOST_CONTACTS = 100_000


def name_of(staff: Staff) -> str:
    return f"{staff.name} · {staff.department.name}" if staff.department else staff.name


class OpenForm(forms.Form):
    """Who hands over, and whether they leave."""

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {one.key: one for one in queries.list_colleagues(actor)}
        self.fields["staff"] = forms.ChoiceField(
            label=_("谁要交接"), choices=[(key, name_of(one)) for key, one in self.people.items()]
        )
        self.fields["kind"] = forms.ChoiceField(
            label=_("为什么"),
            choices=[
                (Handover.Kind.LEAVING, _("离职：患者和工作全部交出，不再接待新患者")),
                (Handover.Kind.ON_JOB, _("在职：只转患者，工作可选")),
            ],
        )

    @property
    def chosen(self) -> Staff:
        return self.people[self.cleaned_data["staff"]]


class ProposeForm(forms.Form):
    """Among whom the contacts are shared."""

    def __init__(self, handover: Handover, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {one.key: (one, load) for one, load in queries.list_takers(handover)}
        near = handover.staff.department_id
        self.fields["takers"] = forms.MultipleChoiceField(
            label=_("接手的同事"),
            widget=forms.CheckboxSelectMultiple,
            choices=[
                (key, _("%(who)s（现有 %(count)d 位）") % {"who": name_of(one), "count": load})
                for key, (one, load) in self.people.items()
            ],
            initial=[
                key
                for key, (one, _load) in self.people.items()
                if near is not None and one.department_id == near
            ],
            error_messages={"required": _("至少选一位同事。")},
        )
        self.fields["most_each"] = forms.IntegerField(
            label=_("每人最多再接几位"),
            required=False,
            min_value=1,
            max_value=MOST_CONTACTS,
            help_text=_("不填就平均分。企业微信不告诉我们每人的客户上限，满了会逐个退回。"),
        )

    @property
    def takers(self) -> list[Staff]:
        return [self.people[key][0] for key in self.cleaned_data["takers"]]


class AssignForm(forms.Form):
    """Who takes one contact; empty: nobody."""

    taker = forms.SlugField(required=False, max_length=40)


class ConfirmForm(forms.Form):
    """Who takes the other work, and what the contacts are told."""

    def __init__(self, actor: Actor, handover: Handover, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        colleagues = queries.list_colleagues(actor, but=handover.staff)
        self.people = {one.key: one for one in colleagues}
        nobody = _("交回团队，不指定个人") if handover.is_leaving else _("工作不动，只转患者")
        self.fields["main_taker"] = forms.ChoiceField(
            label=_("其他工作交给谁"),
            required=False,
            choices=[("", nobody), *((key, name_of(one)) for key, one in self.people.items())],
        )
        if not handover.is_leaving:
            self.fields["words"] = forms.CharField(
                label=_("转好后患者看到的话"),
                required=False,
                max_length=WORDS_CHARACTERS,
                initial=words.usual_words,
                widget=forms.Textarea(attrs={"rows": 2}),
                help_text=_("由企业微信在转好时发出，最多 200 字，不写病情。"),
            )

    @property
    def main_taker(self) -> Staff | None:
        key = self.cleaned_data.get("main_taker", "")
        return self.people[key] if key else None
