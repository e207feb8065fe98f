"""What a refusal looks like, for htmx, for a program and for a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.test import RequestFactory, override_settings

from lianxin.core import access_log
from lianxin.core.errors import ForbiddenError, NotFoundError, RefusedError
from lianxin.core.models import AccessEntry, Hospital
from lianxin.core.scope import current_hospital_id, scope
from lianxin.web.http import portal_view, staff_view
from lianxin.web.tests.actors import STAFF_OF_REQUEST, Nurse

Ask = Callable[..., HttpResponseBase]
ERRORS = {404: NotFoundError(), 403: ForbiddenError(), 409: RefusedError("王护士刚刚接手了。")}


@pytest.fixture
def ask(riverside: Hospital) -> Iterator[Ask]:
    """Ask a view as a nurse at Riverside."""

    def call(view: Callable[..., HttpResponseBase], **headers: str) -> HttpResponseBase:
        request = RequestFactory().get("/somewhere/", headers=headers)
        request.COOKIES["nurse_at"] = str(riverside.pk)
        request.user = AnonymousUser()
        return view(request)

    with override_settings(STAFF_OF_REQUEST=STAFF_OF_REQUEST, NAVIGATION_BADGES=""):
        yield call


def raising(status: int) -> Callable[..., HttpResponseBase]:
    @staff_view()
    def view(request: HttpRequest) -> HttpResponse:
        raise ERRORS[status]

    return view


def text(response: HttpResponseBase) -> str:
    assert isinstance(response, HttpResponse)
    return response.content.decode()


@pytest.mark.parametrize("status", [403, 404, 409])
def test_a_person_gets_a_page_with_a_next_step(ask: Ask, status: int) -> None:
    response = ask(raising(status))

    assert response.status_code == status
    assert "回到今日" in text(response)


def test_htmx_gets_the_sentence_alone(ask: Ask) -> None:
    response = ask(raising(409), HX_Request="true")

    assert response["Content-Type"].startswith("text/plain")
    assert text(response) == "王护士刚刚接手了。"


def test_a_program_gets_json(ask: Ask) -> None:
    response = ask(raising(409), Accept="application/json")

    assert response["Content-Type"] == "application/json"
    assert "王护士刚刚接手了。" in text(response).encode().decode("unicode_escape")


def test_what_a_role_may_not_do_is_refused_and_written_down(ask: Ask, riverside: Hospital) -> None:
    @staff_view("staff.manage")
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("not reached")

    response = ask(view)

    assert response.status_code == 403
    with scope(riverside):
        assert AccessEntry.objects.get().outcome == AccessEntry.Outcome.REFUSED


def test_a_view_runs_in_its_hospital_and_a_refusal_undoes_what_it_wrote(
    ask: Ask, riverside: Hospital
) -> None:
    seen: list[int | None] = []

    @staff_view("today.read")
    def view(request: HttpRequest) -> HttpResponse:
        seen.append(current_hospital_id())
        access_log.record_views(Nurse(riverside.pk), [7], page="test")
        raise RefusedError("不行。")

    response = ask(view)

    assert response.status_code == 409
    assert seen == [riverside.pk]
    with scope(riverside):
        assert not AccessEntry.objects.exists()


def test_a_stranger_is_sent_to_the_sign_in_page(db: None) -> None:
    request = RequestFactory().get("/somewhere/")
    request.user = AnonymousUser()

    response = raising(404)(request)

    assert response.status_code == 302
    assert "next=/somewhere/" in response["Location"]


def test_htmx_of_a_stranger_moves_the_whole_page(db: None) -> None:
    request = RequestFactory().get("/somewhere/", headers={"HX-Request": "true"})
    request.user = AnonymousUser()

    response = raising(404)(request)

    assert response.status_code == 401
    assert response["HX-Redirect"]


def test_an_unknown_phone_is_told_how_to_get_in(db: None) -> None:
    @portal_view
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("not reached")

    request = RequestFactory().get("/p/somewhere/")
    request.user = AnonymousUser()
    response = view(request)

    assert response.status_code == 401
    assert "请从微信打开" in text(response)
    assert 'href="tel:120"' in text(response)
