"""Joining related rows for a few of their columns.

A join of five whole tables names a hundred columns, and the text of the statement is most of what
it costs (a line of the inbox named 92 in 2026-11, and names 41 now). Asking a joined row for a
column that was not named costs a statement of its own: the tests that count a page's statements
for one and for many rows tell.
"""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import QuerySet

Rows = TypeVar("Rows", bound=QuerySet[Any])


def join(rows: Rows, **columns: str) -> Rows:
    """Join related rows, `relation="column column"`; of the rows themselves all columns come."""
    own = [field.name for field in rows.model._meta.concrete_fields]
    joined = [f"{name}__{column}" for name, names in columns.items() for column in names.split()]
    found: Rows = rows.select_related(*columns).only(*own, *joined)
    return found
