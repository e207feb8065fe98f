"""What people type about money: prices with their source, and budgets in yuan."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

MOST_FEN = Decimal("99999")
MOST_YUAN = 10_000_000


class PriceForm(forms.Form):
    unit_fen = forms.DecimalField(
        label=_("单价（分）"),
        min_value=Decimal("0.001"),
        max_value=MOST_FEN,
        max_digits=9,
        decimal_places=3,
        help_text=_("短信按每条计费条数，电话按每个开始的分钟。可以有小数，例如 4.5。"),
    )
    valid_from = forms.DateField(
        label=_("从哪天起"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    source = forms.CharField(
        label=_("出处"), max_length=200, help_text=_("合同或账单的编号，别人核对时要看。")
    )


class BudgetForm(forms.Form):
    yuan = forms.IntegerField(
        label=_("每月预算（元）"),
        min_value=1,
        max_value=MOST_YUAN,
        help_text=_("快用完时，余下的留给复诊、用药这类消息；用完后停发，验证码和告警电话照常。"),
    )

    @property
    def month_fen(self) -> int:
        given: dict[str, Any] = self.cleaned_data
        return int(given["yuan"]) * 100
