from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from sandbox.tests.product import CORP, KF, OFFICIAL, Json, Product

STATIC = Path(__file__).parents[1] / "phone/static"


def hold(product: Product, person: str) -> None:
    assert product.post("/phone/hold", {"person": person})["ok"]


def data(product: Product, chat: str = "") -> Json:
    found: Json = product.client.get("/phone/data", params={"chat": chat}).json()
    return found


def test_whoever_holds_the_phone_is_signed_in_by_it(product: Product) -> None:
    hold(product, "chen")
    ask = {
        "appid": OFFICIAL,
        "redirect_uri": "http://127.0.0.1:1/",
        "response_type": "code",
        "scope": "snsapi_base",
        "state": "s",
    }
    assert product.client.get("/connect/oauth2/authorize", params=ask).status_code == 302


def test_each_person_has_her_own_cookies_of_the_product(product: Product) -> None:
    product.put("/control/settings", {"phone_cookies": ["lx_phone"]})
    hold(product, "zhang")
    product.client.cookies.set("lx_phone", "zhangs", domain="127.0.0.1", path="/")
    hold(product, "chen")
    assert "lx_phone" not in product.client.cookies

    hold(product, "zhang")

    assert product.client.cookies.get("lx_phone", domain="127.0.0.1") == "zhangs"
    assert "zhangs" not in product.client.get("/control/state").text


def test_only_what_the_carrier_knows_is_said_of_a_message(product: Product) -> None:
    hold(product, "zhang")
    product.befriend()
    product.person("write", corp_id=CORP, userid="lijianguo", text="头晕")
    product.person("kf-write", open_kfid=KF, text="在吗")
    product.settle()

    chat = data(product, f"wecom:{CORP}:lijianguo")["messages"][-1]
    assert chat["proof"] == {"state": "unseen"}
    assert data(product, f"kf:{KF}")["messages"][-1]["proof"]["state"] == "told_ok"

    product.wecom("kf/sync_msg", {"open_kfid": KF, "cursor": "k0e"})

    assert data(product, f"kf:{KF}")["messages"][-1]["proof"]["state"] == "fetched"


def test_unread_is_cleared_by_reading(product: Product) -> None:
    hold(product, "zhang")
    product.befriend()
    product.member("write", person="zhang", text="您好")
    [chat] = data(product)["chats"]
    assert chat["unread"] == 1

    product.person("read", chat=chat["key"])

    assert data(product)["chats"][0]["unread"] == 0


def test_waiting_tasks_stand_on_the_members_work_phone(product: Product) -> None:
    external = product.befriend()
    body = {"external_userid": [external], "text": {"content": "您有一条健康提醒"}}
    msgid = product.external("add_msg_template", body)["msgid"]

    [member] = data(product)["staff"]
    assert (member["name"], member["tasks"][0]["names"]) == ("李建国", ["张桂兰"])

    product.member("confirm-mass", msgid=msgid)

    assert data(product)["staff"] == []


def test_repeated_calls_are_one_line(product: Product) -> None:
    for _ in range(3):
        product.external("get_follow_user_list")

    [line] = [row for row in data(product)["log"] if "follow_user" in row["name"]]
    assert line["times"] == 3


@pytest.mark.parametrize(("language", "word"), [("zh", "沙盒手机"), ("en", "Sandbox phone")])
def test_the_page_speaks_both_languages(product: Product, language: str, word: str) -> None:
    answer = product.client.get("/", params={"lang": language})

    assert word in answer.text
    assert "{{" not in answer.text
    assert "style=" not in answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]


def test_both_languages_have_the_same_words() -> None:
    texts = json.loads((STATIC / "texts.json").read_text("utf-8"))

    assert texts["zh"].keys() == texts["en"].keys()


def test_a_customer_service_link_enters_the_session(product: Product) -> None:
    hold(product, "zhang")
    link = product.wecom("kf/add_contact_way", {"open_kfid": KF, "scene": "page"})["url"]

    assert product.client.get(link).status_code == 200
    sessions = product.state()["corps"][CORP]["kf"][KF]["messages"]
    assert sessions[-1]["event"]["scene"] == "page"


def test_bad_control_requests_are_told_apart(product: Product) -> None:
    def status(path: str, body: Json) -> int:
        answer: httpx.Response = product.client.post(path, json=body)
        return answer.status_code

    assert status("/control/persons/nobody/scan", {"code": "x"}) == 404
    assert status("/control/persons/zhang/dance", {}) == 404
    assert status("/control/persons/zhang/scan", {}) == 422
    assert status("/control/persons/zhang/scan", {"code": "none"}) == 404
    assert status("/control/faults", {"kind": "flood"}) == 422
    assert status("/control/seed", {"relations": [{"corp_id": CORP}]}) == 422
    assert product.client.put("/control/settings", json={"nope": 1}).status_code == 422
    assert product.client.post("/control/reset", content=b"{").status_code == 422
