"""Headers and language of every answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation

GetResponse = Callable[[HttpRequest], HttpResponseBase]
PERMISSIONS = "camera=(self), microphone=(self), geolocation=(), payment=(), usb=()"


def content_security_policy(scripts: str = "", framed_by: Sequence[str] = ()) -> str:
    """Say what a page may load: own files, the edge's event stream, nothing inline.

    `scripts` is one more origin whose scripts this page alone may run, `framed_by` are other
    sites that may show it in a frame.
    """
    ancestors = getattr(settings, "CSP_FRAME_ANCESTORS", "'self'")
    images = " ".join(getattr(settings, "CSP_IMAGE_SOURCES", []))
    edge: str = getattr(settings, "EDGE_ORIGIN", "")
    parts = {
        "default-src": "'self'",
        "script-src": f"'self' {scripts}".strip(),
        "style-src": "'self'",
        "img-src": f"'self' data: {images}".strip(),
        "media-src": "'self' blob:",
        "font-src": "'self'",
        "connect-src": f"'self' {edge}".strip(),
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-src": "'self'",
        "frame-ancestors": " ".join([ancestors, *framed_by]),
    }
    return "; ".join(f"{name} {value}" for name, value in parts.items())


class SecurityHeaders:
    """Put the policy on every answer that has not set its own."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", content_security_policy())
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        return response


class CookieLanguage:
    """Chinese unless this browser chose otherwise: the product speaks Chinese first."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        known = {code for code, _ in settings.LANGUAGES}
        language = chosen if chosen in known else settings.LANGUAGE_CODE
        with translation.override(language):
            request.__dict__["LANGUAGE_CODE"] = language
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", language)
            return response
