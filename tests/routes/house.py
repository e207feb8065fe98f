"""The cast: both hospitals, built once; whatever a request does is undone before the next one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import transaction
from django.test import Client

from lianxin.core.models import Hospital
from lianxin.staff.models import Staff
from lianxin.staff.rules import ROLES
from lianxin.testing.core import make_hospital
from lianxin.testing.guarded import sign_in
from lianxin.testing.health import approve_rows, make_measuring_patient, make_reading
from lianxin.testing.patients import sign_in_phone
from lianxin.testing.staff import make_staff
from tests.routes.keys import FORMS, KEYS, Place, find_beginning
from tests.routes.table import Kwargs, Route

Cookies = dict[str, str]


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


@contextmanager
def undone() -> Iterator[None]:
    """Run a block and take back what it wrote."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
