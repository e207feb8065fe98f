"""What a database error says of somebody's data does not reach the logs."""

from __future__ import annotations

import logging
import sys

import pytest
import structlog
from django.db import IntegrityError, connection, transaction
from django.db.utils import DataError, Error

from lianxin.core.logs import CleanFormatter, clean_exceptions
from lianxin.core.models import Hospital

NAME = "张桂兰13800000000"
FORMATTER = CleanFormatter("%(levelname)s %(message)s")
REPEAT = (
    "insert into core_hospital (key, name, name_en, time_zone, default_language, phone, is_active,"
    " settings, keyset_version) select key, %s, '', '', '', '', true, '{}', 0 from core_hospital"
)


def fail(sql: str, error: type[Error]) -> None:
    with pytest.raises(error) as raised, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, [NAME])
    raise raised.value


def written(sql: str, error: type[Error]) -> str:
    """Return what both kinds of logger write about a failed statement."""
    try:
        fail(sql, error)
    except Error:
        told = sys.exc_info()
        record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "page failed", None, told)
        line = structlog.get_config()["processors"][-3](None, "error", {"exc_info": told})
        return FORMATTER.format(record) + str(clean_exceptions(None, "error", line))
    raise AssertionError("the statement did not fail")


@pytest.mark.parametrize(
    ("sql", "error", "helps"),
    [
        ("select %s::integer", DataError, "invalid input syntax for type integer"),
        (REPEAT, IntegrityError, "core_hospital_key_key"),
    ],
)
def test_the_value_is_not_written_and_what_helps_is(
    riverside: Hospital, sql: str, error: type[Error], helps: str
) -> None:
    Hospital.objects.filter(pk=riverside.pk).update(key=NAME[:12])

    text = written(sql, error)

    assert helps in text
    assert "test_logs.py" in text
    assert NAME[:12] not in text


def test_other_errors_keep_their_words() -> None:
    with pytest.raises(ValueError, match="key") as raised:
        raise ValueError("the key is too short")

    text = FORMATTER.formatException((raised.type, raised.value, raised.tb))

    assert text.endswith("ValueError: the key is too short")
