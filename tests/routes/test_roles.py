"""Who is let in: the roles of the console, known phones, and nobody else."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from lianxin.staff.rules import ROLES
from tests.routes.asking import Asker, ask_for, ask_in_vain, methods_of
from tests.routes.house import House
from tests.routes.table import PORTAL, STAFF, Route, named, roles_of


@named(STAFF)
def test_a_role_is_let_in_or_refused_with_a_line(route: Route, house: House) -> None:
    kwargs = house.keys(route, house.own)
    wrong = []
    for method in methods_of(house, route):
        allowed = roles_of(route, method)
        for role in ROLES:
            ask = ask_for if role in allowed else ask_in_vain
            answer = ask(Asker(house, role), method, route, kwargs)
            refused = answer.status == 403 and answer.refused_ids == [house.staff[role].pk]
            if not (answer.is_welcome if role in allowed else refused):
                wrong.append(f"{answer.said}, access log: {answer.refused_ids}")

    assert methods_of(house, route)
    assert wrong == []


@named(STAFF)
def test_nobody_signed_in_is_led_to_the_sign_in(route: Route, house: House) -> None:
    url = route.url(house.keys(route, house.own))
    asked = [Asker(house, "nobody").ask(method, url) for method in methods_of(house, route)]
    sign_in_url = f"{reverse(settings.LOGIN_URL)}?"

    assert [one.said for one in asked if not one.to.startswith(sign_in_url)] == []
    assert {one.status for one in asked} == {302}


@named(PORTAL)
def test_a_phone_is_let_in_and_an_unknown_one_is_not(route: Route, house: House) -> None:
    kwargs = house.keys(route, house.own)
    wrong = []
    for method in methods_of(house, route):
        known = ask_for(Asker(house, "phone"), method, route, kwargs)
        unknown = ask_for(Asker(house, "nobody"), method, route, kwargs)
        wrong += [known.said] if not known.is_welcome else []
        wrong += [unknown.said] if unknown.status != 401 else []

    assert wrong == []
