"""For which kinds of message a subscribe template is used."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lianxin.channels.words.subscribe_templates import USE_WORDS


class UsesForm(forms.Form):
    """Several may be ticked; none takes the template out of use."""

    uses = forms.MultipleChoiceField(
        label=_("用来发"),
        choices=list(USE_WORDS.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # One page has a form for each template: their fields need ids of their own.
        kwargs.setdefault("auto_id", f"uses-{kwargs.pop('key', '')}-%s")
        super().__init__(*args, **kwargs)
