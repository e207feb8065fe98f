"""What the console and the phone send here."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from lianxin.conversations import catalog
from lianxin.conversations.models import CLIENT_KEY_CHARACTERS
from lianxin.conversations.words import KINDS, OUTCOMES

# WeChat customer service takes 2,048 bytes; 600 Chinese characters are 1,800.
MAX_CHARACTERS = 600


class TextForm(forms.Form):
    """Something to say: a reply, a note, or what the patient writes."""

    text = forms.CharField(
        label=_("内容"),
        max_length=MAX_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={
            "required": _("请先写内容。"),
            "max_length": _("一条最多 600 个字，请分开发。"),
        },
    )
    client_key = forms.RegexField(
        r"^[0-9A-Za-z_-]*$", max_length=CLIENT_KEY_CHARACTERS, required=False
    )
    address = forms.SlugField(required=False)


class CloseForm(forms.Form):
    """How a consult ended."""

    kind = forms.ChoiceField(label=_("咨询类型"))
    outcome = forms.ChoiceField(label=_("结果"))

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        kind, outcome = self.fields["kind"], self.fields["outcome"]
        if isinstance(kind, forms.ChoiceField) and isinstance(outcome, forms.ChoiceField):
            kind.choices = [(code, KINDS[code]) for code in catalog.kinds()]
            outcome.choices = [(code, OUTCOMES[code]) for code in catalog.outcomes()]
        kind.initial = "health_consult"


class AssignForm(forms.Form):
    """Who takes the thread, and whom the page showed before."""

    staff = forms.SlugField(required=False)
    expected = forms.SlugField(required=False)
