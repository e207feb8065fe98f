from __future__ import annotations

import hmac
import json
import time
from datetime import UTC, datetime
from hashlib import sha256

from sandbox.tests.product import Json, Product

APP = "1400000001"


def set_up(product: Product) -> None:
    body = {
        "secret_id": "AKIDtest",
        "secret_key": "k1",
        "signs": ["河畔医院"],
        "templates": {"100": "验证码 {1}，{2} 分钟内有效。"},
    }
    product.put(f"/control/sms/{APP}", body)


def mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), sha256).digest()


def send(product: Product, key: str = "k1", age: int = 0, **more: object) -> Json:
    body = {
        "PhoneNumberSet": ["+8613800000001"],
        "SmsSdkAppId": APP,
        "SignName": "河畔医院",
        "TemplateId": "100",
        "TemplateParamSet": ["123456", "5"],
    } | more
    return call(product, "SendSms", body, key, age)


def call(
    product: Product, action: str, body: dict[str, object], key: str = "k1", age: int = 0
) -> Json:
    """Call as the provider's own client does, step by step from its description."""
    raw = json.dumps(body, ensure_ascii=False).encode()
    stamp = int(time.time()) - age
    date = datetime.fromtimestamp(stamp, UTC).date().isoformat()
    host = product.client.base_url.netloc.decode()
    kind = "application/json; charset=utf-8"
    lines = f"content-type:{kind}\nhost:{host}\nx-tc-action:{action.lower()}\n"
    names = "content-type;host;x-tc-action"
    request = f"POST\n/\n\n{lines}\n{names}\n{sha256(raw).hexdigest()}"
    scope = f"{date}/sms/tc3_request"
    text = f"TC3-HMAC-SHA256\n{stamp}\n{scope}\n{sha256(request.encode()).hexdigest()}"
    signing = mac(mac(mac(f"TC3{key}".encode(), date), "sms"), "tc3_request")
    signature = hmac.new(signing, text.encode(), sha256).hexdigest()
    headers = {
        "Content-Type": kind,
        "X-TC-Action": action,
        "X-TC-Version": "2021-01-11",
        "X-TC-Timestamp": str(stamp),
        "X-TC-Region": "ap-guangzhou",
        "Authorization": f"TC3-HMAC-SHA256 Credential=AKIDtest/{scope}, "
        f"SignedHeaders={names}, Signature={signature}",
    }
    answer: Json = product.client.post("/sms/", content=raw, headers=headers).json()["Response"]
    return answer


def test_a_message_lands_on_the_phone(product: Product) -> None:
    set_up(product)

    [status] = send(product)["SendStatusSet"]

    assert (status["Code"], status["Fee"]) == ("Ok", 1)
    assert product.inbox()[0]["body"]["text"] == "【河畔医院】验证码 123456，5 分钟内有效。"


def test_a_wrong_key_and_an_old_signature_are_refused(product: Product) -> None:
    set_up(product)

    assert send(product, key="k2")["Error"]["Code"] == "AuthFailure.SignatureFailure"
    assert send(product, age=400)["Error"]["Code"] == "AuthFailure.SignatureExpire"
    assert product.inbox() == []


def test_refusals_are_per_number(product: Product) -> None:
    set_up(product)
    wrong = send(product, SignName="别家医院")["SendStatusSet"][0]["Code"]
    template = send(product, TemplateId="7")["SendStatusSet"][0]["Code"]
    values = send(product, TemplateParamSet=["1"])["SendStatusSet"][0]["Code"]
    mixed = send(product, PhoneNumberSet=["+8613800000001", "12"])["SendStatusSet"]

    assert wrong == "FailedOperation.SignatureIncorrectOrUnapproved"
    assert template == "FailedOperation.TemplateIncorrectOrUnapproved"
    assert values == "FailedOperation.TemplateParamSetNotMatchApprovedTemplate"
    assert [row["Code"] for row in mixed] == [
        "Ok",
        "InvalidParameterValue.IncorrectPhoneNumber",
    ]


def test_templates_are_described_to_the_holder_of_the_key(product: Product) -> None:
    set_up(product)
    product.put(f"/control/sms/{APP}", {"in_review": ["100"]})
    ask: dict[str, object] = {"International": 0, "TemplateIdSet": [100, 101]}

    found = call(product, "DescribeSmsTemplateList", ask)["DescribeTemplateStatusSet"]
    wrong = call(product, "DescribeSmsTemplateList", ask, key="k2")
    unknown = call(product, "DeleteEverything", ask)

    assert [(row["TemplateId"], row["StatusCode"]) for row in found] == [(100, 1)]
    assert found[0]["TemplateContent"] == "验证码 {1}，{2} 分钟内有效。"
    assert wrong["Error"]["Code"] == "AuthFailure.SignatureFailure"
    assert unknown["Error"]["Code"] == "InvalidAction"
