from __future__ import annotations

from sandbox.tests.product import CORP, Json, Product


def send(product: Product, touser: str = "ZhouMin", **more: object) -> Json:
    card = {"title": "新提醒", "description": "有一条需要确认", "url": "http://127.0.0.1/today/"}
    body = {"touser": touser, "msgtype": "textcard", "agentid": 1000002, "textcard": card}
    return product.wecom("message/send", body | more)


def received(product: Product) -> list[Json]:
    rows: list[Json] = product.state()["corps"][CORP]["staff_messages"]
    return rows


def test_staff_get_app_messages(product: Product) -> None:
    assert send(product)["errcode"] == 0

    [message] = received(product)
    assert (message["userid"], message["kind"]) == ("ZhouMin", "textcard")


def test_unknown_receivers_come_back_in_lower_case(product: Product) -> None:
    assert send(product, "ZhouMin|NoBody")["invaliduser"] == "nobody"
    assert send(product, "NoBody")["errcode"] == 81013


def test_what_is_over_the_limit_of_an_hour_is_dropped_too(product: Product) -> None:
    product.put("/control/settings", {"staff_message_hour_limit": 2})
    for _ in range(3):
        assert send(product)["errcode"] == 0
    product.post("/control/clock", {"add_seconds": 120})
    send(product)

    assert len(received(product)) == 2


def test_the_thirty_first_in_a_minute_is_dropped_without_a_word(product: Product) -> None:
    product.put("/control/settings", {"staff_message_limit": 3})
    codes = {send(product)["errcode"] for _ in range(5)}

    assert codes == {0}
    assert len(received(product)) == 3


def test_identical_content_can_be_sent_once(product: Product) -> None:
    for _ in range(2):
        assert send(product, enable_duplicate_check=1)["errcode"] == 0

    assert len(received(product)) == 1
