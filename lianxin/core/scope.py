"""Hospital scope: inside it the database shows one hospital's rows, outside it none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connection, transaction

from lianxin.core.models import Hospital

SETTING = "lianxin.hospital"
# Which hospital's scope this thread or task is in.
opened: ContextVar[int | None] = ContextVar("opened", default=None)


def current_hospital_id() -> int | None:
    with connection.cursor() as cursor:
        cursor.execute("select nullif(current_setting(%s, true), '')", [SETTING])
        row = cursor.fetchone()
    return int(row[0]) if row and row[0] else None


def set_hospital(value: str) -> str:
    """Set the scope for this transaction and return what it was before."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(current_setting(%s, true), ''), set_config(%s, %s, true)",
            [SETTING, SETTING, value],
        )
        row = cursor.fetchone()
    return str(row[0]) if row else ""


@contextmanager
def scope(hospital: Hospital | int) -> Iterator[None]:
    """Run a block as one transaction (or savepoint) that sees only this hospital.

    The former scope comes back on exit. After an error the rollback brings it back by itself,
    since the setting lives and dies with the transaction.
    """
    hospital_id = hospital if isinstance(hospital, int) else hospital.pk
    is_nested = connection.in_atomic_block
    with transaction.atomic():
        before = set_hospital(str(hospital_id))
        token = opened.set(hospital_id)
        try:
            yield
        finally:
            opened.reset(token)
        if is_nested and not connection.needs_rollback:
            set_hospital(before)


@contextmanager
def inside(hospital_id: int) -> Iterator[None]:
    """Read inside this hospital: in the scope that is open already, else in one of its own."""
    if connection.in_atomic_block and opened.get() == hospital_id:
        yield
        return
    with scope(hospital_id):
        yield
