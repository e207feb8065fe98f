"""The page that plays a member's WeCom, the bridge it puts into pages, and what they ask."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from sandbox.authorize import MEMBER_COOKIE
from sandbox.calls import make_json
from sandbox.control.configure import access_corp, access_person
from sandbox.control.routes import read_json
from sandbox.errors import ControlError, Json
from sandbox.phone.chats import list_messages
from sandbox.phone.routes import choose_language, make_page
from sandbox.runtime import Sandbox
from sandbox.state import Corp
from sandbox.wecom.bridge import OpenChat, invoke

HERE = Path(__file__).parent
# Long enough to be led to the sign-in page and back, too short to be taken for the phone's person.
SIGN_IN_SECONDS = 30
CUSTOMERS = 30


def box_of(request: Request) -> Sandbox:
    box: Sandbox = request.app.state.sandbox
    return box


async def show_client(request: Request) -> Response:
    return make_page(box_of(request), HERE / "client.html", choose_language(request))


async def give_bridge(_request: Request) -> Response:
    """Give what the real client puts into every page by itself."""
    headers = {"Cache-Control": "no-store"}
    return FileResponse(HERE / "static" / "bridge.js", headers=headers)


async def show_chats(request: Request) -> Response:
    """List whose client can be opened with whom, and what was said in the open chat."""
    box, query = box_of(request), request.query_params
    person = box.world.persons.get(query.get("person", ""))
    chat = f"wecom:{query.get('corp', '')}:{query.get('userid', '')}"
    return make_json(
        {
            "now": box.clock.now(),
            "corps": [describe_corp(box, corp) for corp in box.world.corps.values()],
            "messages": list_messages(box, person, chat) if person else [],
        }
    )


def describe_corp(box: Sandbox, corp: Corp) -> Json:
    members = [
        {
            "userid": m.userid,
            "name": m.name or m.userid,
            "customers": customers_of(box, corp, m.userid),
        }
        for m in corp.members.values()
        if m.is_active
    ]
    return {
        "corp_id": corp.corp_id,
        "name": corp.name,
        "sidebar_url": find_sidebar(corp),
        "members": members,
    }


def customers_of(box: Sandbox, corp: Corp, userid: str) -> list[Json]:
    """List the newest first, as the client does."""
    relations = [r for r in corp.relations.values() if r.userid == userid and r.state == "active"]
    relations.sort(key=lambda relation: -relation.added_at)
    persons = [box.world.persons[relation.person] for relation in relations[:CUSTOMERS]]
    return [{"id": p.id, "name": p.name, "name_en": p.name_en or p.name} for p in persons]


def find_sidebar(corp: Corp) -> str:
    """Return the page that the administrator put beside the chats."""
    return next((app.sidebar_url for app in corp.apps if app.sidebar_url), "")


async def open_sidebar(request: Request) -> Response:
    """Open the page beside the chat: for a moment the sign-in page knows the member."""
    data = await read_json(request)
    opened = read_chat(request, data)
    url = find_sidebar(opened.corp)
    if urlsplit(url).scheme not in ("http", "https"):
        raise ControlError(409, "no page stands beside the chats")
    response = make_json({"ok": True, "url": url})
    member = f"{opened.corp.corp_id}:{opened.userid}"
    response.set_cookie(
        MEMBER_COOKIE, member, max_age=SIGN_IN_SECONDS, httponly=True, samesite="lax"
    )
    return response


async def call(request: Request) -> Response:
    """Answer a call of the page, which the bridge has passed on with the page's own address."""
    data = await read_json(request)
    name, params = data.get("name"), data.get("params")
    if not isinstance(name, str) or not isinstance(params, dict):
        raise ControlError(422, "name and params are missing")
    box, opened = box_of(request), read_chat(request, data)
    result = invoke(box, opened, name, params)
    outcome = "ok" if str(result["err_msg"]).endswith(":ok") else "error"
    box.log.add(
        "act",
        "client_call",
        account=opened.corp.corp_id,
        outcome=outcome,
        params={"call": name, "answer": result["err_msg"]},
    )
    return make_json(result)


def read_chat(request: Request, data: Json) -> OpenChat:
    box = box_of(request)
    corp = access_corp(box, str(data.get("corp_id", "")))
    userid = str(data.get("userid", ""))
    if userid not in corp.members:
        raise ControlError(404, "no such member")
    person = access_person(box, str(data.get("person", "")))
    return OpenChat(corp, userid, person, str(data.get("page", "")))


ROUTES: list[Route | Mount] = [
    Route("/client", show_client),
    Route("/client/bridge.js", give_bridge),
    Route("/client/data", show_chats),
    Route("/client/open", open_sidebar, methods=["POST"]),
    Route("/client/call", call, methods=["POST"]),
    Mount("/client/static", StaticFiles(directory=HERE / "static")),
]
