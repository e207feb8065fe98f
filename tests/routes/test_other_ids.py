"""What belongs to another hospital, or to another patient, does not exist."""

from __future__ import annotations

from tests.routes.asking import Asker, ask_in_vain, methods_of
from tests.routes.house import House
from tests.routes.table import COMMON_WORDS, PORTAL, STAFF, Kwargs, Route, named, roles_of


def swap_keys(own: Kwargs, other: Kwargs) -> list[Kwargs]:
    """Put somebody else's keys in an address: all of them, then one at a time."""
    swapped = [other, *(own | {name: other[name]} for name in own)]
    unlike = [kwargs for kwargs in swapped if kwargs != own]
    return [kwargs for at, kwargs in enumerate(unlike) if kwargs not in unlike[:at]]


@named([route for route in STAFF if route.converters and route.name not in COMMON_WORDS])
def test_another_hospitals_ids_do_not_exist(route: Route, house: House) -> None:
    own, other = house.keys(route, house.own), house.keys(route, house.elsewhere)
    swapped = swap_keys(own, other)
    wrong = [
        answer.said
        for kwargs in swapped
        for method in methods_of(house, route)
        for role in roles_of(route, method)
        if (answer := ask_in_vain(Asker(house, role), method, route, kwargs)).status != 404
    ]

    assert swapped
    assert wrong == []


@named([route for route in PORTAL if route.converters and route.name not in COMMON_WORDS])
def test_somebody_elses_ids_do_not_exist(route: Route, house: House) -> None:
    own = house.keys(route, house.own)
    others = [house.keys(route, place) for place in (house.neighbour, house.elsewhere)]
    asked = [
        ask_in_vain(Asker(house, "phone"), method, route, kwargs)
        for other in others
        for kwargs in swap_keys(own, other)
        for method in methods_of(house, route)
    ]

    assert len(asked) >= len(others)
    assert [one.said for one in asked if one.status != 404] == []
