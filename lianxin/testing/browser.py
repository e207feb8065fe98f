"""A real browser for tests and pictures: Chromium, axe-core and screenshots."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpResponseBase
from playwright.sync_api import Browser, Page, Route, sync_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start a headless Chromium and close it again."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def axe(page: Page) -> list[str]:
    """Return one line per accessibility violation on the page as it is now."""
    # Given by evaluate: the page's own policy forbids adding a script element.
    page.evaluate(AXE.read_text(encoding="utf-8"))
    options = {"runOnly": {"type": "tag", "values": RULES}}
    result: dict[str, Any] = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in result["violations"]
        for node in violation["nodes"]
    ]


def shot(page: Page, path: Path, width: int = 1440, height: int = 900) -> None:
    """Save the whole page as a picture at one width."""
    page.set_viewport_size({"width": width, "height": height})
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(path), full_page=True)


def overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than its window; a reader must never pan."""
    width: int = page.evaluate(
        "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return width


def show(page: Page, response: HttpResponseBase, path: str = "/") -> None:
    """Open an answer of the test client in the browser, with its headers and the static files."""
    body = getattr(response, "content", b"")
    headers = dict(response.items())

    def fulfill(route: Route) -> None:
        asked = urlsplit(route.request.url).path
        is_static = asked.startswith(settings.STATIC_URL)
        found = finders.find(asked.removeprefix(settings.STATIC_URL)) if is_static else None
        if asked == path:
            route.fulfill(status=200, headers=headers, body=body)
        elif isinstance(found, str):
            route.fulfill(path=found)
        else:
            route.fulfill(status=204)

    page.route("**/*", fulfill)
    page.goto(f"http://localhost{path}")
