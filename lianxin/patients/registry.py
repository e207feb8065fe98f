"""How rooms say what a merge of two patients does with their rows. The rooms' own list is

`lianxin.patient_rows`, which the setting PATIENT_ROWS names: it lies above all rooms.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.conf import settings
from django.db.models import Model
from django.utils.module_loading import import_string

from lianxin.core.actor import Actor


@dataclass(frozen=True)
class SealedColumn:
    """A text under the patient's own key: it is sealed anew under the key of whom it moves to."""

    column: str
    field: str
    retention: str


@dataclass(frozen=True)
class PatientRows:
    """One relation to a patient, and what a merge does with the rows of the folded one."""

    model: str
    column: str = "patient"
    # Why the rows stay where they are; empty: they move to the patient who is kept.
    stays: str = ""
    # Of rows that are equal in these columns the kept patient has only one, so the other stays.
    once: tuple[str, ...] = ()
    # Where `once` holds only for some rows: this column has one of these values.
    once_while: tuple[str, tuple[str, ...]] | None = None
    # The row moves if the row behind this relation belongs to the kept patient by then.
    follows: str = ""
    sealed: tuple[SealedColumn, ...] = ()
    # What rows that stay are set to until the merge is undone: (column, value, value meanwhile).
    parks: tuple[tuple[str, str, str], ...] = ()

    @property
    def name(self) -> str:
        return f"{self.model}.{self.column}"


class Merging(Protocol):
    """One merge in progress, as the rooms see it; what goes through it is undone by itself."""

    hospital_id: int
    kept_id: int
    folded_id: int
    by: Actor
    at: datetime

    def moved(self, name: str) -> Collection[int]:
        """Return the ids of a relation's rows that moved."""
        ...

    def change(self, model: type[Model], ids: Sequence[int], **values: Any) -> None:
        """Write values and remember what stood there."""
        ...


Step = Callable[[Merging], None]


@dataclass(frozen=True)
class MergePlan:
    """The relations in the order in which they move, and what rooms do besides."""

    rows: tuple[PatientRows, ...]
    before: tuple[Step, ...] = ()
    after: tuple[Step, ...] = ()
    # What rooms do beyond putting rows and values back when a merge is undone.
    undone: tuple[Step, ...] = ()


def merge_plan() -> MergePlan:
    plan: MergePlan = import_string(settings.PATIENT_ROWS)
    return plan
