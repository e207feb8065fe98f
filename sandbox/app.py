"""The web application: providers' paths, OAuth page, pictures, control API, and the phone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from sandbox.authorize import authorize
from sandbox.calls import make_json
from sandbox.client.routes import ROUTES as CLIENT_ROUTES
from sandbox.control.routes import ROUTES as CONTROL_ROUTES
from sandbox.control.routes import read_json, refuse
from sandbox.errors import ControlError
from sandbox.mini_program.routes import serve as serve_mini
from sandbox.official_account.articles import finish_examinations
from sandbox.official_account.routes import serve as serve_official
from sandbox.phone.routes import ROUTES as PHONE_ROUTES
from sandbox.pictures import (
    show_account_code,
    show_contact_code,
    show_join_code,
    show_kf_code,
    show_link_code,
    show_mini_code,
    show_scene_code,
)
from sandbox.runtime import Sandbox
from sandbox.sms.routes import serve as serve_sms
from sandbox.voice.acts import end_overdue
from sandbox.voice.routes import serve as serve_voice
from sandbox.wecom.archive_records import hand_out
from sandbox.wecom.routes import serve as serve_wecom
from sandbox.wecom.transfer_acts import finish_due

ANY = ["GET", "POST"]


async def say_healthy(_request: Request) -> Response:
    return PlainTextResponse("ok")


async def hand_out_records(request: Request) -> Response:
    """Answer the stand-in of the archive's native library, which no path of the provider has."""
    return make_json(hand_out(request.app.state.sandbox, await read_json(request)))


def make_routes() -> list[Route | Mount]:
    return [
        Route("/healthz", say_healthy),
        Route("/connect/oauth2/authorize", authorize),
        Route("/wecom/connect/oauth2/authorize", authorize),
        Route("/official/connect/oauth2/authorize", authorize),
        Route("/official/cgi-bin/showqrcode", show_scene_code),
        Route("/qr/contact/{config_id}.svg", show_contact_code),
        Route("/qr/join/{config_id}.svg", show_join_code),
        Route("/qr/link/{link_id}.svg", show_link_code),
        Route("/qr/official/{app_id}.svg", show_account_code),
        Route("/qr/mini/{scene_id}.svg", show_mini_code),
        Route("/qr/kf/{open_kfid}.svg", show_kf_code),
        Route("/wecom/{path:path}", serve_wecom, methods=ANY),
        Route("/official/{path:path}", serve_official, methods=ANY),
        Route("/mini/{path:path}", serve_mini, methods=ANY),
        Route("/finance-sdk/chat-data", hand_out_records, methods=["POST"]),
        Route("/sms", serve_sms, methods=["POST"]),
        Route("/sms/", serve_sms, methods=["POST"]),
        Route("/voice", serve_voice, methods=["POST"]),
        Route("/voice/", serve_voice, methods=["POST"]),
        *CONTROL_ROUTES,
        *CLIENT_ROUTES,
        *PHONE_ROUTES,
    ]


def make_app(box: Sandbox) -> Starlette:
    """Put the application together around one state."""

    @asynccontextmanager
    async def live(_app: Starlette) -> AsyncIterator[None]:
        keeper = asyncio.create_task(box.keep(finish_due, end_overdue, finish_examinations))
        yield
        keeper.cancel()
        with suppress(asyncio.CancelledError):
            await keeper
        box.save()
        await box.sender.client.aclose()

    app = Starlette(routes=make_routes(), lifespan=live, exception_handlers={ControlError: refuse})
    app.state.sandbox = box
    return app
