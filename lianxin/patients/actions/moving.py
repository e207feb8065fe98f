"""Moves everything that points to one patient to another, and back again.

What is written down: the ids of each row that moved, and what stood in each value that changed.
Texts under the patient's own key are sealed anew, or nobody could read them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from lianxin.core.actor import Actor
from lianxin.core.keys import Keyring
from lianxin.core.rows import update_rows
from lianxin.patients.registry import MergePlan, PatientRows

Rows = QuerySet[Any]


class Moving:
    """One merge in progress, or one that is taken back: a `registry.Merging`."""

    def __init__(
        self,
        hospital_id: int,
        kept_id: int,
        folded_id: int,
        by: Actor,
        at: datetime,
        done: dict[str, Any] | None = None,
    ) -> None:
        self.hospital_id = hospital_id
        self.kept_id = kept_id
        self.folded_id = folded_id
        self.by = by
        self.at = at
        self.done: dict[str, Any] = {"rows": {}, "changed": []} | (done or {})

    @property
    def record(self) -> dict[str, Any]:
        """Return what was done as it is stored: JSON, moments in full precision."""
        plain: dict[str, Any] = json.loads(json.dumps(self.done, default=str))
        return plain

    # ---- what rooms may ask for -----------------------------------------------------------------

    def moved(self, name: str) -> Collection[int]:
        ids: list[int] = self.done["rows"].get(name, [])
        return ids

    def change(self, model: type[Model], ids: Sequence[int], **values: Any) -> None:
        """Write values, and remember what stood there: one note per set of old values."""
        old: dict[str, tuple[dict[str, Any], list[int]]] = {}
        for row in self.all(model).filter(id__any_of=ids).order_by("id").values("id", *values):
            pk = row.pop("id")
            old.setdefault(json.dumps(row, default=str), (row, []))[1].append(pk)
        for before, changed in old.values():
            if before == values:
                continue
            note = {"model": model._meta.label, "ids": changed, "before": before, "after": values}
            self.done["changed"].append(note)
            self.all(model).filter(id__any_of=changed).update(**values)

    # ---- there ----------------------------------------------------------------------------------

    def move(self, plan: MergePlan) -> int:
        """Move what may move, park what must stay; return how many rows moved."""
        count = 0
        for rows in plan.rows:
            if rows.stays:
                continue
            count += self.move_rows(rows)
            self.park(rows)
        return count

    def move_rows(self, rows: PatientRows) -> int:
        wanted = self.leaving(rows)
        ids = sorted(wanted.values_list("id", flat=True))
        if not ids:
            return 0
        self.reseal(rows, ids, self.folded_id, self.kept_id)
        self.pointing(rows, self.folded_id).filter(id__any_of=ids).update(
            **{f"{rows.column}_id": self.kept_id}
        )
        known = self.done["rows"].setdefault(rows.name, [])
        known += ids
        return len(ids)

    def leaving(self, rows: PatientRows) -> Rows:
        """Return the rows of the folded patient that the kept one can take."""
        wanted = self.pointing(rows, self.folded_id)
        if rows.follows:
            wanted = wanted.filter(**{f"{rows.follows}__{rows.column}_id": self.kept_id})
        if not rows.once:
            return wanted
        same = {column: OuterRef(column) for column in rows.once}
        standing = Q()
        if rows.once_while:
            standing = Q(**{f"{rows.once_while[0]}__in": rows.once_while[1]})
        taken = self.pointing(rows, self.kept_id).filter(standing, **same)
        return wanted.exclude(standing & Q(Exists(taken)))

    def park(self, rows: PatientRows) -> None:
        model = model_of(rows.model)
        for column, value, meanwhile in rows.parks:
            left = self.pointing(rows, self.folded_id).filter(**{column: value})
            self.change(model, list(left.values_list("id", flat=True)), **{column: meanwhile})

    # ---- and back -------------------------------------------------------------------------------

    def take_back(self, plan: MergePlan) -> None:
        """Put everything where it was. What came after the merge stays with the kept patient."""
        for note in reversed(self.done["changed"]):
            self.restore(note)
        for rows in reversed(plan.rows):
            self.return_rows(rows)
        for step in plan.undone:
            step(self)

    def restore(self, note: dict[str, Any]) -> None:
        """Write the old values back where ours still stand."""
        model = model_of(note["model"])
        still = self.all(model).filter(id__any_of=note["ids"])
        for column, value in note["after"].items():
            stands = {f"{column}__isnull": True} if value is None else {column: value}
            still = still.filter(**stands)
        still.update(**note["before"])

    def return_rows(self, rows: PatientRows) -> None:
        here = self.pointing(rows, self.kept_id).filter(id__any_of=self.moved(rows.name))
        ids = list(here.values_list("id", flat=True))
        if ids:
            self.reseal(rows, ids, self.kept_id, self.folded_id)
            here.update(**{f"{rows.column}_id": self.folded_id})

    # ---- rows -----------------------------------------------------------------------------------

    def all(self, model: type[Model]) -> Rows:
        return model._default_manager.filter(hospital_id=self.hospital_id)

    def pointing(self, rows: PatientRows, patient_id: int) -> Rows:
        return self.all(model_of(rows.model)).filter(**{f"{rows.column}_id": patient_id})

    def reseal(
        self, rows: PatientRows, ids: Sequence[int], owner_id: int, new_owner_id: int
    ) -> None:
        """Seal the texts of these rows under the key of whom they belong to from now on."""
        if not rows.sealed:
            return
        texts = Q()
        for column in rows.sealed:
            texts |= ~Q(**{column.column: b""})
        found = list(self.all(model_of(rows.model)).filter(texts, id__any_of=ids))
        if not found:
            return
        old, new = ("patient", owner_id), ("patient", new_owner_id)
        ring = Keyring.load(self.hospital_id, [old, new], create=True)
        for row in found:
            for one in rows.sealed:
                text = ring.open(old, one.retention, getattr(row, one.column), field=one.field)
                sealed = ring.seal(new, one.retention, text or "", field=one.field)
                setattr(row, one.column, sealed)
        update_rows(found, [one.column for one in rows.sealed])


def model_of(label: str) -> type[Model]:
    model: type[Model] = apps.get_model(label)
    return model
