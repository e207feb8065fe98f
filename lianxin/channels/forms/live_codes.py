"""What people type about live codes, parsed once at the edge."""

from __future__ import annotations

import re
from datetime import time
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.core.validators import RegexValidator
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lianxin.channels import queries, wording
from lianxin.channels.actions.live_codes import (
    CODE_KINDS,
    CodeContent,
    RosterLine,
    check_days,
    check_length,
)
from lianxin.channels.adapters.base import Attachment
from lianxin.channels.models import Account, LiveCode
from lianxin.channels.printing import LANGUAGES, PAPERS, Paper
from lianxin.channels.rules import DutyHours, Welcome
from lianxin.channels.words import live_codes as words
from lianxin.core.actor import Actor
from lianxin.core.errors import RefusedError
from lianxin.staff import queries as staff
from lianxin.staff.models import CareTeam, Department, Staff

SEPARATORS = re.compile(r"[,，、\s]+")
MOST_TAGS = 5
MOST_LINES = 20
EMPTY_LINES = 2
MOST_A_DAY = 1000
WHOLE_DAY = time(0, 0)
EVERY_DAY = range(7)
# A revision is a 32-bit number in the database.
LARGEST_REVISION = 2_000_000_000
Choices = list[tuple[str, str | Promise]]
NOBODY: Choices = [("", "—")]
# A language is named in itself: who needs it reads it.
LANGUAGE_CHOICES: Choices = [("zh-hans", "中文"), ("en", "English")]


def check_tags(names: list[str]) -> list[str]:
    if len(names) > MOST_TAGS:
        raise forms.ValidationError(_("最多 5 个标签。"))
    return names


def check_welcome(hospital_id: int, text: str) -> str:
    """Refuse what the guard would stop at sending, with every place and why."""
    refused = wording.refused_words(hospital_id, text)
    if refused:
        raise forms.ValidationError([wording.refusal_sentence(one) for one in refused])
    return text


def check_welcome_length(
    form: forms.Form, account: Account, staff: Staff | None, department: Department | None
) -> None:
    """Say below the welcome by how much it is too long with all that is added at sending."""
    given = form.cleaned_data
    try:
        check_length(
            account,
            [given.get("welcome_text", "")],
            staff,
            department,
            given.get("welcome_link_path", ""),
        )
    except RefusedError as error:
        form.add_error("welcome_text", str(error))


def journey_field() -> forms.CharField:
    return forms.CharField(
        label=_("旅程编号"),
        required=False,
        max_length=60,
        # The page offers the hospital's journeys in this list.
        widget=forms.TextInput({"list": "journey-codes", "autocomplete": "off"}),
        validators=[RegexValidator(r"^[A-Za-z0-9_.-]+$", _("只用字母、数字、点和横线。"))],
        help_text=_("核验和同意之后进入的旅程；编号见旅程页面。"),
    )


