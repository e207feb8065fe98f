"""Template cards: what is refused, a press, and the one change it allows."""

from __future__ import annotations

import pytest

from sandbox.tests.product import CORP, Json, Product

CARD: Json = {
    "card_type": "button_interaction",
    "task_id": "notice-1",
    "main_title": {"title": "连心"},
    "sub_title_text": "有一条告警",
    "button_list": [{"text": "我来处理", "style": 1, "key": "act"}],
}


def send(product: Product, **more: object) -> Json:
    body = {"touser": "ZhouMin", "msgtype": "template_card", "agentid": 1000002}
    return product.wecom("message/send", body | {"template_card": CARD | more})


def press(product: Product, key: str = "act") -> str:
    message = product.state()["corps"][CORP]["staff_messages"][-1]
    url = f"/control/corps/{CORP}/members/ZhouMin/press-card"
    return str(product.post(url, {"message": message["id"], "key": key})["response_code"])


def update(product: Product, code: str, **more: object) -> Json:
    body = {"userids": ["ZhouMin"], "agentid": 1000002, "response_code": code}
    return product.wecom(
        "message/update_template_card", body | {"button": {"replace_name": "已接手"}} | more
    )


@pytest.mark.parametrize(
    "fault",
    [
        {"card_type": "poem"},
        {"card_type": "text_notice"},
        {"task_id": "有空格 的"},
        {"task_id": ""},
        {"button_list": []},
        {"button_list": CARD["button_list"] * 2},
        {"main_title": {}, "sub_title_text": ""},
        {"card_action": {"type": 1}},
    ],
)
def test_a_faulty_card_is_refused(product: Product, fault: Json) -> None:
    assert send(product, **fault)["errcode"] == 42027
    assert product.state()["corps"][CORP]["staff_messages"] == []


def test_a_task_id_is_good_for_one_card(product: Product) -> None:
    assert send(product)["errcode"] == 0
    assert send(product)["errcode"] == 42027


def test_a_press_tells_the_app_and_changes_the_card_once(product: Product) -> None:
    send(product)

    code = press(product)
    first, second = update(product, code), update(product, code)

    assert (first["errcode"], second["errcode"]) == (0, 40058)
    assert product.state()["corps"][CORP]["staff_messages"][-1]["answer"] == "已接手"
    lines = product.client.get("/control/log").json()["log"]
    plain = next(line["plain"] for line in lines if line["name"] == "template_card_event")
    assert "<TaskId><![CDATA[notice-1]]></TaskId>" in plain
    assert f"<ResponseCode><![CDATA[{code}]]></ResponseCode>" in plain


def test_a_code_dies_after_three_days(product: Product) -> None:
    send(product)
    code = press(product)

    product.post("/control/clock", {"add_seconds": 72 * 3600 + 1})
    product.tokens.clear()

    assert update(product, code)["errcode"] == 40058


def test_a_member_without_a_licence_is_named_and_gets_nothing(product: Product) -> None:
    members = [{"userid": "ZhouMin", "has_licence": False}]
    product.put(f"/control/corps/{CORP}", {"members": members})

    assert send(product)["unlicenseduser"] == "zhoumin"
    assert product.state()["corps"][CORP]["staff_messages"] == []
