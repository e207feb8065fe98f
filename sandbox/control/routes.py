"""The control API over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.calls import make_json
from sandbox.control import configure, inspect
from sandbox.control.verbs import MEMBER_VERBS, PERSON_VERBS
from sandbox.errors import ControlError, Json
from sandbox.official_account.articles import finish_examinations
from sandbox.runtime import Sandbox, corp_target, forget_all, mini_target, official_target
from sandbox.voice.acts import VERBS as CALL_VERBS
from sandbox.voice.acts import find_call
from sandbox.wecom.transfer_acts import finish_due

SETTLE_SECONDS = 20.0


async def read_json(request: Request) -> Json:
    raw = await request.body()
    if not raw:
        return {}
    try:
        data = json.loads(raw)
    except ValueError as error:
        raise ControlError(422, "body is not JSON") from error
    if not isinstance(data, dict):
        raise ControlError(422, "body is not an object")
    return data


def _box(request: Request) -> Sandbox:
    box: Sandbox = request.app.state.sandbox
    return box


def refuse(_request: Request, error: Exception) -> Response:
    """Translate a wrong request into its status and one sentence."""
    if isinstance(error, ControlError):
        response = make_json({"error": error.sentence})
        response.status_code = error.status
        return response
    raise error


def _answer(request: Request, result: Json) -> Response:
    _box(request).log.touch()
    return make_json({"ok": True} | result)


def put_route(path: str, put: Callable[[Sandbox, str, Json], Json]) -> Route:
    async def endpoint(request: Request) -> Response:
        data = await read_json(request)
        try:
            result = put(_box(request), request.path_params["id"], data)
        except (KeyError, TypeError, AttributeError) as error:
            raise ControlError(422, f"bad or missing field: {error}") from error
        return _answer(request, result)

    return Route(path, endpoint, methods=["PUT"])


async def seed(request: Request) -> Response:
    data = await read_json(request)
    try:
        result = configure.seed(_box(request), data)
    except (KeyError, TypeError, AttributeError) as error:
        raise ControlError(422, f"bad or missing field: {error}") from error
    return _answer(request, result)


async def delete_person(request: Request) -> Response:
    return _answer(request, configure.delete_person(_box(request), request.path_params["id"]))


async def show_ids(request: Request) -> Response:
    return make_json(configure.show_ids(_box(request), request.path_params["id"]))


async def put_settings(request: Request) -> Response:
    return _answer(request, configure.put_settings(_box(request), await read_json(request)))


async def act_as_person(request: Request) -> Response:
    verb = PERSON_VERBS.get(request.path_params["verb"])
    if verb is None:
        raise ControlError(404, "no such verb")
    person = configure.access_person(_box(request), request.path_params["id"])
    return _answer(request, verb(_box(request), person, await read_json(request)))


async def act_as_member(request: Request) -> Response:
    verb = MEMBER_VERBS.get(request.path_params["verb"])
    if verb is None:
        raise ControlError(404, "no such verb")
    corp = configure.access_corp(_box(request), request.path_params["corp_id"])
    member = corp.members.get(request.path_params["userid"])
    if member is None or not member.is_active:
        raise ControlError(404, "no such member")
    return _answer(request, verb(_box(request), corp, member, await read_json(request)))


async def act_at_call(request: Request) -> Response:
    verb = CALL_VERBS.get(request.path_params["verb"])
    if verb is None:
        raise ControlError(404, "no such verb")
    box = _box(request)
    return _answer(
        request, verb(box, *find_call(box, request.path_params["id"]), await read_json(request))
    )


async def show_clock(request: Request) -> Response:
    return make_json(inspect.show_clock(_box(request)))


async def move_clock(request: Request) -> Response:
    box, data = _box(request), await read_json(request)
    if isinstance(data.get("add_seconds"), int | float):
        box.clock.advance(data["add_seconds"])
    elif isinstance(data.get("offset_seconds"), int | float):
        box.clock.set_offset(data["offset_seconds"])
    else:
        raise ControlError(422, "add_seconds or offset_seconds is missing")
    box.log.add("act", "clock", params={"offset_seconds": int(box.clock.offset)})
    box.sender.release_due()
    finish_due(box)
    finish_examinations(box)
    return _answer(request, inspect.show_clock(box))


async def show_faults(request: Request) -> Response:
    return make_json({"faults": _box(request).faults.dump()})


async def replace_faults(request: Request) -> Response:
    data = await read_json(request)
    items = data.get("faults")
    if not isinstance(items, list):
        raise ControlError(422, "faults is missing")
    seed = data.get("seed")
    _box(request).faults.replace(items, seed if isinstance(seed, int) else None)
    return _answer(request, {"faults": _box(request).faults.dump()})


async def add_fault(request: Request) -> Response:
    _box(request).faults.add(await read_json(request))
    return _answer(request, {"faults": _box(request).faults.dump()})


async def remove_fault(request: Request) -> Response:
    _box(request).faults.remove(request.path_params["kind"])
    return _answer(request, {"faults": _box(request).faults.dump()})


async def show_state(request: Request) -> Response:
    return make_json(inspect.show_state(_box(request)))


async def show_log(request: Request) -> Response:
    after = request.query_params.get("after", "0")
    return make_json({"log": _box(request).log.list_after(int(after) if after.isdigit() else 0)})


async def settle(request: Request) -> Response:
    finish_due(_box(request))
    finish_examinations(_box(request))
    is_settled = await _box(request).sender.settle(SETTLE_SECONDS)
    return _answer(request, {"settled": is_settled})


async def revoke_tokens(request: Request) -> Response:
    box, data = _box(request), await read_json(request)
    name = str(data.get("account", ""))
    world = box.world
    account = (
        world.corps.get(name) or world.official_accounts.get(name) or world.mini_programs.get(name)
    )
    if account is None:
        raise ControlError(404, f"no account {name!r}")
    for token in account.tokens.values():
        token.is_revoked = True
    return _answer(request, {"revoked": len(account.tokens)})


async def verify(request: Request) -> Response:
    box, data = _box(request), await read_json(request)
    kind, name = str(data.get("kind", "")), str(data.get("id", ""))
    if kind == "official_account":
        target = official_target(configure.access_official_account(box, name))
    elif kind == "mini_program":
        target = mini_target(configure.access_mini_program(box, name))
    elif kind in ("wecom", "wecom_kf"):
        target = corp_target(configure.access_corp(box, name), kind)
    else:
        raise ControlError(422, "kind is wecom, wecom_kf, official_account or mini_program")
    return make_json(await box.sender.verify_url(target))


async def reset(request: Request) -> Response:
    box, data = _box(request), await read_json(request)
    if data.get("all"):
        forget_all(box)
        return _answer(request, {})
    for person in box.world.persons.values():
        person.inbox, person.seen = [], {}
    for corp in box.world.corps.values():
        corp.staff_messages = []
    for app in box.world.sms.values():
        app.sent = []
    for voice in box.world.voice.values():
        voice.calls = []
    box.world.counts = {}
    box.faults.items.clear()
    box.log.clear()
    return _answer(request, {})


ROUTES = [
    put_route("/control/corps/{id}", configure.put_corp),
    put_route("/control/kf-accounts/{id}", configure.put_kf_account),
    put_route("/control/official-accounts/{id}", configure.put_official_account),
    put_route("/control/mini-programs/{id}", configure.put_mini_program),
    put_route("/control/sms/{id}", configure.put_sms),
    put_route("/control/voice/{id}", configure.put_voice),
    put_route("/control/persons/{id}", configure.put_person),
    Route("/control/persons/{id}", delete_person, methods=["DELETE"]),
    Route("/control/persons/{id}/{verb}", act_as_person, methods=["POST"]),
    Route("/control/corps/{corp_id}/members/{userid}/{verb}", act_as_member, methods=["POST"]),
    Route("/control/calls/{id}/{verb}", act_at_call, methods=["POST"]),
    Route("/control/seed", seed, methods=["POST"]),
    Route("/control/settings", put_settings, methods=["PUT"]),
    Route("/control/ids/{id}", show_ids, methods=["GET"]),
    Route("/control/clock", show_clock, methods=["GET"]),
    Route("/control/clock", move_clock, methods=["POST"]),
    Route("/control/faults", show_faults, methods=["GET"]),
    Route("/control/faults", replace_faults, methods=["PUT"]),
    Route("/control/faults", add_fault, methods=["POST"]),
    Route("/control/faults/{kind}", remove_fault, methods=["DELETE"]),
    Route("/control/state", show_state, methods=["GET"]),
    Route("/control/log", show_log, methods=["GET"]),
    Route("/control/settle", settle, methods=["POST"]),
    Route("/control/tokens/revoke", revoke_tokens, methods=["POST"]),
    Route("/control/verify", verify, methods=["POST"]),
    Route("/control/reset", reset, methods=["POST"]),
]