class LiveCodeForm(forms.Form):
    name = forms.CharField(label=_("名称"), max_length=30, help_text=_("例如：李医生 门诊海报"))
    account = forms.ChoiceField(label=_("渠道"))
    place = forms.ChoiceField(
        label=_("放在哪里"),
        required=False,
        choices=[("", "—"), *words.PLACES.items()],
        help_text=_("只有微信客服的链接要选。每个地方用自己的链接，才看得出人从哪里来。"),
    )
    staff = forms.ChoiceField(label=_("负责医护"), required=False)
    team = forms.ChoiceField(label=_("团队"), required=False)
    tags = forms.CharField(
        label=_("中性标签"),
        required=False,
        max_length=100,
        help_text=_("用逗号分开。只写来源、科室这类中性的词，不写疾病。"),
    )
    journey_key = journey_field()
    welcome_text = forms.CharField(
        label=_("欢迎语"),
        required=False,
        max_length=600,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("保存时过用语检查；发送时自动加上急症与非 24 小时监护的提示。"),
    )
    days = forms.IntegerField(
        label=_("只用几天"),
        required=False,
        min_value=1,
        help_text=_("不填就一直可用。只有医疗行业的企业微信有临时活码；到期后对话自动结束。"),
    )
    closing_text = forms.CharField(
        label=_("结束语"),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("临时活码到期、对话结束时发给患者；要写明之后怎么联系医院。"),
    )

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.hospital_id = hospital_id = actor.hospital_id
        accounts = queries.list_accounts(hospital_id).active().filter(kind__in=CODE_KINDS)
        self.accounts = {account.key: account for account in accounts}
        self.members = {one.key: one for one in staff.list_staff(hospital_id) if one.wecom_userid}
        self.teams = {team.key: team for team in staff.list_teams(hospital_id)}
        nobody = [("", "—")]
        self.fields["account"] = forms.ChoiceField(
            label=_("渠道"), choices=[(key, one.name) for key, one in self.accounts.items()]
        )
        self.fields["staff"] = forms.ChoiceField(
            label=_("负责医护"),
            required=False,
            help_text=_("从这个活码来的患者先归到这位名下；下面没有填接待人时，由这位接待。"),
            choices=nobody + [(key, one.name) for key, one in self.members.items()],
        )
        self.fields["team"] = forms.ChoiceField(
            label=_("团队"),
            required=False,
            choices=nobody + [(key, one.name) for key, one in self.teams.items()],
        )

    def clean_tags(self) -> list[str]:
        names = [name for name in SEPARATORS.split(self.cleaned_data["tags"]) if name]
        return check_tags(names)

    def clean_welcome_text(self) -> str:
        return check_welcome(self.hospital_id, self.cleaned_data["welcome_text"])

    def clean_closing_text(self) -> str:
        return check_welcome(self.hospital_id, self.cleaned_data["closing_text"])

    def clean_days(self) -> int:
        days: int = self.cleaned_data["days"] or 0
        account = self.accounts.get(self.cleaned_data.get("account", ""))
        if account is not None:
            try:
                check_days(account, days)
            except RefusedError as error:
                raise forms.ValidationError(str(error)) from error
        return days

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        account = self.accounts.get(given.get("account", ""))
        if account is not None:
            team = self.teams.get(given.get("team", ""))
            department = team.department if team else None
            check_welcome_length(
                self, account, self.members.get(given.get("staff", "")), department
            )
        return given

    @property
    def account_chosen(self) -> Account:
        return self.accounts[self.cleaned_data["account"]]

    @property
    def needs_roster(self) -> bool:
        return self.account_chosen.kind == Account.Kind.WECOM

    @property
    def staff_chosen(self) -> Staff | None:
        return self.members.get(self.cleaned_data["staff"])

    @property
    def team_chosen(self) -> CareTeam | None:
        return self.teams.get(self.cleaned_data["team"])


class PrintForm(forms.Form):
    """Which paper and which language; what is not given is A4 in Chinese."""

    paper = forms.ChoiceField(label=_("纸张"), choices=[(paper, paper.upper()) for paper in PAPERS])
    language = forms.ChoiceField(label=_("海报语言"), choices=LANGUAGE_CHOICES)

    def __init__(self, given: QueryDict) -> None:
        defaults = {"paper": PAPERS[0], "language": LANGUAGES[0]}
        super().__init__({name: given.get(name, value) for name, value in defaults.items()})

    @property
    def paper_chosen(self) -> Paper:
        chosen: Paper = self.cleaned_data["paper"]
        return chosen

    @property
    def language_chosen(self) -> str:
        chosen: str = self.cleaned_data["language"]
        return chosen


class SeenForm(forms.Form):
    """The version that was on the page when somebody pressed the button."""

    seen = forms.IntegerField(min_value=1, max_value=LARGEST_REVISION, widget=forms.HiddenInput)

    @property
    def number(self) -> int:
        """Return the version, 0 for nonsense: no code is at version 0."""
        return int(self.cleaned_data["seen"]) if self.is_valid() else 0


