from __future__ import annotations

from typing import Any

import httpx
import pytest

from sandbox.tests.product import MINI, Json, Product


def sign_in(product: Product, code: str, **more: str) -> Json:
    ask = {
        "appid": MINI,
        "secret": "ms",
        "js_code": code,
        "grant_type": "authorization_code",
    }
    found: Json = product.client.get("/mini/sns/jscode2session", params=ask | more).json()
    return found


def tick(product: Product, person: str = "zhang", **answers: str) -> Json:
    made = product.person("mini-tick", person, app_id=MINI, answers=answers or {"M1": "accept"})
    product.settle()
    return made


def send(product: Product, openid: str, **more: Any) -> Json:
    body = {"touser": openid, "template_id": "M1", "data": {"thing1": {"value": "明天复诊"}}}
    return product.mini("cgi-bin/message/subscribe/send", body | more)


def write_to(product: Product, openid: str, text: str = "您好") -> int:
    body = {"touser": openid, "msgtype": "text", "text": {"content": text}}
    return int(product.mini("cgi-bin/message/custom/send", body)["errcode"])


def test_a_login_code_says_who_it_is_once(product: Product) -> None:
    made = product.open_mini()

    answer = sign_in(product, made["js_code"])

    assert answer["openid"] == made["openid"]
    assert answer["unionid"] == "ozhang"
    assert answer["session_key"]
    assert "errcode" not in answer
    assert sign_in(product, made["js_code"])["errcode"] == 40163
    assert product.settle() == []


def test_the_session_key_is_shown_nowhere(product: Product) -> None:
    key = sign_in(product, product.open_mini()["js_code"])["session_key"]

    assert key not in product.client.get("/control/state").text
    assert key not in product.client.get("/phone/data").text


def test_sign_in_refusals(product: Product) -> None:
    code = product.open_mini()["js_code"]
    assert sign_in(product, code, secret="no")["errcode"] == 40125
    assert sign_in(product, code, appid="no")["errcode"] == 40013
    assert sign_in(product, "no")["errcode"] == 40029
    phone_code = product.person("mini-phone", app_id=MINI)["code"]
    assert sign_in(product, phone_code)["errcode"] == 40029

    product.person("mini-risk", app_id=MINI, risky=True)

    assert sign_in(product, code)["errcode"] == 40226


def test_a_code_dies_after_five_minutes(product: Product) -> None:
    code = product.open_mini()["js_code"]

    product.advance(301)

    assert sign_in(product, code)["errcode"] == 40029


def test_a_hundred_exchanges_a_minute_for_one_person(product: Product) -> None:
    # From the start of a minute on the clock: that is how the window is cut.
    product.advance(61 - product.state()["clock"]["now"] % 60)
    codes = [product.open_mini()["js_code"] for _ in range(101)]

    answers = [sign_in(product, code).get("errcode", 0) for code in codes]

    assert answers == [0] * 100 + [45011]
    assert "errcode" not in sign_in(product, product.open_mini("chen")["js_code"])


def test_each_tick_is_good_for_one_message(product: Product) -> None:
    openid = tick(product)["openid"]
    tick(product)

    assert [send(product, openid)["errcode"] for _ in range(3)] == [0, 0, 43101]
    assert [line["body"]["text"] for line in product.inbox()] == ["明天复诊"] * 2


def test_ticks_are_of_one_person_and_one_template(product: Product) -> None:
    tick(product)
    other = product.open_mini("chen")["openid"]
    openid = product.open_mini()["openid"]
    later = {"template_id": "M2", "data": {"time2": {"value": "08:00"}}}

    assert send(product, other)["errcode"] == 43101
    assert send(product, openid, **later)["errcode"] == 43101
    assert send(product, openid)["errcode"] == 0


def test_a_refused_popup_gives_no_tick(product: Product) -> None:
    made = tick(product, M1="reject", M2="accept")

    assert made["ticks"] == {"M2": 1}
    assert send(product, made["openid"])["errcode"] == 43101


