"""What people type about tags that may leave, parsed once at the edge."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lianxin.channels import queries
from lianxin.channels.models import NAME_CHARACTERS, Account
from lianxin.channels.tag_words import illness_in
from lianxin.core.actor import Actor

CODE_CHARACTERS = 60


class TagForm(forms.Form):
    """One neutral word, and under which words WeCom shows it."""

    account = forms.ChoiceField(label=_("企业微信账号"))
    code = forms.CharField(
        label=_("连心里的标签"),
        max_length=CODE_CHARACTERS,
        help_text=_("与活码和患者身上的中性标签写法相同，例如：出院患者"),
    )
    name = forms.CharField(label=_("企业微信里的名称"), max_length=NAME_CHARACTERS)
    group_name = forms.CharField(
        label=_("企业微信里的分组"), max_length=NAME_CHARACTERS, initial="连心"
    )

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = queries.list_accounts(actor.hospital_id).active()
        self.accounts = {one.key: one for one in rows.filter(kind=Account.Kind.WECOM)}
        self.fields["account"] = forms.ChoiceField(
            label=_("企业微信账号"), choices=[(key, one.name) for key, one in self.accounts.items()]
        )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        for field in ("code", "name", "group_name"):
            word = illness_in(given.get(field, ""))
            if word:
                sentence = _("“%(word)s”会透露病情，不能作为标签送出。请换一个中性的词。")
                self.add_error(field, sentence % {"word": word})
        return given

    @property
    def account_chosen(self) -> Account:
        return self.accounts[self.cleaned_data["account"]]
