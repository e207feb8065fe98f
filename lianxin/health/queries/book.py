"""The hospital's approved clinical rows, asked for with one query and handed on as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _

from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, NotFoundError, RefusedError
from lianxin.health.models import ClinicalRow
from lianxin.health.rules import words
from lianxin.health.rules.evaluate import Bounds
from lianxin.health.rules.values import Rule, Slots

# A process serves few hospitals, and each has one book until its doctors approve another row.
BOOKS_KEPT = 64
Body = Mapping[str, Any]
KEPT_AS = {
    ClinicalRow.Kind.METRIC: "metrics",
    ClinicalRow.Kind.SYMPTOM: "symptoms",
    ClinicalRow.Kind.TEXT: "texts",
    ClinicalRow.Kind.SETTING: "settings",
}


@dataclass(frozen=True)
class Book:
    """What the doctors of one hospital have approved, the newest version of each row."""

    metrics: Mapping[str, Body]
    symptoms: Mapping[str, Body]
    texts: Mapping[str, Body]
    settings: Mapping[str, Body]
    rules: tuple[Rule, ...]

    @property
    def slots(self) -> Slots:
        return Slots.of(self.settings["slots"])

    @property
    def alerting(self) -> Body:
        return self.settings["alerting"]

    @property
    def bounds(self) -> Bounds:
        return Bounds(
            home_mean=self.settings["home_mean"],
            variability=self.settings["variability"],
            back_dated_hours=self.alerting["back_dated_hours"],
            back_dated_level=self.alerting["back_dated_level"],
        )

    def metric(self, code: str) -> Body:
        if code not in self.metrics:
            raise NotFoundError
        return self.metrics[code]

    def fields(self, metric: str) -> list[dict[str, Any]]:
        return list(self.metric(metric)["fields"])

    def rule(self, code: str) -> Rule | None:
        return next((rule for rule in self.rules if rule.code == code), None)

    def text(self, code: str, language: str) -> str:
        return words.pick(self.texts, code, language)

    def fact(self, rule_code: str, language: str) -> str:
        """Say what the row found, in the reader's language."""
        rule = self.rule(rule_code)
        return name_in(rule.body["fact"], language) if rule else rule_code

    def symptom_choices(self, group: str, language: str) -> list[tuple[str, str]]:
        """List (code, words) of one group, in the order of the rows."""
        return [
            (code, name_in(body["label"], language))
            for code, body in self.symptoms.items()
            if group in body["groups"]
        ]

    def symptom_words(self, codes: Sequence[str], language: str, part: str = "label") -> list[str]:
        return [
            name_in(self.symptoms[code][part], language) for code in codes if code in self.symptoms
        ]


def name_in(names: Mapping[str, str], language: str) -> str:
    return names.get("en" if language.startswith("en") else "zh") or names["zh"]


def load_book(hospital_id: int) -> Book:
    """Load the approved rows. Refused while nobody has approved any: no number, no reading."""
    book = find_book(hospital_id)
    if book is None:
        raise RefusedError(_("医院还没有审核健康规则，暂时不能记录。请联系您的医护团队。"))
    return book


def find_book(hospital_id: int) -> Book | None:
    """Load the approved rows, None while there are not enough of them to act on.

    What was approved never changes, so a book is read once for a set of rows; which rows are
    approved is asked each time, and an approval counts at once.
    """
    approved = approved_rows(hospital_id).aggregate(
        ids=ArrayAgg("id", order_by="id"), last=Max("approved_at")
    )
    return read_book(hospital_id, tuple(approved["ids"] or ()), approved["last"])


@lru_cache(maxsize=BOOKS_KEPT)
def read_book(hospital_id: int, ids: tuple[int, ...], last: datetime | None) -> Book | None:
    """Read the book of these rows; `last`, the newest approval, only tells sets apart."""
    del last
    kept: dict[str, dict[str, Body]] = {name: {} for name in KEPT_AS.values()}
    rules: dict[str, Rule] = {}
    rows = approved_rows(hospital_id).filter(pk__in=ids).order_by("id")
    for kind, code, version, body in newest_versions(
        list(rows.values_list("kind", "code", "version", "body"))
    ):
        if kind == ClinicalRow.Kind.RULE:
            rules[code] = Rule(code, version, body)
        else:
            kept[KEPT_AS[ClinicalRow.Kind(kind)]][code] = body
    if not kept["metrics"] or "alerting" not in kept["settings"]:
        return None
    return Book(**kept, rules=tuple(rules.values()))


def approved_rows(hospital_id: int) -> QuerySet[ClinicalRow]:
    return ClinicalRow.objects.filter(hospital_id=hospital_id, approved_at__isnull=False)


def newest_versions(
    rows: list[tuple[str, str, int, Body]],
) -> list[tuple[str, str, int, Body]]:
    """Keep the highest version of each row, in the order of its first version."""
    by_code: dict[tuple[str, str], tuple[str, str, int, Body]] = {}
    for row in rows:
        known = by_code.get(row[:2])
        if known is None or row[2] > known[2]:
            by_code[row[:2]] = row
    return list(by_code.values())


def list_rows(actor: Actor) -> list[ClinicalRow]:
    """Return every row with its source and who approved it, for the review page."""
    if not actor.may("health.read"):
        raise ForbiddenError
    rows = ClinicalRow.objects.filter(hospital_id=actor.hospital_id)
    return list(rows.select_related("approved_by").order_by("kind", "code", "-version"))


def access_row(actor: Actor, kind: str, code: str, version: int) -> ClinicalRow:
    rows = ClinicalRow.objects.filter(hospital_id=actor.hospital_id)
    row = rows.filter(kind=kind, code=code, version=version).first()
    if row is None:
        raise NotFoundError
    return row
