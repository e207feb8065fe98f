"""Whom to let serve a customer service account: of the staff, by name or all who are on duty."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lianxin.channels.models import Account
from lianxin.core import time
from lianxin.staff.models import Staff
from lianxin.staff.queries import list_duty_line, list_staff

ON_DUTY = "on_duty"


class ServicersForm(forms.Form):
    """Some of the staff whom WeCom knows; or who is on the duty roster now."""

    staff = forms.MultipleChoiceField(
        label=_("谁来接待"), error_messages={"required": _("请至少选一位。")}
    )

    def __init__(self, account: Account, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account
        rows = [one for one in list_staff(account.hospital_id) if one.wecom_userid]
        self.staff_by_key = {one.key: one for one in rows}
        names = [(one.key, f"{one.name} {one.title}".strip()) for one in rows]
        field = self.fields["staff"]
        if isinstance(field, forms.MultipleChoiceField):
            field.choices = [(ON_DUTY, _("现在值班的各位")), *names]

    @property
    def staff_chosen(self) -> list[Staff]:
        keys = self.cleaned_data["staff"]
        chosen = [self.staff_by_key[key] for key in keys if key in self.staff_by_key]
        if ON_DUTY in keys:
            line = list_duty_line(self.account.hospital_id, None, time.now())
            chosen += [one for one in line if one.may("message.send")]
        return chosen
