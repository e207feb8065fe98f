"""Reviewed pages that a link may lead to. REVIEWED_PAGES names who knows: a room above."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True)
class ReviewedPage:
    """A page of the hospital that was reviewed and is published now."""

    key: str
    title: str
    summary: str
    # From the root of this installation.
    path: str


ListPages = Callable[[int], list[ReviewedPage]]


def list_pages(hospital_id: int) -> list[ReviewedPage]:
    """Return what is published now, newest first."""
    found: ListPages = import_string(settings.REVIEWED_PAGES)
    return found(hospital_id)
