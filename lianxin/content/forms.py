"""Parsing of what authors and reviewers type."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lianxin.content import words
from lianxin.content.actions import NewItem, Words
from lianxin.content.models import Revision
from lianxin.content.rules import writing

DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class RevisionForm(forms.Form):
    """The words of one version."""

    title = forms.CharField(label=_("标题"), max_length=120)
    summary = forms.CharField(label=_("一句话简介"), max_length=300, required=False)
    body = forms.CharField(
        label=_("正文"),
        max_length=20000,
        help_text=_("空一行分段；## 开头是小标题，- 开头是要点。"),
        widget=forms.Textarea(attrs={"rows": 18}),
    )
    sources = forms.CharField(
        label=_("资料来源"),
        required=False,
        max_length=4000,
        help_text=_("一行一条，至少一条。"),
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    review_due_on = forms.DateField(
        label=_("下次复审"), required=False, widget=DATE, help_text=_("最长 24 个月。")
    )
    is_ai_generated = forms.BooleanField(label=_("用了人工智能生成的内容"), required=False)
    correction_note = forms.CharField(
        label=_("更正说明"),
        max_length=300,
        required=False,
        help_text=_("读者会看到改了什么、为什么改。"),
    )

    def words(self) -> Words:
        data: dict[str, Any] = self.cleaned_data
        return Words(
            title=data["title"],
            body=data["body"],
            summary=data["summary"],
            sources=tuple(data["sources"].splitlines()),
            review_due_on=data["review_due_on"],
            is_ai_generated=data["is_ai_generated"],
            correction_note=data["correction_note"],
        )


class NewItemForm(RevisionForm):
    """A new piece: what it is, then its words."""

    code = forms.RegexField(
        label=_("代号"),
        regex=r"^[a-z][a-z0-9-]{2,59}$",
        help_text=_("小写字母、数字和连字符，旅程用它找到这一篇。"),
    )
    language = forms.ChoiceField(label=_("语言"), choices=list(words.LANGUAGES.items()))
    classification = forms.ChoiceField(label=_("分类"), choices=list(words.CLASSES.items()))
    dimension = forms.ChoiceField(label=_("维度"), choices=list(words.DIMENSIONS.items()))

    field_order = ("code", "language", "classification", "dimension")

    def facts(self) -> NewItem:
        data = self.cleaned_data
        return NewItem(data["code"], data["language"], data["classification"], data["dimension"])


class NoteForm(forms.Form):
    """An opinion or a reason. Whether it may be empty is the action's to say."""

    note = forms.CharField(
        label=_("意见"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class ApprovalForm(NoteForm):
    """What a reviewer declares, and of which text."""

    seen_hash = forms.RegexField(regex=r"^[0-9a-f]{64}$", widget=forms.HiddenInput)
    fits_sources = forms.BooleanField(label=_("内容与来源一致"))
    no_advice = forms.BooleanField(label=_("不含诊断、处方和剂量建议"))


class DepthForm(forms.Form):
    """How far a page was read."""

    reading = forms.CharField(max_length=12)
    depth = forms.IntegerField(min_value=0, max_value=100)


def initial_of(revision: Revision) -> dict[str, Any]:
    """Return a version as it was typed, to be changed."""
    return {
        "title": revision.title,
        "summary": revision.summary,
        "body": writing.to_typed(revision.body_html),
        "sources": "\n".join(str(source) for source in revision.sources),
        "review_due_on": revision.review_due_on,
        "is_ai_generated": revision.is_ai_generated,
        "correction_note": revision.correction_note,
    }
