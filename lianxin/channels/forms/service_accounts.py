"""What people type about a customer service account."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lianxin.channels import facts

MOST_PICTURE_BYTES = 2_000_000


class NewNameForm(forms.Form):
    name = forms.CharField(
        label=_("名称"), help_text=_("患者在微信里看到的名称，例如：心内科咨询。")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = self.fields["name"]
        most = facts.count("kf_account_name_characters")
        self.fields["name"] = forms.CharField(
            label=named.label, help_text=named.help_text, max_length=most
        )

    @property
    def fault(self) -> str:
        """Say what is wrong with the name; empty when nothing is."""
        return next((str(words) for faults in self.errors.values() for words in faults), "")


class ServiceAccountForm(NewNameForm):
    """A new account: its name, and a picture if there is one."""

    picture = forms.FileField(
        label=_("头像"),
        required=False,
        help_text=_("JPG 或 PNG，最好是正方形。不选就用名称的第一个字画一个。"),
    )

    def clean_picture(self) -> bytes:
        file = self.cleaned_data["picture"]
        if not file:
            return b""
        if file.size > MOST_PICTURE_BYTES:
            raise forms.ValidationError(_("图片太大，请用 2 MB 以内的。"))
        content: bytes = file.read()
        return content
