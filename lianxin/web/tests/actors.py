"""People for the frames' own tests: this room lies below those that know real ones."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest

STAFF_OF_REQUEST = "lianxin.web.tests.actors.staff_of_request"


@dataclass(frozen=True)
class Nurse:
    hospital_id: int
    name: str = "林护士"
    title: str = "护士"
    kind: str = "staff"
    id: int | None = 1
    allowed: frozenset[str] = frozenset({"today.read"})

    def may(self, permission: str) -> bool:
        return permission in self.allowed


def staff_of_request(request: HttpRequest) -> Nurse | None:
    """Believe the cookie: it names the hospital that the nurse works at."""
    hospital = request.COOKIES.get("nurse_at")
    return Nurse(int(hospital)) if hospital else None
