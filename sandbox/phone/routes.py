"""The phone page and what it fetches."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from sandbox.authorize import COOKIE
from sandbox.calls import make_json
from sandbox.control.configure import access_official_account, access_person
from sandbox.control.routes import read_json
from sandbox.control.verbs import PERSON_VERBS
from sandbox.errors import ControlError, Json
from sandbox.official_account.identity import is_signed
from sandbox.phone.view import show_view
from sandbox.runtime import Sandbox

HERE = Path(__file__).parent
LANGUAGE_COOKIE = "sandbox_language"
WAIT_SECONDS = 20.0
# Document 开放标签, wx-open-subscribe.
MOST_TEMPLATES = 3
LOCAL_FRAMES = "http://127.0.0.1:* http://localhost:*"


@cache
def read_texts() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads((HERE / "static/texts.json").read_text("utf-8"))
    return found


def choose_language(request: Request) -> str:
    asked = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE) or "zh"
    return asked if asked in read_texts() else "zh"


def fill(file: Path, texts: dict[str, str]) -> str:
    """Put the words into the page."""
    page = file.read_text("utf-8")
    for key, text in texts.items():
        page = page.replace("{{" + key + "}}", text)
    return page


def make_page(box: Sandbox, file: Path, language: str) -> Response:
    frames = " ".join(box.world.settings.frame_origins)
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"connect-src 'self'; frame-src 'self' {LOCAL_FRAMES} {frames}; "
        "frame-ancestors 'self'; base-uri 'none'; form-action 'self'"
    )
    html_language = "zh-Hans" if language == "zh" else "en"
    words = read_texts()[language] | {"html_language": html_language, "language": language}
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store"}
    return HTMLResponse(fill(file, words), headers=headers)


async def show_page(request: Request) -> Response:
    box: Sandbox = request.app.state.sandbox
    language = choose_language(request)
    page = make_page(box, HERE / "index.html", language)
    if "lang" in request.query_params:
        page.set_cookie(LANGUAGE_COOKIE, language, samesite="lax", max_age=365 * 86400)
    return page


async def enter_customer_service(request: Request) -> Response:
    """Open from inside a page: enters the session, then tells the phone around it."""
    box: Sandbox = request.app.state.sandbox
    person = box.world.persons.get(request.cookies.get(COOKIE, ""))
    if person:
        PERSON_VERBS["scan"](box, person, {"code": f"{request.url.path}?{request.url.query}"})
    return make_page(box, HERE / "enter.html", choose_language(request))


async def enter_mini_program(request: Request) -> Response:
    """Open a link for one person, and go on to what the mini-program's web-view shows."""
    box: Sandbox = request.app.state.sandbox
    words = read_texts()[choose_language(request)]
    person = box.world.persons.get(request.cookies.get(COOKIE, ""))
    if person is None:
        return PlainTextResponse(words["nobody"], 403)
    try:
        made = PERSON_VERBS["mini-open"](box, person, {"link": request.path_params["token"]})
    except ControlError as error:
        return PlainTextResponse(words.get(error.sentence, error.sentence), error.status)
    if not made["open_url"]:
        return PlainTextResponse(words["mini_no_page"], 404)
    return RedirectResponse(made["open_url"], 302)


async def show_data(request: Request) -> Response:
    """Answer the page's data; with `since` it waits until there is something new."""
    box: Sandbox = request.app.state.sandbox
    query = request.query_params
    since = query.get("since", "")
    if since.isdigit():
        await box.log.wait_for_change(int(since), WAIT_SECONDS)
    person = request.cookies.get(COOKIE, "")
    return make_json(show_view(box, person, query.get("chat", ""), query.get("find", "")))


async def take_phone(request: Request) -> Response:
    """Give the phone to another person, with that person's own cookies in it."""
    box: Sandbox = request.app.state.sandbox
    data: Json = await read_json(request)
    person = access_person(box, str(data.get("person", "")))
    former = box.world.persons.get(request.cookies.get(COOKIE, ""))
    response = make_json({"ok": True})
    response.set_cookie(COOKIE, person.id, samesite="lax", httponly=True, max_age=365 * 86400)
    if former is not person:
        for name in box.world.settings.phone_cookies:
            if former and name in request.cookies:
                former.cookies[name] = request.cookies[name]
            if name in person.cookies:
                value = person.cookies[name]
                response.set_cookie(name, value, samesite="lax", httponly=True)
            elif name in request.cookies:
                response.delete_cookie(name)
    box.log.touch()
    return response


async def check_page(request: Request) -> Response:
    """Answer a page's `wx.config`: whether its signature is by the account's own ticket."""
    box: Sandbox = request.app.state.sandbox
    data: Json = await read_json(request)
    account = box.world.official_accounts.get(str(data.get("appId", "")))
    page = str(data.get("page", ""))
    is_right = account is not None and is_signed(account, page, data, box.clock.now())
    return make_json({"is_right": is_right})


async def offer_notices(request: Request) -> Response:
    """Say what the dialog of `wx-open-subscribe` asks for: three templates at most."""
    box: Sandbox = request.app.state.sandbox
    data: Json = await read_json(request)
    account = access_official_account(box, str(data.get("app_id", "")))
    wanted = data.get("templates")
    asked = wanted if isinstance(wanted, list) and len(wanted) <= MOST_TEMPLATES else []
    offered = [one for one in account.notices if one["template_id"] in asked]
    return make_json({"name": account.name, "templates": offered})


ROUTES: list[Route | Mount] = [
    Route("/", show_page),
    Route("/kf/{open_kfid}", enter_customer_service),
    Route("/m/{token}", enter_mini_program),
    Route("/phone/data", show_data),
    Route("/phone/hold", take_phone, methods=["POST"]),
    Route("/phone/config", check_page, methods=["POST"]),
    Route("/phone/offer", offer_notices, methods=["POST"]),
    Mount("/phone/static", StaticFiles(directory=HERE / "static")),
]
