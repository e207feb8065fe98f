"""What people type about channels, parsed once at the edge."""

from __future__ import annotations

from lianxin.channels.forms.accounts import AccountForm
from lianxin.channels.forms.live_codes import (
    CodeForm,
    LiveCodeForm,
    PrintForm,
    RosterFormSet,
    SeenForm,
)

__all__ = ["AccountForm", "CodeForm", "LiveCodeForm", "PrintForm", "RosterFormSet", "SeenForm"]
