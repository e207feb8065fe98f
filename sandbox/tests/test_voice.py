from __future__ import annotations

import hmac
import json
import time
from datetime import UTC, datetime
from hashlib import sha256

from sandbox.tests.product import Json, Product

APP = "1400000009"
NUMBER = "+8613900000001"
TEXT = "有一条红色预警待处理，请打开连心查看，按 1 表示已接手。"


def set_up(product: Product, **more: object) -> None:
    body = {
        "secret_id": "AKIDvoice",
        "secret_key": "k1",
        "templates": {"2001": TEXT, "2002": "第 {1} 次"},
        "callback_url": product.receiver.url("voice") + "?token=t1",
    }
    product.put(f"/control/voice/{APP}", body | more)


def mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), sha256).digest()


def ring(product: Product, key: str = "k1", **more: object) -> Json:
    """Call as the provider's own client does, step by step from its description."""
    body = {
        "TemplateId": "2001",
        "CalledNumber": NUMBER,
        "VoiceSdkAppid": APP,
        "TemplateParamSet": [],
        "SessionContext": "s1",
    } | more
    raw = json.dumps(body, ensure_ascii=False).encode()
    stamp = int(time.time())
    date = datetime.fromtimestamp(stamp, UTC).date().isoformat()
    host = product.client.base_url.netloc.decode()
    request = (
        f"POST\n/\n\ncontent-type:application/json\nhost:{host}\n\ncontent-type;host\n"
        f"{sha256(raw).hexdigest()}"
    )
    scope = f"{date}/vms/tc3_request"
    text = f"TC3-HMAC-SHA256\n{stamp}\n{scope}\n{sha256(request.encode()).hexdigest()}"
    signing = mac(mac(mac(f"TC3{key}".encode(), date), "vms"), "tc3_request")
    signature = hmac.new(signing, text.encode(), sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-TC-Action": "SendTtsVoice",
        "X-TC-Version": "2020-09-02",
        "X-TC-Timestamp": str(stamp),
        "X-TC-Region": "ap-guangzhou",
        "Authorization": f"TC3-HMAC-SHA256 Credential=AKIDvoice/{scope}, "
        f"SignedHeaders=content-type;host, Signature={signature}",
    }
    answer: Json = product.client.post("/voice/", content=raw, headers=headers).json()["Response"]
    return answer


def at_call(product: Product, call_id: str, verb: str, **body: object) -> int:
    return product.client.post(f"/control/calls/{call_id}/{verb}", json=body).status_code


def heard(product: Product) -> list[Json]:
    product.post("/control/settle")
    return [json.loads(one.body) for one in product.receiver.received]


def test_a_telephone_rings_and_tells_of_the_key_and_the_minutes(product: Product) -> None:
    set_up(product)
    status = ring(product)["SendStatus"]
    call_id = status["CallId"]

    assert at_call(product, call_id, "press", key="1") == 409
    assert at_call(product, call_id, "answer") == 200
    assert at_call(product, call_id, "press", key="1") == 200
    assert at_call(product, call_id, "hang-up") == 200
    told = {name: about for one in heard(product) for name, about in one.items()}

    assert status["SessionContext"] == "s1"
    assert told["voicekey_callback"]["keypress"] == "1"
    assert told["voicekey_callback"]["callid"] == call_id
    assert (told["voiceprompt_callback"]["result"], told["voiceprompt_callback"]["fee"]) == (
        "0",
        "1",
    )
    assert product.receiver.received[0].query == {"token": "t1"}


def test_nobody_answers_and_nothing_is_billed(product: Product) -> None:
    set_up(product)
    call_id = ring(product)["SendStatus"]["CallId"]

    at_call(product, call_id, "busy")
    told = {name: about for one in heard(product) for name, about in one.items()}

    assert (told["voiceprompt_callback"]["result"], told["voiceprompt_callback"]["fee"]) == (
        "1",
        "0",
    )
    assert told["voice_failure_callback"]["failure_code"] == 10
    assert at_call(product, call_id, "answer") == 409


def test_it_stops_ringing_by_itself(product: Product) -> None:
    set_up(product)
    ring(product)

    product.post("/control/clock", {"add_seconds": 60})
    deadline = time.monotonic() + 10
    while not product.receiver.received and time.monotonic() < deadline:
        product.post("/control/settle")

    assert "voiceprompt_callback" in product.receiver.received[0].body
    assert product.state()["voice"][APP]["calls"][0]["state"] == "ended"


def test_what_the_service_refuses(product: Product) -> None:
    set_up(product, in_review=["2002"])

    assert ring(product, key="k2")["Error"]["Code"] == "AuthFailure.SignatureFailure"
    for more, code in (
        ({"VoiceSdkAppid": "7"}, "UnauthorizedOperation.VoiceSdkAppidVerifyFail"),
        ({"TemplateId": "2002"}, "FailedOperation.TemplateIncorrectOrUnapproved"),
        ({"TemplateParamSet": ["x"]}, "FailedOperation.TemplateIncorrectOrUnapproved"),
        ({"CalledNumber": "110"}, "InvalidParameterValue.CalledNumberVerifyFail"),
    ):
        assert ring(product, **more)["Error"]["Code"] == code
    assert "SendStatus" in ring(product)
    assert ring(product)["Error"]["Code"] == "LimitExceeded.DeliveryFrequencyLimit"
