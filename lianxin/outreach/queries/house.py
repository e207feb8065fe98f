"""One hospital's own numbers, its clock and its accounts, read once per batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from lianxin.channels.models import Account
from lianxin.core import time
from lianxin.core.models import Hospital
from lianxin.outreach import catalog
from lianxin.outreach.rules import quotas
from lianxin.outreach.rules.facts import WECOM_TASK, Moment
from lianxin.outreach.rules.settings import GateSettings, QuotaRule

# Where a hospital keeps its own numbers (Hospital.settings).
SETTINGS_NAME = "outreach"


@dataclass(frozen=True)
class House:
    """A hospital at one instant."""

    hospital: Hospital
    settings: GateSettings
    moment: Moment

    @property
    def hospital_id(self) -> int:
        return self.hospital.pk

    @property
    def now(self) -> datetime:
        return self.moment.at

    @property
    def day_start(self) -> datetime:
        """Return local midnight, from which daily caps count."""
        return self.moment.local.replace(hour=0, minute=0, second=0, microsecond=0)

    @cached_property
    def mass_limits(self) -> Mapping[int, str]:
        """Return what each WeCom account says about mass messages; asked once."""
        rows = Account.objects.of(self.hospital_id).filter(kind=Account.Kind.WECOM)
        configs = rows.values_list("pk", "config")
        return {pk: str(config.get("mass_limit", "")) for pk, config in configs}

    def quota_rule(self, account_id: int, carrier: str) -> QuotaRule | None:
        """Return how much a carrier lets through at this account; None: it has no quota."""
        said = self.mass_limits.get(account_id, "") if carrier == WECOM_TASK else ""
        return quotas.rule_of(self.settings, carrier, said)

    def days_back(self, days: int) -> datetime:
        return self.day_start - timedelta(days=days)


def load_house(hospital_id: int) -> House:
    return house_of(Hospital.objects.get(pk=hospital_id))


def house_of(hospital: Hospital) -> House:
    """Read the settings of a hospital that is loaded already."""
    settings = catalog.settings_with(hospital.settings.get(SETTINGS_NAME, {}))
    return House(hospital, settings, Moment(time.now(), ZoneInfo(hospital.time_zone)))


def load_accounts(hospital_id: int) -> dict[int, Account]:
    return {account.pk: account for account in Account.objects.of(hospital_id)}
