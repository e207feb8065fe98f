"""What people type about welcomes by circumstance, parsed once at the edge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from lianxin.channels import queries, rules
from lianxin.channels.forms.attachments import Shelf, Shelves
from lianxin.channels.forms.live_codes import (
    EVERY_DAY,
    WHOLE_DAY,
    check_welcome,
    minute_of,
    time_at,
)
from lianxin.channels.models import Account, LiveCode
from lianxin.channels.rules import DutyHours, Welcome
from lianxin.channels.words import live_codes as words

MOST_CHARACTERS = 600


class WelcomeForm(forms.Form):
    """One welcome for certain people at certain times. Without words the line is not there."""

    text = forms.CharField(
        label=_("欢迎语"),
        required=False,
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    whom = forms.ChoiceField(label=_("给谁"), required=False, choices=list(words.WHOM.items()))
    when = forms.ChoiceField(label=_("什么时候"), required=False, choices=list(words.WHEN.items()))
    days = forms.MultipleChoiceField(
        label=_("星期"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[(str(day), name) for day, name in enumerate(words.WEEKDAYS)],
    )
    starts = forms.TimeField(
        label=_("从"), required=False, widget=forms.TimeInput({"type": "time"}, format="%H:%M")
    )
    ends = forms.TimeField(
        label=_("到"), required=False, widget=forms.TimeInput({"type": "time"}, format="%H:%M")
    )

    def __init__(self, *args: Any, shelves: Shelves, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.hospital_id = shelves.choices.hospital_id
        kept = self.initial.get("attachments", ())
        self.shelf = shelves.read(str(self.prefix), kept)

    def clean_text(self) -> str:
        return check_welcome(self.hospital_id, self.cleaned_data["text"].strip())

    def clean_whom(self) -> str:
        return self.cleaned_data["whom"] or rules.ANYONE

    def clean_when(self) -> str:
        return self.cleaned_data["when"] or rules.ALWAYS

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if self.errors:
            return given
        if (given["starts"] is None) != (given["ends"] is None):
            raise forms.ValidationError(_("时间要两头都填，或都不填。"))
        has_hours = bool(given["days"]) or given["starts"] is not None
        if has_hours and given["when"] != rules.IN_HOURS:
            raise forms.ValidationError(_("填了星期或时间，请把“什么时候”选成“选定的时间”。"))
        if given["when"] == rules.IN_HOURS and not has_hours:
            raise forms.ValidationError(_("请填星期或时间。"))
        is_for_some = (given["whom"], given["when"]) != (rules.ANYONE, rules.ALWAYS)
        if not given["text"] and (is_for_some or self.shelf.chosen):
            raise forms.ValidationError(_("这一条还没有写欢迎语。"))
        if given["text"] and self.welcome().is_for_all:
            raise forms.ValidationError(_("对所有人、任何时间的欢迎语请写在默认欢迎语里。"))
        return given

    def welcome(self) -> Welcome:
        given = self.cleaned_data
        hours, attachments = self.hours(), self.shelf.attachments
        return Welcome(given["text"], given["whom"], given["when"], hours, attachments)

    def hours(self) -> tuple[DutyHours, ...]:
        given = self.cleaned_data
        if given["when"] != rules.IN_HOURS:
            return ()
        starts, ends = given["starts"] or WHOLE_DAY, given["ends"] or WHOLE_DAY
        days = [int(day) for day in given["days"]] or list(EVERY_DAY)
        return tuple(DutyHours(day, minute_of(starts), minute_of(ends)) for day in days)


if TYPE_CHECKING:
    WelcomeForms = forms.BaseFormSet[WelcomeForm]
else:
    WelcomeForms = forms.BaseFormSet


class BaseWelcomeFormSet(WelcomeForms):
    """The welcomes by circumstance of one code, in their order."""

    def __init__(self, code: LiveCode, data: QueryDict | None, shelves: Shelves) -> None:
        self.is_needed = code.account.kind == Account.Kind.WECOM
        # A page that knows nothing of welcomes by circumstance leaves them as they are.
        self.is_given = data is not None and "welcomes-TOTAL_FORMS" in data
        self.kept = queries.welcomes_of(code)
        super().__init__(
            data if self.is_given else None,
            prefix="welcomes",
            initial=[line for welcome in self.kept for line in initial_lines(welcome)],
            form_kwargs={"shelves": shelves, "empty_permitted": False},
        )

    def is_right(self) -> bool:
        return not self.is_given or self.is_valid()

    def shelves(self) -> list[Shelf]:
        return [form.shelf for form in self.forms]

    def welcomes(self) -> tuple[Welcome, ...]:
        if not self.is_given:
            return self.kept
        return tuple(form.welcome() for form in self.forms if form.cleaned_data.get("text"))


def initial_lines(welcome: Welcome) -> list[dict[str, Any]]:
    """Return a welcome as the form shows it: one line per time of day, next to each other."""
    common = {
        "text": welcome.text,
        "whom": welcome.whom,
        "when": welcome.when,
        "attachments": welcome.attachments,
    }
    days_at: dict[tuple[int, int], list[str]] = {}
    for weekday, starts, ends in welcome.hours:
        days_at.setdefault((starts, ends), []).append(str(weekday))
    return [
        {**common, "days": days, "starts": time_at(starts), "ends": time_at(ends)}
        for (starts, ends), days in days_at.items()
    ] or [common]


# The factory's type does not know of the class it is given.
WelcomeFormSet = cast(
    "type[BaseWelcomeFormSet]",
    forms.formset_factory(
        WelcomeForm,
        formset=BaseWelcomeFormSet,
        extra=1,
        max_num=rules.MOST_WELCOMES,
        absolute_max=rules.MOST_WELCOMES + 1,
        validate_max=True,
    ),
)
