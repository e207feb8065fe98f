"""What an admin types about the chat archive. Where its library lies only the server says."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lianxin.channels import facts
from lianxin.channels.forms.live_codes import LARGEST_REVISION
from lianxin.channels.models import PURPOSE_CHARACTERS, Archive, ArchiveKey

SECRET_CHARACTERS = 200
LARGEST_VERSION = 9999


class ArchiveForm(forms.Form):
    """The settings. The secret is never shown again; empty keeps the one there is."""

    seen = forms.IntegerField(min_value=0, max_value=LARGEST_REVISION, widget=forms.HiddenInput)
    secret = forms.CharField(
        label=gettext_lazy("会话内容存档的 Secret"),
        max_length=SECRET_CHARACTERS,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy(
            "在企业微信后台“管理工具 → 会话内容存档”里，与应用的 Secret 不是同一个。"
        ),
    )
    purpose = forms.CharField(
        label=gettext_lazy("用途"),
        max_length=PURPOSE_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "写给看的人：为什么保存、谁可以看。例如：处理投诉和随访质量检查，只给经治医生和隐私专员看。"
        ),
    )
    keep_days = forms.IntegerField(label=gettext_lazy("保存多少天"))

    def __init__(self, archive: Archive | None, *args: Any, **kwargs: Any) -> None:
        self.archive = archive
        kwargs.setdefault("initial", self.initial_values())
        super().__init__(*args, **kwargs)
        least, most = facts.count("archive_keep_days_least"), facts.count("archive_keep_days_most")
        days = forms.IntegerField(
            label=self.fields["keep_days"].label,
            min_value=least,
            max_value=most,
            help_text=_("%(least)s 到 %(most)s 天，到期自动删除。")
            % {"least": least, "most": most},
        )
        self.fields["keep_days"] = days
        if self.has_secret:
            self.fields["secret"].help_text = _("已填写，加密保存，这里不显示；要换才填。")

    @property
    def has_secret(self) -> bool:
        return self.archive is not None and bool(self.archive.secret_sealed)

    def initial_values(self) -> dict[str, Any]:
        if self.archive is None:
            return {"seen": 0, "keep_days": Archive._meta.get_field("keep_days").get_default()}
        return {
            "seen": self.archive.revision,
            "purpose": self.archive.purpose,
            "keep_days": self.archive.keep_days,
        }

    def clean_secret(self) -> str:
        secret: str = self.cleaned_data["secret"].strip()
        if not secret and not self.has_secret:
            raise ValidationError(_("请填存档的 Secret。"))
        return secret


class KeyForm(forms.Form):
    """The version of one pair of keys, as the provider's console numbers it."""

    version = forms.IntegerField(
        label=gettext_lazy("版本号"), min_value=1, max_value=LARGEST_VERSION
    )

    def __init__(self, keys: list[ArchiveKey], *args: Any, **kwargs: Any) -> None:
        newest = max((key.version for key in keys), default=0)
        kwargs.setdefault("initial", {"version": min(newest + 1, LARGEST_VERSION)})
        super().__init__(*args, **kwargs)


class OffForm(forms.Form):
    """What becomes of what was kept, when the reading stops. Nothing is chosen beforehand."""

    KEEP, ERASE = "keep", "erase"

    kept = forms.ChoiceField(
        label=gettext_lazy("已经保存的会话"),
        choices=[
            (KEEP, gettext_lazy("保留到期满，期间有权限的人还能看")),
            (ERASE, gettext_lazy("全部删除：马上谁也看不到，不能恢复")),
        ],
        widget=forms.RadioSelect,
    )
