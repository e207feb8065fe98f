"""No route is forgotten: for each it is written for whom it is and what stands in its address."""

from __future__ import annotations

from lianxin.staff.rules import PERMISSIONS
from tests.routes.house import House
from tests.routes.keys import FORMS, KEYS, find_beginning
from tests.routes.table import (
    COMMON_WORDS,
    INSIDE,
    PUBLIC,
    QUERIES,
    UNKNOWN_WORD,
    WITH_KEYS,
    Route,
    list_routes,
    named,
)


@named(list_routes())
def test_it_is_known_for_whom_a_route_is(route: Route) -> None:
    assert bool(route.audience) != (route.name in PUBLIC), (
        f"{route.name}: serve it by staff_view or portal_view, or say in PUBLIC why it is for all"
    )
    assert route.permission is None or route.permission in PERMISSIONS


@named(WITH_KEYS)
def test_it_is_known_what_stands_in_an_address(route: Route, house: House) -> None:
    made = house.made.get((house.own.patient.pk, find_beginning(route)), {})

    assert set(made) >= set(route.converters), (
        f"{route.name}: make what stands in {route.address} in KEYS"
    )


def test_the_tables_name_only_what_exists() -> None:
    names = {route.name for route in list_routes()}
    tables = {*PUBLIC, *COMMON_WORDS, *UNKNOWN_WORD, *QUERIES, *FORMS}
    tables |= {name for name, _method in INSIDE}

    assert tables - names == set()
    assert set(KEYS) == {find_beginning(route) for route in WITH_KEYS}
