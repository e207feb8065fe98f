"""Pages of a mini-program, and what its web-view shows."""

from __future__ import annotations

from urllib.parse import parse_qs, urljoin

from sandbox.errors import ApiError
from sandbox.state import MiniProgram


def check_page(program: MiniProgram, page: str, code: int) -> None:
    """Refuse a page that the published version has not; none at all leads home."""
    path = page.partition("?")[0].lstrip("/")
    if path and path not in program.pages:
        raise ApiError(code, path)


def find_page(program: MiniProgram, query: str) -> str:
    """Return what the web-view shows: home, or where `to` leads on the same host."""
    target = parse_qs(query).get("to", [""])[0]
    is_ours = target.startswith("/") and not target.startswith(("//", "/\\"))
    return urljoin(program.home_url, target) if is_ours and program.home_url else program.home_url
