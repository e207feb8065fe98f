"""What people type about an account, of any kind: the fields are data, the form is one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.core import signing
from django.utils.translation import gettext_lazy as _

from lianxin.channels import queries
from lianxin.channels.adapters import ADAPTERS
from lianxin.channels.adapters.account_fields import (
    MAKERS,
    AccountField,
    fields_of,
    find_fault,
    own_address,
)
from lianxin.channels.forms.live_codes import LARGEST_REVISION
from lianxin.channels.models import Account
from lianxin.channels.words import fields as field_words
from lianxin.core.ids import make_key

MOST_CHARACTERS = 200
# Some twenty sites of one hospital.
MOST_LIST_CHARACTERS = 1000
SALT = "channels.account.key"
# An opened form may wait as long as somebody searches the provider's console for a secret.
TICKET_SECONDS = 24 * 3600
OWN, OTHER = "own", "other"


def addresses_of(kind: str) -> dict[str, str]:
    """Return where an account of this kind may be opened: names that a form may choose from."""
    platform = ADAPTERS[kind].platform
    found = {OWN: own_address(platform), OTHER: settings.PROVIDER_URLS.get(platform, "")}
    return {name: url for name, url in found.items() if url}


def make_ticket() -> str:
    """Make the key of the account that this form will open: sent twice, it opens one."""
    return signing.dumps(make_key(), salt=SALT)


class AccountForm(forms.Form):
    """The fields of one kind. Secrets are never shown again; empty ones keep what there is."""

    name = forms.CharField(
        label=_("名称"), max_length=60, help_text=_("同事看得懂就好，例如：心内科企业微信。")
    )

    def __init__(
        self, hospital_id: int, kind: str, account: Account | None, *args: Any, **kwargs: Any
    ) -> None:
        self.hospital_id, self.kind, self.account = hospital_id, kind, account
        self.account_fields = fields_of(kind)
        self.addresses = addresses_of(kind)
        kwargs.setdefault("initial", self.initial_values())
        super().__init__(*args, **kwargs)
        for field in self.account_fields:
            self.fields[field.name] = self.make_field(field)
        if OTHER in self.addresses:
            self.fields["service"] = self.make_service()
        if account is None:
            self.fields["ticket"] = forms.CharField(widget=forms.HiddenInput, max_length=200)
        else:
            self.fields["seen"] = forms.IntegerField(
                min_value=1, max_value=LARGEST_REVISION, widget=forms.HiddenInput
            )
            if any(field.is_made for field in self.account_fields):
                self.fields["is_renewed"] = forms.BooleanField(
                    label=str(field_words.renewal_of(kind)), required=False
                )

    def initial_values(self) -> dict[str, Any]:
        if self.account is None:
            return {"ticket": make_ticket(), "mode": "safe", "service": OTHER}
        is_own = self.account.base_url == self.addresses.get(OWN)
        values = {field.name: self.account.config.get(field.name, "") for field in self.plain()}
        return values | {
            "name": self.account.name,
            "seen": self.account.revision,
            "service": OWN if is_own else OTHER,
        }

    def plain(self) -> list[AccountField]:
        return [field for field in self.account_fields if not field.is_secret]

    def make_field(self, field: AccountField) -> forms.Field:
        # In words at once: a form lives for one request, in one language.
        label = str(field_words.label_of(self.kind, field.name))
        where = str(field_words.where_of(self.kind, field.name))
        if field.choices:
            choices = [(choice, field_words.CHOICES[choice]) for choice in field.choices]
            return forms.ChoiceField(
                label=label, help_text=where, choices=choices, required=field.is_required
            )
        widget: forms.Widget = forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
        if field.is_secret and not field.is_made:
            widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
        if field.is_list:
            widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false"})
        is_kept = field.is_secret and self.account is not None
        return forms.CharField(
            label=label,
            help_text=_("已填写，不显示。留空就不变。") if is_kept else where,
            required=field.is_required and not field.is_made and not is_kept,
            max_length=MOST_LIST_CHARACTERS if field.is_list else MOST_CHARACTERS,
            widget=widget,
        )

    def make_service(self) -> forms.Field:
        def named(url: str) -> str:
            return urlsplit(url).netloc

        choices = []
        if OWN in self.addresses:
            choices.append((OWN, _("平台本身（%(host)s）") % {"host": named(self.addresses[OWN])}))
        other = _("本机允许的另一个地址（%(host)s）") % {"host": named(self.addresses[OTHER])}
        choices.append((OTHER, other))
        return forms.ChoiceField(
            label=_("连到哪里"),
            choices=choices,
            help_text=_("只能选部署时允许的地址，不能自己写。"),
        )

    def clean_ticket(self) -> str:
        try:
            key: str = signing.loads(self.cleaned_data["ticket"], salt=SALT, max_age=TICKET_SECONDS)
        except signing.BadSignature:
            raise forms.ValidationError(_("这一页放得太久了，请重新打开再填。")) from None
        return key

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = self.cleaned_data
        for field in self.account_fields:
            fault = find_fault(field, cleaned.get(field.name) or "")
            if fault is not None:
                self.add_error(field.name, field_words.fault_sentence(field, fault))
        if not self.errors:
            self.check_double()
        return cleaned

    def check_double(self) -> None:
        double = queries.find_double(self.hospital_id, self.kind, self.config())
        is_new = self.account is None or (double is not None and double.pk != self.account.pk)
        # The same form sent again opens nothing: the view leads to what it opened.
        is_again = double is not None and double.key == self.cleaned_data.get("ticket")
        if double is not None and is_new and not is_again:
            raise forms.ValidationError(
                _("这个账号已经接入，叫“%(name)s”。"), params={"name": double.name}
            )

    def config(self) -> dict[str, str]:
        """Return the ids; where a sign-in page other than the provider's is used, that too."""
        found = {field.name: self.cleaned_data.get(field.name) or "" for field in self.plain()}
        if self.kind in {"wecom", "wecom_kf", "official_account"}:
            is_own = self.chosen() == OWN
            found["open_url"] = "" if is_own else settings.PROVIDER_URLS.get("open", "")
        return found

    def chosen(self) -> str:
        return str(self.cleaned_data.get("service") or OWN)

    def base_url(self) -> str:
        return self.addresses.get(self.chosen(), "")

    def secrets(self) -> dict[str, str]:
        """Return what was typed, and what was left to be made here."""
        typed = {
            field.name: str(self.cleaned_data.get(field.name) or "")
            for field in self.account_fields
            if field.is_secret
        }
        return typed | self.made(typed)

    def made_here(self, secrets: Mapping[str, str]) -> dict[str, str]:
        """Return those of the secrets that nobody typed, in the order of the form."""
        return {
            field.name: secrets[field.name]
            for field in self.account_fields
            if field.is_made and secrets[field.name] and not self.cleaned_data.get(field.name)
        }

    def made(self, typed: dict[str, str]) -> dict[str, str]:
        is_wanted = self.account is None or self.cleaned_data.get("is_renewed")
        if not is_wanted:
            return {}
        names = [field.name for field in self.account_fields if field.is_made]
        return {name: MAKERS[name]() for name in names if not typed[name]}
