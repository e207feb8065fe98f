"""Who opens a page that is for everybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from lianxin.core.models import Hospital


@dataclass(frozen=True)
class Stranger:
    """Somebody whose phone we do not know: may read what is published, and nothing else."""

    hospital: Hospital
    kind: ClassVar[str] = "stranger"
    id: ClassVar[None] = None
    language: ClassVar[str] = ""

    @property
    def hospital_id(self) -> int:
        return self.hospital.pk

    def may(self, permission: str) -> bool:
        del permission
        return False
