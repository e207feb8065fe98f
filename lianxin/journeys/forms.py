"""Parsing of what operators type."""

from __future__ import annotations

from typing import Any

import yaml
from django import forms
from django.utils.translation import gettext_lazy as _

from lianxin.journeys.rules.parsing import DefinitionError, parse_definition
from lianxin.journeys.words import problem_sentence


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