def test_a_template_switched_off_is_refused_until_ticked_again(product: Product) -> None:
    openid = tick(product)["openid"]
    product.person("mini-switch-off", app_id=MINI, template_id="M1")
    assert send(product, openid)["errcode"] == 43101

    tick(product)

    assert send(product, openid)["errcode"] == 0


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"touser": "onobody"}, 40003),
        ({"template_id": "M9"}, 40037),
        ({"page": "pages/none/index"}, 41030),
        ({"data": {}}, 47003),
        ({"data": {"thing1": {"value": ""}}}, 47003),
        ({"data": {"thing1": {"value": "字" * 21}}}, 47003),
        ({"data": {"thing1": {"value": "两\n行"}}}, 47003),
        ({"miniprogram_state": "beta"}, 47003),
    ],
)
def test_a_refused_message_costs_no_tick(product: Product, more: Json, code: int) -> None:
    openid = tick(product)["openid"]

    assert send(product, openid, **more)["errcode"] == code
    assert send(product, openid)["errcode"] == 0


def test_pushes_in_json_name_one_as_an_object_and_several_as_a_list(product: Product) -> None:
    tick(product, M1="accept", M2="reject")
    openid = tick(product)["openid"]
    msgid = send(product, openid)["msgid"]

    several, one, result = product.settle()

    assert several["Event"] == one["Event"] == "subscribe_msg_popup_event"
    assert [item["SubscribeStatusString"] for item in several["List"]] == ["accept", "reject"]
    assert one["List"]["TemplateId"] == "M1"
    assert (result["Event"], result["List"]["MsgID"]) == ("subscribe_msg_sent_event", str(msgid))
    assert result["receive_id"] == MINI
    assert {seen.query["encrypt_type"] for seen in product.receiver.received} == {"aes"}


def test_pushes_in_xml_stand_in_an_element_of_their_own(product: Product) -> None:
    product.put(f"/control/mini-programs/{MINI}", {"data_format": "xml", "mode": "plain"})
    tick(product, M1="accept", M2="reject")

    [seen] = product.receiver.received
    assert seen.body.count("<List><TemplateId>") == 2
    assert "<SubscribeMsgPopupEvent><List>" in seen.body
    assert "msg_signature" not in seen.query


def test_two_answers_in_the_minute_after_entering(product: Product) -> None:
    openid = product.person("mini-service", app_id=MINI, session_from="card")["openid"]
    [entered] = product.settle()
    assert (entered["Event"], entered["SessionFrom"]) == ("user_enter_tempsession", "card")

    assert [write_to(product, openid) for _ in range(3)] == [0, 0, 45047]
    product.advance(61)

    assert write_to(product, openid) == 45015


def test_five_answers_in_48_hours_after_a_message(product: Product) -> None:
    made = product.person("mini-write", app_id=MINI, text="在吗")
    [message] = product.settle()
    assert (message["MsgType"], message["Content"]) == ("text", "在吗")

    assert write_to(product, made["openid"], "血" * 683) == 45002
    assert [write_to(product, made["openid"]) for _ in range(6)] == [0] * 5 + [45047]
    product.advance(48 * 3600 + 1)
    product.tokens.clear()

    assert write_to(product, made["openid"]) == 45015


def make_link(product: Product, **more: Any) -> Json:
    body = {"path": "pages/home/index", "query": "to=/p/x", "expire_type": 1, "expire_interval": 1}
    return product.mini("wxa/generate_urllink", body | more)


def test_a_link_opens_for_one_person_only(product: Product) -> None:
    link = make_link(product)["url_link"]

    first = product.open_mini("zhang", link=link)
    again = product.open_mini("zhang", link=link)
    other = product.client.post("/control/persons/chen/mini-open", json={"link": link})

    assert first["query"] == again["query"] == "to=/p/x"
    assert first["open_url"].endswith("/p/x")
    assert (other.status_code, other.json()["error"]) == (409, "link_taken")


def test_a_link_ends(product: Product) -> None:
    link = make_link(product)["url_link"]

    product.advance(86401)

    answer = product.client.post("/control/persons/zhang/mini-open", json={"link": link})
    assert answer.json()["error"] == "link_expired"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"expire_interval": 31}, 85402),
        ({"expire_type": 0, "expire_time": 1}, 85401),
        ({"path": "pages/none/index"}, 40165),
        ({"query": "to=张"}, 40212),
    ],
)
def test_link_refusals(product: Product, more: Json, code: int) -> None:
    assert make_link(product, **more)["errcode"] == code


