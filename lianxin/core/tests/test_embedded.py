"""What the embedded server is told about itself."""

from __future__ import annotations

import psycopg

from lianxin.core import embedded
from lianxin.testing.database import superuser_url


def test_young_tables_are_counted_within_seconds() -> None:
    for _ in range(2):
        embedded.keep_statistics_young(superuser_url())

    with psycopg.connect(superuser_url()) as connection:
        found = connection.execute(
            "select setting from pg_file_settings where name = 'autovacuum_naptime'"
        ).fetchall()

    assert found[-1] == (embedded.STATISTICS_EVERY,)
