"""`column__any_of=values`: membership with the values as one array parameter.

`__in` sends a parameter per value: a batch of thousands costs more in Python, in parsing and in
planning than the rows are worth: due steps ran at 0.13 of the bare statement with it, at 0.16
without (bench `due`, 2026-11).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, ForeignObject, Lookup
from django.db.models.sql.compiler import SQLCompiler

if TYPE_CHECKING:
    AnyLookup = Lookup[Any]
else:
    # Only the type checker knows the base as generic.
    AnyLookup = Lookup


class AnyOf(AnyLookup):
    """Holds for every value of the collection, which may be of any length; empty holds never."""

    lookup_name = "any_of"
    prepare_rhs = False

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[Any, ...]]:
        lhs, parameters = self.process_lhs(compiler, connection)
        field = self.lhs.output_field
        field = getattr(field, "target_field", field)
        values = [field.get_db_prep_value(value, connection) for value in self.rhs]
        kind = field.rel_db_type(connection)
        return f"{lhs} = any(%s::{kind}[])", (*parameters, values)


Field.register_lookup(AnyOf)
ForeignObject.register_lookup(AnyOf)
