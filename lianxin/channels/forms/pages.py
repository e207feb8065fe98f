"""The address of a page of ours that is to be signed for a client."""

from __future__ import annotations

from django import forms

URL_CHARACTERS = 2000


class PageForm(forms.Form):
    """The address of the page that asks to be signed."""

    url = forms.CharField(max_length=URL_CHARACTERS)
