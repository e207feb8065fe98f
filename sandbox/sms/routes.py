"""SendSms: signed, checked against sign and template, and shown on the person's phone."""

from __future__ import annotations

import json
import re
import secrets
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.calls import Call, count_call, make_json, meet_fault, read_call
from sandbox.errors import ApiError, Json
from sandbox.runtime import Sandbox
from sandbox.sms.signature import find_fault, find_secret_id
from sandbox.state import Person, SmsApp

VERSION = "2021-01-11"
ACTION_PATHS = {
    "SendSms": "/sms/SendSms",
    "DescribeSmsTemplateList": "/sms/DescribeSmsTemplateList",
}
STALE_SECONDS = 300
MOST_PER_DAY = 30
MOST_NUMBERS = 200
SLOT = re.compile(r"\{([0-9]+)\}")
NUMBER = re.compile(r"(?:\+86|0086|86)?(1[0-9]{10})")


class SmsError(Exception):
    """The gateway refuses the whole call, in its own words."""


async def serve(request: Request) -> Response:
    """Answer one SMS API call."""
    box: Sandbox = request.app.state.sandbox
    call = await read_call(box, request)
    action = request.headers.get("x-tc-action", "")
    path = ACTION_PATHS.get(action, ACTION_PATHS["SendSms"])
    call.path = path
    began = time.perf_counter()
    code = ""
    try:
        if garbage := await meet_fault(call):
            return garbage
        answer = answer_action(call, action)
    except ApiError as error:
        code = "RequestLimitExceeded" if error.code == 45009 else "InternalError"
        answer = _make_error(code)
    except SmsError as error:
        code = str(error)
        answer = _make_error(code)
    count_call(box, path, code)
    box.log.add(
        "call",
        path,
        account=call.account,
        outcome="error" if code else "ok",
        ms=round((time.perf_counter() - began) * 1000, 1),
        plain=json.dumps(call.body, ensure_ascii=False, indent=1),
        cipher=json.dumps(answer, ensure_ascii=False, indent=1),
        params={"error": code} if code else {},
    )
    return make_json({"Response": answer | {"RequestId": secrets.token_hex(16)}})


def _make_error(code: str) -> Json:
    return {"Error": {"Code": code, "Message": f"The request was refused: {code}."}}


def answer_action(call: Call, action: str) -> Json:
    if action not in ACTION_PATHS or call.request.headers.get("x-tc-version") != VERSION:
        raise SmsError("InvalidAction")
    apps = _admit(call)
    call.body = _read_body(call.raw)
    return send_sms(call, apps) if action == "SendSms" else list_templates(call, apps)


def send_sms(call: Call, apps: list[SmsApp]) -> Json:
    app = next((a for a in apps if a.sdk_app_id == str(call.body.get("SmsSdkAppId"))), None)
    if app is None:
        raise SmsError("UnauthorizedOperation.SmsSdkAppIdVerifyFail")
    call.account = app.sdk_app_id
    numbers = call.body.get("PhoneNumberSet") or []
    if not numbers or len(numbers) > MOST_NUMBERS:
        raise SmsError("InvalidParameterValue.IncorrectPhoneNumber")
    return {"SendStatusSet": [_send_one(call, app, str(number)) for number in numbers]}


def list_templates(call: Call, apps: list[SmsApp]) -> Json:
    """Describe templates: they belong to the holder of the key, not to one application."""
    if call.body.get("International") not in (0, 1):
        raise SmsError("MissingParameter")
    wanted = {str(one) for one in call.body.get("TemplateIdSet") or []}
    rows = [
        {
            "TemplateId": int(template_id),
            "International": 0,
            "StatusCode": 1 if template_id in app.in_review else 0,
            "ReviewReply": "",
            "TemplateName": f"T{template_id}",
            "TemplateContent": text,
            "CreateTime": int(call.now),
        }
        for app in apps
        for template_id, text in app.templates.items()
        if template_id.isdigit() and (not wanted or template_id in wanted)
    ]
    return {"DescribeTemplateStatusSet": rows}


def _admit(call: Call) -> list[SmsApp]:
    """Check the signature; return what the holder of this key has."""
    secret_id = find_secret_id(call.request)
    apps = [a for a in call.box.world.sms.values() if a.secret_id == secret_id]
    if not apps:
        raise SmsError("AuthFailure.SecretIdNotFound")
    # The signature covers the path as the client wrote it: the root of the gateway.
    paths = {"/", call.request.url.path}
    faults = [find_fault(call.request, call.raw, p, apps[0].secret_key) for p in paths]
    if all(faults):
        raise SmsError(faults[0])
    if abs(call.now - int(call.request.headers["x-tc-timestamp"])) > STALE_SECONDS:
        raise SmsError("AuthFailure.SignatureExpire")
    return apps


def _read_body(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise SmsError("InvalidParameter") from error
    if not isinstance(body, dict):
        raise SmsError("InvalidParameter")
    return body


def _send_one(call: Call, app: SmsApp, number: str) -> Json:
    found = NUMBER.fullmatch(number)
    code, text = _compose(call, app)
    if found is None:
        code = "InvalidParameterValue.IncorrectPhoneNumber"
    elif call.box.windows.is_over(f"sms {app.sdk_app_id} {found[1]}", MOST_PER_DAY, 86400):
        code = "LimitExceeded.PhoneNumberDailyLimit"
    serial = f"{secrets.randbelow(10**10)}:{secrets.randbelow(10**16)}"
    row: Json = {
        "SerialNo": serial if code == "Ok" else "",
        "PhoneNumber": number,
        "Fee": int(code == "Ok"),
        "SessionContext": call.body.get("SessionContext", ""),
        "Code": code,
        "Message": "send success" if code == "Ok" else code,
        "IsoCode": "CN",
    }
    app.sent.append(row | {"text": text, "at": call.now, "TemplateId": call.body.get("TemplateId")})
    if code == "Ok" and found:
        _deliver(call, found[1], text)
    return row


def _compose(call: Call, app: SmsApp) -> tuple[str, str]:
    sign = str(call.body.get("SignName", ""))
    if sign not in app.signs:
        return "FailedOperation.SignatureIncorrectOrUnapproved", ""
    template = app.templates.get(str(call.body.get("TemplateId")))
    if template is None:
        return "FailedOperation.TemplateIncorrectOrUnapproved", ""
    values = [str(value) for value in call.body.get("TemplateParamSet") or []]
    slots = {int(number) for number in SLOT.findall(template)}
    if len(slots) != len(values):
        return "FailedOperation.TemplateParamSetNotMatchApprovedTemplate", ""
    text = SLOT.sub(lambda match: values[int(match[1]) - 1], template)
    return "Ok", f"【{sign}】{text}"


def _deliver(call: Call, number: str, text: str) -> None:
    receivers: list[Person] = [p for p in call.box.world.persons.values() if p.phone == number]
    for person in receivers:
        sign = text.partition("】")[0].removeprefix("【")
        chat = f"sms:{sign}"
        call.box.deliver(person, chat, kind="text", body={"text": text}, via="sms", sender=sign)
