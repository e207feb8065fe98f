"""SendTtsVoice: signed, checked against the template and the limits, and a telephone rings."""

from __future__ import annotations

import re
import uuid

from starlette.requests import Request
from starlette.responses import Response

from sandbox.calls import Call
from sandbox.errors import Json
from sandbox.tencent import CloudError, admit, read_body, serve_cloud
from sandbox.voice.lines import VoiceApp, VoiceCall

VERSION = "2020-09-02"
ACTION_PATHS = {"SendTtsVoice": "/voice/SendTtsVoice"}
SLOT = re.compile(r"\{([0-9]+)\}")
NUMBER = re.compile(r"\+86(1[0-9]{10})")
MOST_PLAYS = 3


async def serve(request: Request) -> Response:
    """Answer one call of the voice API."""
    return await serve_cloud(request, ACTION_PATHS, "SendTtsVoice", answer_action)


def answer_action(call: Call, action: str) -> Json:
    apps = admit(call, call.box.world.voice.values())
    if action not in ACTION_PATHS or call.request.headers.get("x-tc-version") != VERSION:
        raise CloudError("InvalidAction")
    call.body = read_body(call.raw)
    return ring(call, apps)


def ring(call: Call, apps: list[VoiceApp]) -> Json:
    app = next((a for a in apps if a.sdk_app_id == call.text("VoiceSdkAppid")), None)
    if app is None:
        raise CloudError("UnauthorizedOperation.VoiceSdkAppidVerifyFail")
    call.account = app.sdk_app_id
    text = compose(call, app)
    number = NUMBER.fullmatch(call.text("CalledNumber"))
    if number is None:
        raise CloudError("InvalidParameterValue.CalledNumberVerifyFail")
    check_limits(call, number[1])
    call_id = str(uuid.uuid4())
    app.calls.append(VoiceCall(call_id, number[1], text, began_at=call.now))
    call.box.log.touch()
    return {"SendStatus": {"CallId": call_id, "SessionContext": call.text("SessionContext")}}


def compose(call: Call, app: VoiceApp) -> str:
    template_id = call.text("TemplateId")
    template = app.templates.get(template_id)
    values = call.body.get("TemplateParamSet") or []
    plays = call.body.get("PlayTimes", 2)
    if template is None or template_id in app.in_review:
        raise CloudError("FailedOperation.TemplateIncorrectOrUnapproved")
    if not isinstance(values, list) or len(set(SLOT.findall(template))) != len(values):
        raise CloudError("FailedOperation.TemplateIncorrectOrUnapproved")
    if not isinstance(plays, int) or not 1 <= plays <= MOST_PLAYS:
        raise CloudError("InvalidParameterValue.PlayTimes")
    return SLOT.sub(lambda match: str(values[int(match[1]) - 1]), template)


def check_limits(call: Call, number: str) -> None:
    """Count what this number was rung: every window has its own most."""
    rung = [
        one.began_at
        for app in call.box.world.voice.values()
        for one in app.calls
        if one.number == number
    ]
    for seconds, most in call.box.world.settings.voice_limits.items():
        if sum(call.now - at < int(seconds) for at in rung) >= most:
            raise CloudError("LimitExceeded.DeliveryFrequencyLimit")
