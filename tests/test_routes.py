"""Every route, asked by everybody: 403 and a line, 404, the sign-in, and never a 500.

Each room asks these questions of its own pages too; here no route can be forgotten. Both
hospitals are built once, and whatever a request does is undone before the next one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.db import transaction
from django.forms import Form
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from pytest_django.plugin import DjangoDbBlocker

from lianxin.channels.actions import create_live_code
from lianxin.channels.models import LiveCode
from lianxin.content.models import Revision
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import AccessEntry, Hospital
from lianxin.core.scope import scope
from lianxin.health.models import Alert, ClinicalRow
from lianxin.journeys.models import DueStep, Enrolment
from lianxin.patients import actions as patients
from lianxin.patients.models import Holder, Holding, Patient
from lianxin.staff.models import Staff
from lianxin.staff.rules import PERMISSIONS, ROLES
from lianxin.testing.channels import make_account
from lianxin.testing.content import make_draft, make_published
from lianxin.testing.conversations import make_thread
from lianxin.testing.core import make_hospital, number
from lianxin.testing.guarded import sign_in
from lianxin.testing.health import (
    approve_rows,
    make_measuring_patient,
    make_medicine,
    make_reading,
)
from lianxin.testing.journeys import make_enrolment, make_journey
from lianxin.testing.patients import make_patient, sign_in_phone
from lianxin.testing.staff import make_staff
from lianxin.testing.tasks import make_task

Kwargs = dict[str, Any]
Cookies = dict[str, str]
METHODS = ("GET", "POST")
ROOT = Path(__file__).resolve().parents[1]


# --- The routes ----------------------------------------------------------------------------------

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
    "content:read": "published pages may be forwarded to anybody",
    "content:depth": "counts how far such a page was read",
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


STAFF = [route for route in list_routes() if route.audience == "staff"]
PORTAL = [route for route in list_routes() if route.audience == "portal"]
WITH_KEYS = [route for route in list_routes() if route.converters]


# --- What stands in the addresses ----------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """One hospital as one patient with a phone meets it."""

    hospital: Hospital
    patient: Patient
    holder: Holder

    @property
    def system(self) -> SystemActor:
        return SystemActor(self.hospital.pk)


def find_tagged(place: Place) -> Kwargs:
    with scope(place.hospital):
        given = patients.tag_patient(
            place.patient, f"标签 {next(number)}", by=place.system, reason="manual"
        )
        return {"key": place.patient.key, "tag_key": given.tag.key}


def find_merge(place: Place) -> Kwargs:
    folded = make_patient(place.hospital)
    with scope(place.hospital):
        return {"key": patients.merge_patients(place.patient, folded, by=place.system).key}


def find_holding(place: Place) -> Kwargs:
    with scope(place.hospital):
        return {"key": Holding.objects.get(holder=place.holder, patient=place.patient).key}


def find_alert(place: Place) -> Kwargs:
    """Return the red alert that the reading at the making of the place has raised."""
    with scope(place.hospital):
        return {"key": Alert.objects.get(patient=place.patient, level=Alert.Level.RED).key}


def find_medicine(place: Place) -> Kwargs:
    return {"key": place.patient.key, "medicine_key": make_medicine(place.patient).key}


def find_row(place: Place) -> Kwargs:
    """Make a clinical row that only this hospital has."""
    code = f"text-{next(number)}"
    with scope(place.hospital):
        ClinicalRow.objects.create(
            hospital=place.hospital, kind="text", code=code, version=1, body={}, mark="proposal"
        )
    return {"kind": "text", "code": code, "version": 1}


def find_draft(place: Place) -> Kwargs:
    revision: Revision = make_draft(place.hospital)
    return {"key": revision.item.key, "number": revision.number}


def find_journey(place: Place) -> Kwargs:
    return {"key": make_journey(place.hospital).key, "number": 1}


def find_enrolment(place: Place) -> Kwargs:
    today = time.today(place.hospital)
    enrolment: Enrolment = make_enrolment(make_journey(place.hospital), discharged_on=today)
    with scope(place.hospital):
        step = DueStep.objects.filter(enrolment=enrolment).order_by("pk")[0]
    return {"key": enrolment.key, "step_id": step.pk}


def find_code(place: Place) -> Kwargs:
    account = make_account(place.hospital)
    staff = make_staff(place.hospital)
    with scope(place.hospital):
        code: LiveCode = create_live_code(account, "门诊", staff=staff, by=place.system)
    return {"key": code.key}


# The beginning of an address -> what may stand in it. The longest beginning counts.
KEYS: dict[str, Callable[[Place], Kwargs]] = {
    "patients/<slug:key>/": find_tagged,
    "merges/<slug:key>/": find_merge,
    "holdings/<slug:key>/": find_holding,
    "settings/channels/<slug:key>/": lambda place: {"key": make_account(place.hospital).key},
    "settings/codes/<slug:key>/": find_code,
    "content/<str:key>/": find_draft,
    "inbox/<slug:key>/": lambda place: {"key": make_thread(place.hospital).key},
    "health/alerts/<slug:key>/": find_alert,
    "health/patients/<slug:key>/": find_medicine,
    "health/rows/<slug:kind>/<str:code>/<int:version>/": find_row,
    "tasks/<slug:key>/": lambda place: {"key": make_task(place.hospital).key},
    "journeys/<slug:key>/": find_journey,
    "journeys/enrolments/<slug:key>/": find_enrolment,
    "journeys/templates/<slug:name>/": lambda _place: {"name": "discharge-30"},
    "insight/<slug:code>/": lambda _place: {"code": "alert_response"},
    "p/enter/<slug:key>/": lambda place: {"key": make_account(place.hospital).key},
    "p/oauth/<slug:key>/": lambda place: {"key": make_account(place.hospital).key},
    "p/read/<str:item_key>/": lambda place: {"item_key": make_published(place.hospital).key},
    "p/holdings/<slug:key>/": find_holding,
    "p/consent/<slug:code>/": lambda _place: {"code": "reminders"},
    "p/health/urgent/<slug:key>/": find_alert,
    "p/health/again/<slug:key>/": find_alert,
    "p/health/medicines/<slug:slot>/": lambda _place: {"slot": "morning"},
}
# What stands in these addresses is a word of the product, the same in every hospital.
COMMON_WORDS = {
    "journeys:add_template",
    "insight:people",
    "compliance:phone_answer",
    "health:tick",
    "health:untick",
}
# A word that means nothing is refused there with a sentence, or says that the sign-in expired.
UNKNOWN_WORD = {"health:tick": 409, "health:untick": 409, "patients:oauth": 403}
# Pages that exist only with a word behind the address.
QUERIES = dict.fromkeys(("patients:verify", "patients:send_code", "patients:bedside"), "?as=self")
# An empty form is refused before the action looks at who asks, or at the word in the address.
FORMS: dict[str, Callable[[Place], Kwargs]] = {
    "compliance:phone_answer": lambda _place: {"answer": "yes"},
    "journeys:enrolments": lambda place: {"patient": place.patient.key},
}
# Pages that ask for more inside than at the door: who is let in there too.
INSIDE: dict[tuple[str, str], tuple[str, ...]] = {
    ("journeys:enrolment", "GET"): PERMISSIONS["journey.read"],
    ("journeys:enrolments", "POST"): PERMISSIONS["patient.edit"],
    ("insight:people", "GET"): PERMISSIONS["patient.read"],
    ("content:comment", "POST"): PERMISSIONS["content.edit"] + PERMISSIONS["content.review"],
    ("health:approve_row", "POST"): ("doctor",),
}


def find_beginning(route: Route) -> str:
    fitting = [beginning for beginning in KEYS if route.address.startswith(beginning)]
    return max(fitting, key=len, default="")


# --- The cast ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class House:
    """Riverside with everybody who works there, a patient, her neighbour, and one elsewhere."""

    own: Place
    neighbour: Place
    elsewhere: Place
    staff: dict[str, Staff]
    cookies: dict[str, Cookies]
    client: Client
    made: dict[tuple[int, str], Kwargs]
    taken: dict[str, list[str]]

    def keys(self, route: Route, place: Place) -> Kwargs:
        """Return what stands in the address for this place."""
        if not route.converters:
            return {}
        made = self.made[place.patient.pk, find_beginning(route)]
        return {name: made[name] for name in route.converters}

    def form(self, route: Route) -> Kwargs:
        return FORMS[route.name](self.own) if route.name in FORMS else {}


def make_place(hospital: Hospital) -> Place:
    patient, holder = make_measuring_patient(hospital)
    make_reading(patient, 185, 112)
    return Place(hospital, patient, holder)


def make_house() -> House:
    riverside, other = make_hospital("河畔医院"), make_hospital("别处医院")
    staff = {role: make_staff(riverside, role=role) for role in ROLES}
    approve_rows(riverside, staff["doctor"])
    approve_rows(other, make_staff(other, role="doctor"))
    own, neighbour, elsewhere = make_place(riverside), make_place(riverside), make_place(other)
    cookies = {role: cookies_of(sign_in(person)) for role, person in staff.items()}
    cookies["phone"] = cookies_of(sign_in_phone(Client(), own.holder))
    cookies["nobody"] = {}
    client = Client(raise_request_exception=False)
    made = {
        (place.patient.pk, beginning): make(place)
        for place in (own, neighbour, elsewhere)
        for beginning, make in KEYS.items()
    }
    return House(own, neighbour, elsewhere, staff, cookies, client, made, taken={})


def cookies_of(client: Client) -> Cookies:
    return {name: morsel.value for name, morsel in client.cookies.items()}


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[House]:
    with django_db_blocker.unblock(), undone():
        yield make_house()


@contextmanager
def undone() -> Iterator[None]:
    """Run a block and take back what it wrote."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


