"""Ways into the mini-program: links for one person, and codes with a scene."""

from __future__ import annotations

import io
import re
import secrets

import segno
from starlette.responses import Response

from sandbox.calls import Call
from sandbox.errors import ApiError, Json
from sandbox.mini_program.paths import check_page
from sandbox.mini_program.users import MiniLink, MiniScene
from sandbox.state import MiniProgram

LONGEST_DAYS = 30
DAY = 86400
# Together with schemes, counted for each mini-program.
LINKS_PER_DAY = 500_000
# Document generate_urllink: at most 1024 of these characters.
QUERY = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@._~%-]{0,1024}")
LONGEST_SCENE = 32


def make_link(call: Call, program: MiniProgram) -> Json:
    link = _keep(call, program, call.body)
    return {"url_link": f"{call.root}/m/{link.token}"}


def make_scheme(call: Call, program: MiniProgram) -> Json:
    target = call.body.get("jump_wxa")
    target = target if isinstance(target, dict) else {}
    link = _keep(call, program, call.body | {k: target.get(k, "") for k in ("path", "query")})
    return {"openlink": f"weixin://dl/business/?t={link.token}"}


def _keep(call: Call, program: MiniProgram, body: Json) -> MiniLink:
    path, query = str(body.get("path") or ""), str(body.get("query") or "")
    check_page(program, path, 40165)
    if not QUERY.fullmatch(query):
        raise ApiError(40212, "query")
    day = int(call.now // DAY)
    if call.box.windows.is_over(f"links {program.app_id} {day}", LINKS_PER_DAY, DAY):
        raise ApiError(45009)
    link = MiniLink(secrets.token_urlsafe(9), path, query, _expiry(call, body))
    program.links[link.token] = link
    return link


def _expiry(call: Call, body: Json) -> float:
    """Return the end: at a time or after some days, never more than thirty days away."""
    if body.get("expire_type") == 1:
        days = body.get("expire_interval")
        if not isinstance(days, int) or not 1 <= days <= LONGEST_DAYS:
            raise ApiError(85402, "expire_interval")
        return call.now + days * DAY
    at = body.get("expire_time")
    if not isinstance(at, int) or not call.now < at <= call.now + LONGEST_DAYS * DAY:
        raise ApiError(85401, "expire_time")
    return float(at)


def open_link(link: MiniLink, person_id: str, now: float) -> str:
    """Open for the first person who comes, again and again; returns why not, or nothing."""
    if link.expires_at <= now:
        return "link_expired"
    if link.opened_by not in ("", person_id):
        return "link_taken"
    link.opened_by = person_id
    return ""


def draw_code(call: Call, program: MiniProgram) -> Response:
    """Give the picture itself; what is refused comes as JSON with status 200."""
    scene, page = call.text("scene"), call.text("page")
    if not 1 <= len(scene) <= LONGEST_SCENE:
        raise ApiError(40169, "scene")
    if call.body.get("check_path", True):
        check_page(program, page, 41030)
    found = next((s for s in program.scenes.values() if (s.scene, s.page) == (scene, page)), None)
    if found is None:
        found = MiniScene(secrets.token_hex(8), scene, page)
        program.scenes[found.id] = found
    out = io.BytesIO()
    segno.make(f"https://mp.weixin.qq.com/a/{found.id}", error="m").save(out, kind="png", scale=6)
    return Response(out.getvalue(), media_type="image/png")
