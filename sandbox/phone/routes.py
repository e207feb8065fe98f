"""The phone page and what it fetches."""

from __future__ import annotations

from starlette.routing import Mount, Route

ROUTES: list[Route | Mount] = []
