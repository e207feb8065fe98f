"""What happens at a telephone that rings, and what the service reports of it."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

from sandbox.callbacks import REPORT_SECONDS, Target
from sandbox.errors import ControlError, Json
from sandbox.runtime import Sandbox
from sandbox.voice.lines import VoiceApp, VoiceCall

KEYS = frozenset("0123456789*#")
# failure_code of the service's documents, with its words.
FAILURES = {
    "no-answer": (5, "无人接听"),
    "busy": (10, "用户正忙"),
    "switch-off": (1, "关机"),
    "wrong-number": (8, "空号"),
}


def find_call(box: Sandbox, call_id: str) -> tuple[VoiceApp, VoiceCall]:
    for app in box.world.voice.values():
        for call in app.calls:
            if call.call_id == call_id:
                return app, call
    raise ControlError(404, f"no call {call_id!r}")


def answer(box: Sandbox, _app: VoiceApp, call: VoiceCall, _data: Json) -> Json:
    need(call, "ringing")
    call.state, call.accepted_at = "answered", box.clock.now()
    box.log.touch()
    return {}


def press(box: Sandbox, app: VoiceApp, call: VoiceCall, data: Json) -> Json:
    need(call, "answered")
    key = str(data.get("key", ""))
    if key not in KEYS:
        raise ControlError(422, "key is one of 0-9, * and #")
    call.pressed += key
    about = describe(call) | {"keypress": key}
    return {"callbacks": [report(box, app, "voicekey_callback", about)]}


def hang_up(box: Sandbox, app: VoiceApp, call: VoiceCall, _data: Json) -> Json:
    need(call, "answered")
    return {"callbacks": [end(box, app, call, "0")]}


def fail(kind: str) -> Callable[[Sandbox, VoiceApp, VoiceCall, Json], Json]:
    code, words = FAILURES[kind]

    def act(box: Sandbox, app: VoiceApp, call: VoiceCall, _data: Json) -> Json:
        need(call, "ringing")
        about = describe(call) | {"failure_code": code, "failure_reason": words}
        first = end(box, app, call, "1")
        return {"callbacks": [first, report(box, app, "voice_failure_callback", about)]}

    return act


def end(box: Sandbox, app: VoiceApp, call: VoiceCall, result: str) -> int:
    """End the call; started minutes are billed, what nobody answered is not."""
    call.state, call.ended_at, call.result = "ended", box.clock.now(), result
    spent = call.ended_at - call.accepted_at if call.accepted_at else 0
    call.minutes = max(1, ceil(spent / 60)) if call.accepted_at else 0
    about = describe(call) | {
        "result": result,
        "accept_time": str(int(call.accepted_at)) if call.accepted_at else "",
        "start_calltime": str(int(call.began_at)),
        "end_calltime": str(int(call.ended_at)),
        "fee": str(call.minutes),
    }
    return report(box, app, "voiceprompt_callback", about)


def describe(call: VoiceCall) -> Json:
    caller = "075500000000"
    return {
        "call_from": caller,
        "callid": call.call_id,
        "mobile": call.number,
        "nationcode": "86",
    }


def report(box: Sandbox, app: VoiceApp, name: str, about: Json) -> int:
    """Post it as JSON, unsigned, as the service does. Nothing but the address is secret."""
    target = Target(
        "voice", app.sdk_app_id, app.callback_url, "", "", "", "", is_plain=True, is_json=True
    )
    return box.sender.send(target, name, {name: about}, wait_seconds=REPORT_SECONDS)


def need(call: VoiceCall, state: str) -> None:
    if call.state != state:
        raise ControlError(409, f"the call is {call.state}")


def end_overdue(box: Sandbox) -> None:
    """Stop what nobody answers, and what nobody hangs up."""
    now, settings = box.clock.now(), box.world.settings
    for app in box.world.voice.values():
        for call in app.calls:
            if call.state == "ringing" and now - call.began_at >= settings.ring_seconds:
                VERBS["no-answer"](box, app, call, {})
            elif call.state == "answered" and now - call.accepted_at >= settings.talk_seconds:
                hang_up(box, app, call, {})


VERBS: dict[str, Callable[[Sandbox, VoiceApp, VoiceCall, Json], Json]] = {
    "answer": answer,
    "press": press,
    "hang-up": hang_up,
    **{kind: fail(kind) for kind in FAILURES},
}
