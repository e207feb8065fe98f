"""Somebody in front of the house asks for an address, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any

from lianxin.core.models import AccessEntry
from lianxin.core.scope import scope
from tests.routes.house import House, undone
from tests.routes.table import Kwargs, Route, roles_of

METHODS = ("GET", "POST")


@dataclass(frozen=True)
class Answer:
    """What came back, and whom the access log says was refused."""

    status: int
    to: str
    refused_ids: list[int | None]
    said: str

    @property
    def is_welcome(self) -> bool:
        return self.status < 500 and self.status not in {401, 403, 404, 405}


@dataclass(frozen=True)
class Asker:
    """One sort of person in front of the house."""

    house: House
    who: str

    def ask(
        self, method: str, url: str, form: Kwargs | None = None, *, as_program: bool = False
    ) -> Answer:
        """Ask once. A program is told in one line what a person is told on a page, and faster."""
        accept = {"Accept": "application/json" if as_program else "text/html"}
        client = self.house.client
        client.cookies = SimpleCookie(self.house.cookies[self.who])
        call = client.get if method == "GET" else client.post
        with undone():
            response = call(url, form, headers=accept)
            refused = find_refused_ids(self.house) if response.status_code == 403 else []
        to = response.headers.get("Location", "")
        said = f"{self.who} {method} {url}: {response.status_code} {to}{trouble_of(response)}"
        return Answer(response.status_code, to, refused, said)


def trouble_of(response: Any) -> str:
    """Name the exception behind a 500."""
    return repr(response.exc_info[1]) if getattr(response, "exc_info", None) else ""


def find_refused_ids(house: House) -> list[int | None]:
    with scope(house.own.hospital):
        rows = AccessEntry.objects.filter(by_kind="staff", outcome=AccessEntry.Outcome.REFUSED)
        return list(rows.values_list("by_id", flat=True))


def methods_of(house: House, route: Route) -> list[str]:
    """Return the methods that a route takes: the others are answered 405, to whomever."""
    if route.name not in house.taken:
        url, nobody = route.url(house.keys(route, house.own)), Asker(house, "nobody")
        house.taken[route.name] = [m for m in METHODS if nobody.ask(m, url).status != 405]
    return house.taken[route.name]


def asker_of(house: House, route: Route, method: str) -> Asker:
    """Return somebody whom the route lets in."""
    if route.audience == "staff":
        return Asker(house, roles_of(route, method)[0])
    return Asker(house, "phone" if route.audience == "portal" else "nobody")


def ask_for(asker: Asker, method: str, route: Route, kwargs: Kwargs) -> Answer:
    return asker.ask(method, route.url(kwargs), asker.house.form(route))


def ask_in_vain(asker: Asker, method: str, route: Route, kwargs: Kwargs) -> Answer:
    """Ask for what should not be there for whoever asks."""
    return asker.ask(method, route.url(kwargs), asker.house.form(route), as_program=True)