def test_a_scheme_is_a_link_too(product: Product) -> None:
    body = {"jump_wxa": {"path": "pages/home/index"}, "expire_type": 1, "expire_interval": 30}

    assert product.mini("wxa/generatescheme", body)["openlink"].startswith("weixin://")


def test_a_code_is_a_picture_and_its_error_is_json(product: Product) -> None:
    good = product.mini_raw("wxa/getwxacodeunlimit", {"scene": "k1", "page": "pages/home/index"})
    assert good.headers["content-type"] == "image/png"
    assert good.content.startswith(b"\x89PNG")
    product.mini_raw("wxa/getwxacodeunlimit", {"scene": "k1", "page": "pages/home/index"})
    [scene] = product.state()["mini_programs"][MINI]["scenes"].values()

    assert product.person("scan", code=scene["id"])["query"] == "scene=k1"
    bad = product.mini("wxa/getwxacodeunlimit", {"scene": "k1", "page": "pages/none"})
    assert bad["errcode"] == 41030
    assert product.mini("wxa/getwxacodeunlimit", {"scene": "k" * 33})["errcode"] == 40169


def test_a_phone_number_for_a_code_of_its_own(product: Product) -> None:
    code = product.person("mini-phone", app_id=MINI)["code"]

    info = product.mini("wxa/business/getuserphonenumber", {"code": code})["phone_info"]

    assert info["purePhoneNumber"] == "13800000001"
    assert info["watermark"]["appid"] == MINI
    again = product.mini("wxa/business/getuserphonenumber", {"code": code})
    assert again["errcode"] == 40163


def test_tokens_of_the_official_account_are_not_taken(product: Product) -> None:
    product.official("user/get")
    product.tokens["mini"] = product.tokens["official"]

    assert send(product, "o")["errcode"] == 40001


def test_the_phone_lists_the_mini_program_and_its_ticks(product: Product) -> None:
    product.post("/phone/hold", {"person": "zhang"})
    assert product.client.get("/phone/data").json()["friends"] == []
    tick(product)

    data = product.client.get("/phone/data").json()
    [mini] = data["minis"]
    assert [chat["key"] for chat in data["friends"]] == [f"mini:{MINI}"]
    assert (mini["name"], [t["ticks"] for t in mini["templates"]]) == ("河畔随访", [1, 0])


def test_a_link_in_the_phone_leads_to_the_page(product: Product) -> None:
    link = make_link(product)["url_link"]
    assert product.client.get(link).status_code == 403
    product.post("/phone/hold", {"person": "zhang"})

    answer = product.client.get(link)

    page = str(httpx.URL(product.receiver.url("home")).join("/p/x"))
    assert (answer.status_code, answer.headers["location"]) == (302, page)
    product.post("/phone/hold", {"person": "chen"})
    assert product.client.get(link).status_code == 409


def test_wrong_set_up_and_wrong_acts_are_refused(product: Product) -> None:
    put = f"/control/mini-programs/{MINI}"
    assert product.client.put(put, json={"data_format": "yaml"}).status_code == 422
    act = "/control/persons/zhang/"
    assert product.client.post(f"{act}mini-tick", json={"app_id": MINI}).status_code == 422
    wrong = {"app_id": MINI, "answers": {"M9": "accept"}}
    assert product.client.post(f"{act}mini-tick", json=wrong).status_code == 422
    assert product.client.post(f"{act}mini-open", json={"app_id": "none"}).status_code == 404
    assert product.client.post(f"{act}mini-open", json={"link": "none"}).status_code == 404


def test_its_templates_are_listed_in_the_words_of_that_call(product: Product) -> None:
    posted = product.mini("wxaapi/newtmpl/gettemplate", {})
    query = {"access_token": product.tokens["mini"]}
    found = product.client.get("/mini/wxaapi/newtmpl/gettemplate", params=query).json()

    assert posted["errcode"] == 43001
    assert [(row["priTmplId"], row["title"], row["type"]) for row in found["data"]] == [
        ("M1", "复诊提醒", 2),
        ("M2", "用药提醒", 2),
    ]
