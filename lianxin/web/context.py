"""What every template may ask its frame."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation
from django.utils.module_loading import import_string

from lianxin.core.scope import inside
from lianxin.web.http import find_holder, find_staff
from lianxin.web.navigation import JOBS, Badge, Entry, find_url, list_entries

BadgeCounter = Callable[[Any], dict[str, Badge]]
PORTAL_TABS: list[tuple[str, str]] = [
    ("today", "desk:phone_home"),
    ("trend", "health:phone_trend"),
    ("chat", "conversations:phone_chat"),
    ("me", "patients:phone_me"),
]


class Frame:
    """Computes only what the page uses; a page without a frame costs nothing."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @cached_property
    def staff(self) -> Any:
        return find_staff(self.request)

    @cached_property
    def holder(self) -> Any:
        return find_holder(self.request)

    @cached_property
    def hospital(self) -> Any:
        who = self.request.__dict__.get("staff") or self.request.__dict__.get("holder")
        who = who or self.holder or self.staff
        return getattr(who, "hospital", None)

    @cached_property
    def hospital_name(self) -> str:
        if self.hospital is None:
            return ""
        english = getattr(self.hospital, "name_en", "")
        is_english = translation.get_language() == "en"
        return str(english if is_english and english else self.hospital.name)

    @cached_property
    def phone(self) -> str:
        return str(getattr(self.hospital, "phone", "") or "")

    @cached_property
    def navigation(self) -> list[Entry]:
        if self.staff is None:
            return []
        declared = getattr(settings, "CONSOLE_NAVIGATION", JOBS)
        return list_entries(declared, self.staff, self.badges, self.request.path)

    @cached_property
    def badges(self) -> dict[str, Badge]:
        path: str = getattr(settings, "NAVIGATION_BADGES", "")
        if not path:
            return {}
        counter: BadgeCounter = import_string(path)
        with inside(self.staff.hospital_id):
            return counter(self.staff)

    @cached_property
    def tabs(self) -> dict[str, str]:
        """Addresses of the phone's tabs by name; a tab without a route is left out."""
        declared = getattr(settings, "PORTAL_TABS", PORTAL_TABS)
        return {name: url for name, route in declared if (url := find_url(route))}

    @cached_property
    def search_url(self) -> str:
        name: str = getattr(settings, "SEARCH_URL_NAME", "")
        return find_url(name) if name and self.staff is not None else ""

    @property
    def live_url(self) -> str:
        return f"{getattr(settings, 'EDGE_ORIGIN', '')}/live/"

    @property
    def theme(self) -> str:
        chosen = self.request.COOKIES.get("lx_theme", "")
        return chosen if chosen in {"light", "dark"} else "auto"

    @property
    def language(self) -> str:
        return translation.get_language() or settings.LANGUAGE_CODE

    @cached_property
    def is_elder(self) -> bool:
        """The switch on this phone counts first, then what the holder asked for before."""
        chosen = self.request.COOKIES.get("lx_elder")
        if chosen is not None:
            return chosen == "1"
        return bool(getattr(self.holder, "elder_mode", False))


def frame(request: HttpRequest) -> dict[str, Frame]:
    return {"frame": Frame(request)}
