"""REST: the mini-program's sign-in, its session, and the way into its web-view."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status
from ninja.security import HttpBearer
from pydantic import Field

from lianxin.channels import oauth
from lianxin.channels import queries as channels
from lianxin.channels.adapters.provider_http import ProviderError
from lianxin.channels.models import Account
from lianxin.core.errors import NotFoundError
from lianxin.core.scope import scope
from lianxin.patients import actions, queries, rules
from lianxin.patients.models import Holder, HolderSession
from lianxin.rest.frame import Problem, in_hospital, problem

router = Router(tags=["mini-program"])
MINI = HolderSession.Kind.MINI


class MiniSession(HttpBearer):
    """The token of a session, as `Authorization: Bearer`; it works for its hospital's account."""

    def authenticate(self, request: HttpRequest, token: str) -> Holder | None:
        known = queries.find_holder_by_token(token, MINI)
        if known is None:
            return None
        match = request.resolver_match
        account = find_mini(str(match.kwargs.get("key", "")) if match else "")
        if account is None or account.hospital_id != known.hospital_id:
            return None
        with scope(known.hospital_id):
            return queries.load_holder(known.hospital_id, known.pk)


class SignIn(Schema):
    code: Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,200}$", description="wx.login 的 code")]


class Session(Schema):
    token: str


class Target(Schema):
    to: Annotated[str, Field(max_length=300)] = "/p/"


class Address(Schema):
    url: str


def find_mini(key: str) -> Account | None:
    return channels.find_open_account(Account.Kind.MINI_PROGRAM, key)


def access_mini(key: str) -> Account:
    account = find_mini(key)
    if account is None:
        raise NotFoundError
    return account


@router.post(
    "{slug:key}/sessions/",
    response={201: Session, 403: Problem, 404: Problem, 503: Problem},
    url_name="mini_sessions",
    summary="Sign in with the code of wx.login, which works once",
)
def open_session(request: HttpRequest, key: str, body: SignIn) -> HttpResponse | Status[Session]:
    del request
    account = access_mini(key)
    with scope(account.hospital_id):
        facts = channels.facts_of(account)
    try:
        opener = oauth.identify_opener(facts, body.code)
    except ProviderError:
        return problem(_("微信没有回应，请稍后再试。"), HTTPStatus.SERVICE_UNAVAILABLE)
    if opener is None:
        return problem(_("登录没有成功，请重新打开小程序。"), HTTPStatus.FORBIDDEN)
    with scope(account.hospital_id):
        return Status(201, Session(token=actions.admit_opener(account, opener)))


@router.post(
    "{slug:key}/leave/",
    response={204: None, 401: Problem},
    url_name="mini_leave",
    auth=MiniSession(),
    summary="Sign out",
)
@in_hospital
def close_session(request: HttpRequest, key: str) -> Status[None]:
    del key
    actions.close_session(request.headers["Authorization"].partition(" ")[2])
    return Status(204, None)


@router.post(
    "{slug:key}/passes/",
    response={201: Address, 401: Problem},
    url_name="mini_passes",
    auth=MiniSession(),
    summary="Get the address that lets the web-view in, once, within a minute",
)
@in_hospital
def make_pass(request: HttpRequest, key: str, body: Target) -> Status[Address]:
    del key
    token = actions.open_session(request.auth, HolderSession.Kind.WEB_VIEW)  # type: ignore[attr-defined]
    path = reverse("patients:use_pass", args=[token])
    to = quote(rules.safe_portal_path(body.to), safe="")
    return Status(201, Address(url=f"{settings.BASE_URL}{path}?to={to}"))


@router.post(
    "{slug:key}/links/",
    response={201: Address, 401: Problem, 503: Problem},
    url_name="mini_links",
    auth=MiniSession(),
    summary="Make a link into the mini-program for this person alone; it lasts a day",
)
def make_link(request: HttpRequest, key: str, body: Target) -> HttpResponse | Status[Address]:
    """Ask the provider; the link opens for whoever opens it first, so it is never sent to many."""
    del request
    account = access_mini(key)
    with scope(account.hospital_id):
        facts = channels.facts_of(account)
    try:
        url = oauth.make_link(facts, rules.safe_portal_path(body.to))
    except ProviderError:
        return problem(_("微信没有回应，请稍后再试。"), HTTPStatus.SERVICE_UNAVAILABLE)
    return Status(201, Address(url=url))