# --- Asking --------------------------------------------------------------------------------------


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


def roles_of(route: Route, method: str) -> list[str]:
    """Return who may: by the permission at the door, and by what some pages ask for inside."""
    inside = INSIDE.get((route.name, method), ROLES)
    return [role for role in route.roles if role in inside]


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


def swap_keys(own: Kwargs, other: Kwargs) -> list[Kwargs]:
    """Put somebody else's keys in an address: all of them, then one at a time."""
    swapped = [other, *(own | {name: other[name]} for name in own)]
    unlike = [kwargs for kwargs in swapped if kwargs != own]
    return [kwargs for at, kwargs in enumerate(unlike) if kwargs not in unlike[:at]]


# --- No route is forgotten -----------------------------------------------------------------------


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


# --- The console ---------------------------------------------------------------------------------


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


@named(STAFF)
def test_nobody_signed_in_is_led_to_the_sign_in(route: Route, house: House) -> None:
    url = route.url(house.keys(route, house.own))
    asked = [Asker(house, "nobody").ask(method, url) for method in methods_of(house, route)]
    sign_in_url = f"{reverse(settings.LOGIN_URL)}?"

    assert [one.said for one in asked if not one.to.startswith(sign_in_url)] == []
    assert {one.status for one in asked} == {302}


# --- The phone -----------------------------------------------------------------------------------


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


# --- Never a 500 ---------------------------------------------------------------------------------

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
