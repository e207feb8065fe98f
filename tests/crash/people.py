"""Who uses the product while its processes die: phones that measure, a nurse who answers.

What was not acknowledged is sent again under the same key, as their pages do.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any

import httpx

LOG, DESK, LOGIN = "/p/health/log/", "/inbox/", "/accounts/login/"
DOOR = "/p/enter/riversidewc/"


@dataclass
class Browser:
    """A browser that is signed in: a patient's phone, or the nurse's at her desk."""

    client: httpx.Client
    person: str
    token: str = field(default="", repr=False)

    def open_phone(self) -> None:
        """Come in through the sandbox's WeChat, which knows by its cookie who holds the phone."""
        self.client.cookies.set("sandbox_person", self.person, domain="127.0.0.1")
        page = self.client.get(DOOR, params={"to": LOG}, follow_redirects=True)
        assert page.url.path == LOG, page.text
        self.token = token_of(page)

    def open_desk(self, password: str) -> None:
        form = {"login": self.person, "password": password}
        form["csrfmiddlewaretoken"] = token_of(self.client.get(LOGIN))
        page = self.client.post(LOGIN, data=form, follow_redirects=True)
        assert page.url.path != LOGIN, page.text
        self.token = token_of(self.client.get(DESK))

    def post(self, path: str, form: dict[str, Any]) -> httpx.Response | None:
        """Post a form; None when nobody answered or the house said that it could not.

        A 4xx would be an answer about the thing itself: after it no page sends it again.
        """
        headers = {"Accept": "application/json", "X-CSRFToken": self.token}
        try:
            answer = self.client.post(path, data=form, headers=headers)
        except httpx.TransportError:
            return None
        assert not answer.is_client_error, f"{answer.status_code} {answer.text}"
        return None if answer.is_server_error else answer


@dataclass
class Post(ABC):
    """Something that is sent again, under its key, until the house acknowledges it."""

    is_acknowledged: bool = field(default=False, kw_only=True)

    @property
    @abstractmethod
    def client_key(self) -> str:
        """The key under which the house knows a repeat."""

    @abstractmethod
    def send(self) -> bool:
        """Send it now; True when it was acknowledged, now or before."""


@dataclass
class Reading(Post):
    """One blood pressure, under the key that the phone's page gave it."""

    phone: Browser
    systolic: int
    diastolic: int
    pulse: int

    @property
    def values(self) -> tuple[int, int, int]:
        return self.systolic, self.diastolic, self.pulse

    @property
    def client_key(self) -> str:
        return f"storm-{self.systolic}-{self.diastolic}-{self.pulse}"

    def send(self) -> bool:
        systolic, diastolic, pulse = self.values
        form = {"systolic": systolic, "diastolic": diastolic, "pulse": pulse}
        answer = self.phone.post(LOG, form | {"client_key": self.client_key})
        if answer is not None:
            assert answer.json()["state"] == "saved", answer.text
            self.is_acknowledged = True
        return self.is_acknowledged


@dataclass
class Reply(Post):
    """One answer of the nurse to a person, under the key of her composer."""

    nurse: Browser
    person: str
    thread_key: str
    number: int

    @property
    def text(self) -> str:
        return f"答复 {self.number}：收到，已经记下。"

    @property
    def client_key(self) -> str:
        return f"storm-{self.number:04}"

    @property
    def page(self) -> str:
        return f"{DESK}{self.thread_key}/"

    def send(self) -> bool:
        answer = self.nurse.post(
            f"{self.page}replies/", {"text": self.text, "client_key": self.client_key}
        )
        if answer is not None:
            assert answer.headers["location"].startswith(self.page)
            self.is_acknowledged = True
        return self.is_acknowledged


def token_of(page: httpx.Response) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]
