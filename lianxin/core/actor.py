"""Who acts. Staff and the people on the phone have their own rooms; the system acts from here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Actor(Protocol):
    """Anyone who can do something: `kind` and `id` go into the journal, `may` decides."""

    @property
    def kind(self) -> str: ...

    @property
    def id(self) -> int | None: ...

    @property
    def hospital_id(self) -> int: ...

    def may(self, permission: str) -> bool: ...


@dataclass(frozen=True)
class SystemActor:
    """A job or rule acting on its own, in one hospital."""

    hospital_id: int
    kind: str = "system"
    id: int | None = None

    def may(self, permission: str) -> bool:
        del permission
        return True
