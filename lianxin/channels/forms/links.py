"""What people type about acquisition links, parsed once at the edge."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from lianxin.channels.models import PLACE_CHARACTERS
from lianxin.channels.tag_words import illness_in


class PlaceForm(forms.Form):
    """One place where a link is put."""

    name = forms.CharField(
        label=_("放在哪里"),
        max_length=PLACE_CHARACTERS,
        help_text=_("例如：出院短信、公众号文章、门诊海报"),
    )

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        word = illness_in(name)
        if word:
            sentence = _("“%(word)s”会透露病情，请换一个中性的词。")
            raise forms.ValidationError(sentence, params={"word": word})
        return name
