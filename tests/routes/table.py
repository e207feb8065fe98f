"""The routes of the product, for whom each is, and where one answers unlike the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from lianxin.staff.rules import PERMISSIONS, ROLES

Kwargs = dict[str, Any]

# Neither for staff nor for a known phone: each says why everybody may come here.
PUBLIC = {
    "healthz": "a load balancer asks whether the process lives",
    "readyz": "a load balancer asks whether the database answers",
    "web:language": "a switch on this device, also before the sign-in",
    "web:theme": "a switch on this device, also before the sign-in",
    "web:elder": "a switch on this device, also before the sign-in",
    "web:offline": "shown when there is no network, so to nobody in particular",
    "patients:enter": "where a phone starts its sign-in",
    "patients:oauth": "where a phone ends its sign-in",
    "desk:sidebar_enter": "where a member's WeCom starts its sign-in",
    "desk:sidebar_oauth": "where a member's WeCom ends its sign-in",
    "content:read": "published pages may be forwarded to anybody",
    "conversations:visitor_page": "a guest chats before anybody knows who it is",
    "conversations:visitor_frame": "the same in a frame on the hospital's own site",
    "conversations:visitor_talk": "the window's own token says whose talk it is",
    "conversations:visitor_leave": "the window's own token says whose talk it is",
    "conversations:visitor_sign_in": "a signature of the hospital's site says who it is",
    "conversations:visitor_enter": "where a guest starts to be verified",
    "channels:landing": "the page behind a post on a public platform, for whoever follows its link",
    "api:openapi-json": "the API's own description holds nothing of a hospital",
    "api:api-root": "where programs start; names nothing",
    "api:mini_sessions": "where a mini-program signs in",
    "api:mini_leave": "the session's own token says whose it is",
    "api:mini_passes": "the session's own token says whose it is",
    "api:mini_links": "the session's own token says whose it is",
    "api:mini_home": "the session's own token says whose it is",
    "patients:use_pass": "where a mini-program's web-view ends its sign-in",
    "content:depth": "counts how far such a page was read",
}
# What stands in these addresses is a word of the product, the same in every hospital.
COMMON_WORDS = {
    "journeys:add_template",
    "channels:open_account",
    "insight:people",
    "compliance:phone_answer",
    "health:tick",
    "health:untick",
    # The web chat of a hospital is one for all its patients; its own test asks for another one's.
    "conversations:visitor_return",
}
# A word that means nothing is refused there with a sentence, or says that the sign-in expired.
UNKNOWN_WORD = {
    "health:tick": 409,
    "health:untick": 409,
    "patients:oauth": 403,
    # A used pass looks like none; and who has no session is told so, whatever the address says.
    "patients:use_pass": 403,
    "api:mini_home": 401,
    "api:mini_leave": 401,
    # A form is no JSON: refused before the address is looked at.
    "api:mini_sessions": 400,
    "api:mini_links": 401,
    "api:mini_passes": 401,
    "desk:sidebar_oauth": 403,
}
# Pages that exist only with a word behind the address.
QUERIES = dict.fromkeys(("patients:verify", "patients:send_code", "patients:bedside"), "?as=self")
# Pages that ask for more inside than at the door: who is let in there too.
INSIDE: dict[tuple[str, str], tuple[str, ...]] = {
    ("journeys:enrolment", "GET"): PERMISSIONS["journey.read"],
    ("journeys:enrolments", "POST"): PERMISSIONS["patient.edit"],
    ("insight:people", "GET"): PERMISSIONS["patient.read"],
    ("channels:campaigns", "POST"): PERMISSIONS["channel.manage"],
    ("content:comment", "POST"): PERMISSIONS["content.edit"] + PERMISSIONS["content.review"],
    ("health:approve_row", "POST"): ("doctor",),
}


@dataclass(frozen=True)
class Route:
    """One address of the product and for whom it is."""

    name: str
    address: str
    module: str
    audience: str
    permission: str | None
    converters: dict[str, str]

    @property
    def roles(self) -> tuple[str, ...]:
        return PERMISSIONS[self.permission] if self.permission else ROLES

    def url(self, kwargs: Kwargs) -> str:
        found = reverse(self.name, kwargs=kwargs) if ":" in self.name else f"/{self.address}"
        return found + QUERIES.get(self.name, "")


def walk(patterns: list[URLPattern | URLResolver], at: str, space: str) -> Iterator[Route]:
    for pattern in patterns:
        address = at + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from walk(pattern.url_patterns, address, inner)
        else:
            yield read_route(pattern, address, space)


def read_route(pattern: URLPattern, address: str, space: str) -> Route:
    view = pattern.callback
    return Route(
        name=f"{space}{pattern.name}" if pattern.name else address,
        address=address,
        module=view.__module__,
        audience=getattr(view, "audience", ""),
        permission=getattr(view, "permission", None),
        converters={
            name: type(one).__name__.removesuffix("Converter").lower()
            for name, one in pattern.pattern.converters.items()
        },
    )


@cache
def list_routes() -> tuple[Route, ...]:
    """Return every route but those of allauth, which keeps its own house."""
    found = walk(get_resolver().url_patterns, "", "")
    return tuple(route for route in found if not route.module.startswith("allauth."))


def named(routes: Sequence[Route]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("route", routes, ids=lambda route: route.name)


def roles_of(route: Route, method: str) -> list[str]:
    """Return who may: by the permission at the door, and by what some pages ask for inside."""
    inside = INSIDE.get((route.name, method), ROLES)
    return [role for role in route.roles if role in inside]


STAFF = [route for route in list_routes() if route.audience == "staff"]
PORTAL = [route for route in list_routes() if route.audience == "portal"]
WITH_KEYS = [route for route in list_routes() if route.converters]
