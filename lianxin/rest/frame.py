"""One API for programs: rooms give it routers, `lianxin/urls.py` joins them.

Errors are what every program gets: `{"error": a sentence, "status": the number}`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import translation
from django.utils.translation import gettext as _
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError

from lianxin.core import access_log
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, NotFoundError, RefusedError
from lianxin.core.scope import scope

R = TypeVar("R")


class Problem(Schema):
    """Why an operation was not done, for the person in front of the program."""

    error: str
    status: int


def make_api() -> NinjaAPI:
    api = NinjaAPI(
        title="Lianxin",
        version="1",
        description="REST API of one Lianxin installation.",
        urls_namespace="api",
        docs_url=None,
    )
    api.add_exception_handler(NotFoundError, tell_missing)
    api.add_exception_handler(ForbiddenError, tell_forbidden)
    api.add_exception_handler(RefusedError, tell_refused)
    api.add_exception_handler(AuthenticationError, tell_unknown)
    api.add_exception_handler(ValidationError, tell_invalid)
    api.add_exception_handler(HttpError, tell_failed)
    return api


def in_hospital(operation: Callable[..., R]) -> Callable[..., R]:
    """Run an operation of a signed-in actor as one transaction of their hospital."""

    @wraps(operation)
    def run(request: HttpRequest, *args: Any, **kwargs: Any) -> R:
        actor: Actor = request.auth  # type: ignore[attr-defined]
        language = getattr(actor, "language", "") or translation.get_language()
        with scope(actor.hospital_id), translation.override(language):
            return operation(request, *args, **kwargs)

    # The API reads the types here, where the names of the operation's module mean nothing.
    run.__dict__["__signature__"] = inspect.signature(operation, eval_str=True)
    return run


def problem(sentence: str, status: int) -> HttpResponse:
    return JsonResponse({"error": sentence, "status": status}, status=status)


def tell_missing(request: HttpRequest, error: Any) -> HttpResponse:
    del request, error
    return problem(_("没有找到。它可能已经过期，或不属于您。"), HTTPStatus.NOT_FOUND)


def tell_forbidden(request: HttpRequest, error: Any) -> HttpResponse:
    """Refuse, and leave a line in the access log as the pages do."""
    actor: Actor | None = getattr(request, "auth", None)
    if actor is not None:
        match = request.resolver_match
        with scope(actor.hospital_id):
            access_log.record_refusal(
                actor,
                page=match.view_name if match else "unknown",
                patient_id=getattr(error, "patient_id", None),
            )
    return problem(_("您不能做这件事。"), HTTPStatus.FORBIDDEN)


def tell_refused(request: HttpRequest, error: Any) -> HttpResponse:
    del request
    return problem(str(error), HTTPStatus.CONFLICT)


def tell_unknown(request: HttpRequest, error: Any) -> HttpResponse:
    del request, error
    return problem(_("登录已过期，请重新打开。"), HTTPStatus.UNAUTHORIZED)


def tell_invalid(request: HttpRequest, error: Any) -> HttpResponse:
    """Name the fields that do not fit, never their values."""
    del request
    fields = sorted({str(part) for one in error.errors for part in one["loc"][-1:]})
    sentence = _("内容不对：%(fields)s。") % {"fields": "、".join(fields)}
    return problem(sentence, HTTPStatus.UNPROCESSABLE_ENTITY)


def tell_failed(request: HttpRequest, error: Any) -> HttpResponse:
    del request
    return problem(_("这个请求看不懂。"), error.status_code)
