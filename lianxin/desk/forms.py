"""What the sidebar sends: who the client says the chat is with, and words for it."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from lianxin.channels.models import EXTERNAL_ID_CHARACTERS
from lianxin.conversations.forms import MAX_CHARACTERS

URL_CHARACTERS = 2000


class ContactForm(forms.Form):
    """Whom the client names: an id at the provider, never in an address of ours."""

    external_id = forms.RegexField(r"^[0-9A-Za-z_-]+$", max_length=EXTERNAL_ID_CHARACTERS)


class WordsForm(forms.Form):
    """Words for the open chat, and where they were taken from."""

    text = forms.CharField(
        max_length=MAX_CHARACTERS,
        error_messages={
            "required": _("请先写内容。"),
            "max_length": _("一条最多 600 个字，请分开发。"),
        },
    )
    external_id = forms.RegexField(r"^[0-9A-Za-z_-]+$", max_length=EXTERNAL_ID_CHARACTERS)
    patient = forms.SlugField(required=False)
    script = forms.SlugField(required=False)
