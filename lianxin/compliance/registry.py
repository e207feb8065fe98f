"""What every sealed or blind column of the house says about its end. The rooms' own list is

`lianxin.personal_data`, which the setting PERSONAL_DATA names: it lies above all rooms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.conf import settings
from django.utils.module_loading import import_string

Key = Literal["patient", "holder", "address", "hospital", "blind"]
Retention = Literal["engagement", "record", "hospital"]
# key_destroyed: the bytes stay and nobody can read them. cleared: erasure empties the column.
# restricted: kept under the record key until the law's term ends, shown to nobody.
# not_personal: the hospital's own secret.
Ending = Literal["key_destroyed", "cleared", "restricted", "not_personal", "expires"]


@dataclass(frozen=True)
class PersonalField:
    """One column: who holds its key, how long it is kept, what erasing a patient does to it."""

    model: str
    column: str
    key: Key
    retention: Retention
    ending: Ending
    # How a row leads to its patient; needed where erasure clears the column.
    patient_path: str = ""

    @property
    def name(self) -> str:
        return f"{self.model}.{self.column}"


def personal_fields() -> tuple[PersonalField, ...]:
    fields: tuple[PersonalField, ...] = import_string(settings.PERSONAL_DATA)
    return fields
