"""Addresses of things that have a key: a page of lines asks for forty of them.

Finding a route by its name costs as much as half of the line that the address stands in, so each
route is found once.
"""

from __future__ import annotations

from functools import cache

from django.urls import reverse

PLACE = "KEY"


def link(route: str, key: str) -> str:
    """Return the address of a route that takes one key."""
    return before_and_after(route)[0] + key + before_and_after(route)[1]


@cache
def before_and_after(route: str) -> tuple[str, str]:
    before, _, after = reverse(route, args=[PLACE]).partition(PLACE)
    return before, after
