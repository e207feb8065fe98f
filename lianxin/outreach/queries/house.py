"""One hospital's own numbers, its clock and its accounts, read once per batch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from lianxin.channels.models import Account
from lianxin.core import time
from lianxin.core.models import Hospital
from lianxin.outreach import catalog
from lianxin.outreach.rules.facts import Moment
from lianxin.outreach.rules.settings import GateSettings

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
