"""SendSms: signed, checked against sign and template, and shown on the person's phone."""

from __future__ import annotations

import re
import secrets

from starlette.requests import Request
from starlette.responses import Response

from sandbox.calls import Call
from sandbox.errors import Json
from sandbox.state import Person, SmsApp
from sandbox.tencent import CloudError, admit, read_body, serve_cloud

VERSION = "2021-01-11"
ACTION_PATHS = {
    "SendSms": "/sms/SendSms",
    "DescribeSmsTemplateList": "/sms/DescribeSmsTemplateList",
}
MOST_PER_DAY = 30
MOST_NUMBERS = 200
SLOT = re.compile(r"\{([0-9]+)\}")
NUMBER = re.compile(r"(?:\+86|0086|86)?(1[0-9]{10})")


async def serve(request: Request) -> Response:
    """Answer one SMS API call."""
    return await serve_cloud(request, ACTION_PATHS, "SendSms", answer_action)


def answer_action(call: Call, action: str) -> Json:
    if action not in ACTION_PATHS or call.request.headers.get("x-tc-version") != VERSION:
        raise CloudError("InvalidAction")
    apps = admit(call, call.box.world.sms.values())
    call.body = read_body(call.raw)
    return send_sms(call, apps) if action == "SendSms" else list_templates(call, apps)


def send_sms(call: Call, apps: list[SmsApp]) -> Json:
    app = next((a for a in apps if a.sdk_app_id == str(call.body.get("SmsSdkAppId"))), None)
    if app is None:
        raise CloudError("UnauthorizedOperation.SmsSdkAppIdVerifyFail")
    call.account = app.sdk_app_id
    numbers = call.body.get("PhoneNumberSet") or []
    if not numbers or len(numbers) > MOST_NUMBERS:
        raise CloudError("InvalidParameterValue.IncorrectPhoneNumber")
    return {"SendStatusSet": [_send_one(call, app, str(number)) for number in numbers]}


def list_templates(call: Call, apps: list[SmsApp]) -> Json:
    """Describe templates: they belong to the holder of the key, not to one application."""
    if call.body.get("International") not in (0, 1):
        raise CloudError("MissingParameter")
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
