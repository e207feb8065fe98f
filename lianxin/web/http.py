"""How a page is served: who asks, in which hospital, and what a refusal looks like."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial, wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import translation
from django.utils.module_loading import import_string
from django_htmx.middleware import HtmxDetails

from lianxin.core import access_log
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, NotFoundError, RefusedError
from lianxin.core.scope import scope
from lianxin.web import errors

View = Callable[..., HttpResponseBase]
Loader = Callable[[HttpRequest], Any]


class StaffRequest(HttpRequest):
    """A request of somebody who is signed in to the console."""

    htmx: HtmxDetails
    # staff.models.Staff; that room lies above this one, so the type is given where it is used.
    staff: Any


class PortalRequest(HttpRequest):
    """A request from a phone whose holder is known."""

    htmx: HtmxDetails
    # patients.models.Holder, for the same reason.
    holder: Any


def load_actor(setting: str, request: HttpRequest) -> Any:
    """Ask the loader that the composition root names, once per request."""
    known: dict[str, Any] = request.__dict__.setdefault("lx_actors", {})
    if setting not in known:
        path: str = getattr(settings, setting, "")
        loader: Loader | None = import_string(path) if path else None
        known[setting] = loader(request) if loader else None
    return known[setting]


def find_staff(request: HttpRequest) -> Any:
    """Return the staff member who is signed in, or None."""
    return load_actor("STAFF_OF_REQUEST", request)


def find_holder(request: HttpRequest) -> Any:
    """Return the person whose phone this is, or None."""
    return load_actor("HOLDER_OF_REQUEST", request)


def staff_view(
    permission: str | None = None, *, opens_scope: bool = True
) -> Callable[[View], View]:
    """Serve a console page: signed in, allowed, one transaction in the staff's hospital.

    A page that asks a provider takes `opens_scope` false and opens its scopes around the call.
    """

    def wrap(view: View) -> View:
        @wraps(view)
        def serve(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            staff = find_staff(request)
            if staff is None:
                return refuse_stranger(request)
            request.__dict__["staff"] = staff
            run = partial(view, request, *args, **kwargs)
            return answer(request, staff, permission, run, opens_scope=opens_scope)

        return declare(serve, "staff", permission)

    return wrap


def portal_view(view: View, *, opens_scope: bool = True) -> View:
    """Serve a patient page: the holder is known, one transaction in the holder's hospital.

    With `opens_scope` false the view opens it itself: it asks a provider in between.
    """

    @wraps(view)
    def serve(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        request.__dict__["frame_kind"] = errors.PORTAL
        holder = find_holder(request)
        if holder is None:
            return refuse_unknown_phone(request)
        request.__dict__["holder"] = holder
        with translation.override(language_of(request, holder)):
            run = partial(view, request, *args, **kwargs)
            return answer(request, holder, None, run, opens_scope=opens_scope)

    return declare(serve, "portal")


def declare(serve: View, audience: str, permission: str | None = None) -> View:
    """Write on a page for whom it is; `wraps` carries it outward, where tests/routes reads."""
    serve.__dict__.update(audience=audience, permission=permission)
    return serve


def answer(
    request: HttpRequest,
    actor: Actor,
    permission: str | None,
    run: Callable[[], HttpResponseBase],
    *,
    opens_scope: bool = True,
) -> HttpResponseBase:
    """Run a view inside its hospital and turn the three refusals into answers."""
    if has_nul(request):
        return errors.respond(request, 404)
    try:
        with scope(actor.hospital_id) if opens_scope else nullcontext():
            if permission and not actor.may(permission):
                raise ForbiddenError  # noqa: TRY301 - one way out for all refusals
            return rendered(run())
    except NotFoundError:
        return errors.respond(request, 404)
    except ForbiddenError as error:
        with scope(actor.hospital_id):
            patient_id = getattr(error, "patient_id", None)
            access_log.record_refusal(actor, page=page_name(request), patient_id=patient_id)
        return errors.respond(request, 403)
    except RefusedError as error:
        return errors.respond(request, 409, str(error))


def has_nul(request: HttpRequest) -> bool:
    """Tell whether a NUL was sent: no row holds one, and PostgreSQL fails when asked for one."""
    sent = (request.path, *request.GET.values(), *request.POST.values())
    return any("\0" in str(value) for value in sent)


def rendered(response: HttpResponseBase) -> HttpResponseBase:
    """Render a lazy response now, while its hospital is still open."""
    render = getattr(response, "render", None)
    if callable(render):
        render()
    return response


def page_name(request: HttpRequest) -> str:
    """Name the page for the access log: the route, never the address with its keys."""
    match = request.resolver_match
    return match.view_name if match else "unknown"


def language_of(request: HttpRequest, holder: Any) -> str:
    """Choose the language of a patient page: the switch on this phone, then the holder's own."""
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME) or getattr(holder, "language", "")
    known = {code for code, _ in settings.LANGUAGES}
    return chosen if chosen in known else settings.LANGUAGE_CODE


def refuse_stranger(request: HttpRequest) -> HttpResponseBase:
    """Send a stranger to the sign-in page; somebody without a staff record cannot pass it."""
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return errors.respond(request, 403, errors.no_staff_sentence())
    path: str = getattr(settings, "UNKNOWN_STAFF", "")
    response: HttpResponseBase | None = import_string(path)(request) if path else None
    if response is not None:
        return response
    if request.headers.get("HX-Request"):
        response = HttpResponse(status=401)
        response["HX-Redirect"] = reverse(settings.LOGIN_URL)
        return response
    if errors.wants_json(request):
        return errors.respond(request, 401)
    return redirect_to_login(request.get_full_path(), reverse(settings.LOGIN_URL))


def refuse_unknown_phone(request: HttpRequest) -> HttpResponseBase:
    """Let the composition root start a sign-in; otherwise say how to get in."""
    path: str = getattr(settings, "UNKNOWN_HOLDER", "")
    response = import_string(path)(request) if path else None
    return response or errors.respond(request, 401)