class CodeForm(SeenForm):
    """A live code as it should be from now on; who answers is the roster's matter."""

    name = forms.CharField(label=_("名称"), max_length=30)
    staff = forms.ChoiceField(
        label=_("负责医护"), required=False, help_text=_("从这个活码来的患者先归到这位名下。")
    )
    team = forms.ChoiceField(label=_("团队"), required=False)
    department = forms.ChoiceField(label=_("科室"), required=False)
    tags = forms.CharField(
        label=_("中性标签"),
        required=False,
        max_length=100,
        help_text=_("用逗号分开。只写来源、科室这类中性的词，不写疾病。"),
    )
    journey_key = journey_field()
    welcome_text = forms.CharField(
        label=_("欢迎语"),
        required=False,
        max_length=600,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("保存时过用语检查；发送时自动加上急症与非 24 小时监护的提示。"),
    )
    welcome_link_path = forms.CharField(
        label=_("欢迎语里的链接"),
        required=False,
        max_length=300,
        validators=[
            RegexValidator(r"^/p/[A-Za-z0-9_./-]*$", _("链接要以 /p/ 开头，指向患者页面。"))
        ],
        help_text=_("以 /p/ 开头；不填则打开患者首页。"),
    )
    adds_at_once = forms.BooleanField(label=_("扫码后直接成为联系人，不用员工确认"), required=False)

    def __init__(self, actor: Actor, code: LiveCode, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", initial_of(code))
        super().__init__(*args, **kwargs)
        self.code = code
        hospital_id = actor.hospital_id
        self.people = {one.key: one for one in staff.list_staff(hospital_id)}
        self.teams = {one.key: one for one in staff.list_teams(hospital_id)}
        self.departments = {one.key: one for one in staff.list_departments(hospital_id)}
        self.offer("staff", self.people)
        self.offer("team", self.teams)
        self.offer("department", self.departments)
        if code.account.kind != Account.Kind.WECOM:
            del self.fields["adds_at_once"]

    def offer(
        self, name: str, rows: dict[str, Staff] | dict[str, CareTeam] | dict[str, Department]
    ) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        field.choices = NOBODY + [(key, one.name) for key, one in rows.items()]

    def clean_seen(self) -> int:
        seen: int = self.cleaned_data["seen"]
        if seen != self.code.revision:
            raise forms.ValidationError(
                _("刚才有同事改过这个活码。请在新窗口打开最新内容，看过再改。")
            )
        return seen

    def clean_tags(self) -> list[str]:
        return check_tags([name for name in SEPARATORS.split(self.cleaned_data["tags"]) if name])

    def clean_welcome_text(self) -> str:
        return check_welcome(self.code.hospital_id, self.cleaned_data["welcome_text"])

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        team = self.teams.get(given.get("team", ""))
        department = self.departments.get(given.get("department", ""))
        if department is None and team is not None:
            department = team.department
        staff = self.people.get(given.get("staff", ""))
        check_welcome_length(self, self.code.account, staff, department)
        return given

    def content(
        self,
        roster: tuple[RosterLine, ...],
        welcomes: tuple[Welcome, ...] = (),
        attachments: tuple[Attachment, ...] = (),
    ) -> CodeContent:
        given = self.cleaned_data
        return CodeContent(
            name=given["name"],
            staff=self.people.get(given["staff"]),
            team=self.teams.get(given["team"]),
            department=self.departments.get(given["department"]),
            tag_names=tuple(given["tags"]),
            journey_key=given["journey_key"],
            welcome_text=given["welcome_text"],
            welcome_attachments=attachments,
            welcomes=welcomes,
            welcome_link_path=given["welcome_link_path"],
            adds_at_once=given.get("adds_at_once", True),
            roster=roster,
        )


def initial_of(code: LiveCode) -> dict[str, Any]:
    return {
        "seen": code.revision,
        "name": code.name,
        "staff": code.staff.key if code.staff else "",
        "team": code.team.key if code.team else "",
        "department": code.department.key if code.department else "",
        "tags": "，".join(code.tag_names),
        "journey_key": code.journey_key,
        "welcome_text": code.welcome_text,
        "welcome_link_path": code.welcome_link_path,
        "adds_at_once": code.adds_at_once,
    }


class RosterLineForm(forms.Form):
    """One stretch of one person. The same person may have several."""

    staff = forms.ChoiceField(label=_("员工"), required=False)
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
    daily_cap = forms.IntegerField(
        label=_("每天最多新增"), required=False, min_value=1, max_value=MOST_A_DAY
    )
    is_fallback = forms.BooleanField(label=_("后备：别人不在班或满了才接"), required=False)

    def __init__(self, *args: Any, members: dict[str, Staff], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.members = members
        field = self.fields["staff"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        field.choices = NOBODY + [(key, one.name) for key, one in members.items()]

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        starts, ends = given.get("starts"), given.get("ends")
        if (starts is None) != (ends is None):
            raise forms.ValidationError(_("时间要两头都填，或都不填。"))
        has_more = any(given.get(name) for name in ("days", "starts", "daily_cap", "is_fallback"))
        if has_more and not given.get("staff"):
            raise forms.ValidationError(_("这一行还没有选员工。"))
        return given

    def hours(self) -> tuple[DutyHours, ...]:
        """Return the stretches; nothing given is always."""
        given = self.cleaned_data
        if not given["days"] and given["starts"] is None:
            return ()
        starts, ends = given["starts"] or WHOLE_DAY, given["ends"] or WHOLE_DAY
        days = [int(day) for day in given["days"]] or list(EVERY_DAY)
        return tuple(DutyHours(day, minute_of(starts), minute_of(ends)) for day in days)


def minute_of(at: time) -> int:
    return at.hour * 60 + at.minute


if TYPE_CHECKING:
    RosterLineForms = forms.BaseFormSet[RosterLineForm]
else:
    RosterLineForms = forms.BaseFormSet


class BaseRosterFormSet(RosterLineForms):
    """Who stands behind one code."""

    def __init__(self, actor: Actor, code: LiveCode | None, data: QueryDict | None = None) -> None:
        # A new code may leave this empty: then the responsible member answers.
        self.is_new = code is None
        if code is None and data is not None and "roster-TOTAL_FORMS" not in data:
            data = None
        members = staff.list_staff(actor.hospital_id)
        self.members = {one.key: one for one in members if one.wecom_userid}
        self.is_needed = code is not None and code.account.kind == Account.Kind.WECOM
        super().__init__(
            data,
            prefix="roster",
            initial=initial_lines(code) if code is not None and self.is_needed else [],
            # A line that says the same as before is still a line.
            form_kwargs={"members": self.members, "empty_permitted": False},
        )

    def clean(self) -> None:
        if any(self.errors):
            return
        if self.is_needed and not self.lines():
            raise forms.ValidationError(_("至少要有一位员工接待。"))

    def is_right(self) -> bool:
        """Tell whether nothing is wrong with it; a new code's page may not have sent it."""
        return self.is_valid() if self.is_bound else self.is_new

    def lines(self) -> tuple[RosterLine, ...]:
        """Return one line per person; several stretches of one person come together.

        A stretch without a time makes the person answer always; the smallest cap holds.
        """
        forms_of: dict[str, list[RosterLineForm]] = {}
        if not self.is_bound:
            return ()
        for form in self.forms:
            if form.cleaned_data.get("staff"):
                forms_of.setdefault(form.cleaned_data["staff"], []).append(form)
        return tuple(join_lines(self.members[key], group) for key, group in forms_of.items())


def join_lines(one: Staff, group: list[RosterLineForm]) -> RosterLine:
    hours = [form.hours() for form in group]
    caps = [form.cleaned_data["daily_cap"] for form in group if form.cleaned_data["daily_cap"]]
    return RosterLine(
        staff=one,
        hours=tuple(sorted({stretch for stretches in hours for stretch in stretches}))
        if all(hours)
        else (),
        daily_cap=min(caps, default=0),
        is_fallback=any(form.cleaned_data["is_fallback"] for form in group),
    )


def initial_lines(code: LiveCode) -> list[dict[str, Any]]:
    """Return the roster as the form shows it: one line per person and time of day."""
    lines: list[dict[str, Any]] = []
    for member in queries.list_members(code):
        days_at: dict[tuple[int, int], list[str]] = {}
        for weekday, starts, ends in member.hours:
            days_at.setdefault((starts, ends), []).append(str(weekday))
        common = {
            "staff": member.staff.key,
            "daily_cap": member.daily_cap or None,
            "is_fallback": member.is_fallback,
        }
        lines += [
            {**common, "days": days, "starts": time_at(starts), "ends": time_at(ends)}
            for (starts, ends), days in days_at.items()
        ] or [common]
    return lines


def time_at(minute: int) -> time:
    return time(minute // 60, minute % 60)


# The factory's type does not know of the class it is given.
RosterFormSet = cast(
    "type[BaseRosterFormSet]",
    forms.formset_factory(
        RosterLineForm,
        formset=BaseRosterFormSet,
        extra=EMPTY_LINES,
        max_num=MOST_LINES,
        absolute_max=MOST_LINES + EMPTY_LINES,
        validate_max=True,
    ),
)
