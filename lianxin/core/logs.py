"""Keeps what is personal out of the logs: a database error repeats the values that it refused."""

from __future__ import annotations

import logging
import re
from collections.abc import MutableMapping
from typing import Any

# PostgreSQL's second lines: `DETAIL:  Key (phone)=(138…) already exists.` and the like.
DETAIL = re.compile(r"^\s*(?:DETAIL|CONTEXT|HINT|STATEMENT|LINE \d+):")
# Values stand in quotes: `invalid input syntax for type integer: "…"`. So do the names of what
# the database is made of, which help and are nobody's.
NAMED = re.compile(r'(?:constraint|relation|column|table|policy|function|schema) "[^"]*"')
QUOTED = re.compile(r'"[^"]*"')


def clean(text: str) -> str:
    """Take the values out of the words of a database error; other words stay as they are."""
    kept = [line for line in text.split("\n") if not DETAIL.match(line)]
    return "\n".join(kept)


def clean_value(text: str) -> str:
    """Clean the message of one error, which may quote the value that it refused."""
    first = clean(text).split("\n", 1)[0]
    return first if NAMED.search(first) else QUOTED.sub('"…"', first)


def clean_exceptions(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Clean what the renderer made of the exceptions of one structured line."""
    for error in event.get("exception") or ():
        error["exc_value"] = clean_value(error["exc_value"])
    return event


class CleanFormatter(logging.Formatter):
    """Writes tracebacks of the standard library's loggers without the values in them."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the library's name
        lines = clean(super().formatException(ei)).split("\n")
        return "\n".join(clean_value(line) if is_message(line) else line for line in lines)


def is_message(line: str) -> bool:
    """Tell an error's own words from the stack above it, which is indented and quotes files."""
    return not line.startswith((" ", "Traceback")) and ": " in line
