"""Bad input is never a 500: garbage in an address, in a query, in a form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.forms import Form

from tests.routes.asking import ask_in_vain, asker_of, methods_of
from tests.routes.house import House
from tests.routes.table import UNKNOWN_WORD, WITH_KEYS, Route, list_routes, named

ROOT = Path(__file__).resolve().parents[2]

GARBAGE: dict[str, list[Any]] = {
    "slug": ["nobody", "x" * 64],
    "string": ["x" * 64, "没有这个人", "a\0b", "' or 1=1 --"],
    "int": [0, 2**31, 10**30],
}
# A digit that is no number, what no row can hold, and more digits than a number may have.
SUPERSCRIPT, NUL, LONG = "²", "a\0b", "9" * 4301


@named(WITH_KEYS)
def test_garbage_in_an_address_does_not_exist(route: Route, house: House) -> None:
    own = house.keys(route, house.own)
    spoilt = [
        own | {name: garbage}
        for name, converter in route.converters.items()
        for garbage in GARBAGE[converter]
    ]
    asked = [
        ask_in_vain(asker_of(house, route, method), method, route, kwargs)
        for kwargs in spoilt
        for method in methods_of(house, route)
    ]
    expected = UNKNOWN_WORD.get(route.name, 404)

    assert asked
    assert [one.said for one in asked if one.status != expected] == []


@cache
def list_read_words() -> frozenset[str]:
    """Return every name that a view reads straight from a query or a form."""
    source = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("lianxin/*/*.py"))
    return frozenset(re.findall(r"(?:GET|POST)(?:\.get|\.getlist)?[(\[]\"(\w+)\"", source))


@cache
def list_form_words() -> frozenset[str]:
    """Return those and the fields of all forms."""
    forms = [form for form in list_forms(Form) if form.__module__.startswith("lianxin.")]
    return list_read_words().union(*(form.base_fields for form in forms))


def list_forms(base: type[Form]) -> Iterator[type[Form]]:
    for form in base.__subclasses__():
        yield form
        yield from list_forms(form)


@named(list_routes())
def test_garbage_in_a_query_breaks_nothing(route: Route, house: House) -> None:
    path = route.url(house.keys(route, house.own)).partition("?")[0]
    queries = [
        urlencode(dict.fromkeys(list_read_words(), garbage)) for garbage in (SUPERSCRIPT, NUL, LONG)
    ]
    asked = [
        asker_of(house, route, "GET").ask("GET", f"{path}?{query}")
        for query in queries
        if "GET" in methods_of(house, route)
    ]

    assert [one.said for one in asked if one.status >= 500] == []


@named(list_routes())
def test_garbage_in_a_form_breaks_nothing(route: Route, house: House) -> None:
    url = route.url(house.keys(route, house.own))
    asked = [
        asker_of(house, route, "POST").ask("POST", url, dict.fromkeys(list_form_words(), garbage))
        for garbage in (SUPERSCRIPT, NUL, LONG)
        if "POST" in methods_of(house, route)
    ]

    assert [one.said for one in asked if one.status >= 500] == []
