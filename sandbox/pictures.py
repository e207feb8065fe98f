"""QR pictures, made here: contact ways, scene codes, mini-programs, customer-service links."""

from __future__ import annotations

import io

import segno
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from sandbox.official_account.followers import SCENE_LINK
from sandbox.runtime import Sandbox
from sandbox.wecom.contact_ways import CONTACT_LINK
from sandbox.wecom.join_ways import JOIN_LINK


def draw_code(text: str) -> Response:
    """Draw the code as SVG without any style attribute."""
    out = io.BytesIO()
    segno.make(text, error="m").save(
        out, kind="svg", scale=8, border=2, dark="#16242b", light="#fff", xmldecl=False
    )
    return Response(out.getvalue(), media_type="image/svg+xml")


def draw_picture(text: str) -> Response:
    """Draw the code as the providers give it: points, not lines."""
    out = io.BytesIO()
    segno.make(text, error="m").save(out, kind="png", scale=10, border=4)
    return Response(out.getvalue(), media_type="image/png")


async def show_contact_code(request: Request) -> Response:
    box: Sandbox = request.app.state.sandbox
    config_id = request.path_params["config_id"]
    if any(config_id in corp.contact_ways for corp in box.world.corps.values()):
        return draw_picture(CONTACT_LINK + config_id)
    return PlainTextResponse("no such code", 404)


async def show_join_code(request: Request) -> Response:
    box: Sandbox = request.app.state.sandbox
    config_id = request.path_params["config_id"]
    if any(config_id in corp.groups.join_ways for corp in box.world.corps.values()):
        return draw_picture(JOIN_LINK + config_id)
    return PlainTextResponse("no such code", 404)


async def show_link_code(request: Request) -> Response:
    box: Sandbox = request.app.state.sandbox
    link_id = request.path_params["link_id"]
    for corp in box.world.corps.values():
        if link := corp.links.get(link_id):
            return draw_code(link.url)
    return PlainTextResponse("no such link", 404)


async def show_account_code(request: Request) -> Response:
    box: Sandbox = request.app.state.sandbox
    app_id = request.path_params["app_id"]
    if app_id in box.world.official_accounts:
        return draw_code(f"https://weixin.qq.com/r/{app_id}")
    return PlainTextResponse("no such account", 404)


async def show_mini_code(request: Request) -> Response:
    box: Sandbox = request.app.state.sandbox
    scene_id = request.path_params["scene_id"]
    if any(scene_id in program.scenes for program in box.world.mini_programs.values()):
        return draw_code(f"https://mp.weixin.qq.com/a/{scene_id}")
    return PlainTextResponse("no such code", 404)


async def show_kf_code(request: Request) -> Response:
    box: Sandbox = request.app.state.sandbox
    open_kfid = request.path_params["open_kfid"]
    if box.world.find_kf(open_kfid):
        return draw_code(f"https://work.weixin.qq.com/kf/{open_kfid}")
    return PlainTextResponse("no such account", 404)


async def show_scene_code(request: Request) -> Response:
    box: Sandbox = request.app.state.sandbox
    ticket = request.query_params.get("ticket", "")
    for account in box.world.official_accounts.values():
        if ticket in account.codes:
            return draw_picture(SCENE_LINK + ticket)
    return PlainTextResponse("no such ticket", 404)
