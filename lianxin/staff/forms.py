"""What staff type about themselves."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from lianxin.core.phone import is_mobile, normalise_phone


class PhoneForm(forms.Form):
    """One's own number, and the yes to being rung at it."""

    number = forms.CharField(
        label=_("手机号"),
        max_length=30,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
        help_text=_("只用来打告警电话，加密保存，同事看不到。"),
    )
    is_agreed = forms.BooleanField(
        label=_("我同意：红色告警到时间没人接手，就打这个号码，夜里也打"),
        error_messages={"required": _("没有同意就不会打。要登记请勾选。")},
    )

    def clean_number(self) -> str:
        normal = normalise_phone(self.cleaned_data["number"]) or ""
        if not is_mobile(normal):
            raise forms.ValidationError(_("请填 11 位手机号。"))
        return normal
