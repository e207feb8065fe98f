"""Subscribe notices of an Official Account: a yes in the dialog, bizsend, what comes back."""

from __future__ import annotations

from hashlib import sha1

import pytest

from sandbox.tests.product import OFFICIAL, Json, Product

NOTICES = [
    {
        "template_id": "N1",
        "title": "复诊提醒",
        "content": "项目{{thing1.DATA}}\n时间{{time2.DATA}}",
        "kind": "one_time",
    },
    {"template_id": "N2", "title": "用药提醒", "content": "{{thing1.DATA}}", "kind": "long_term"},
]
DATA = {"thing1": {"value": "有新的提醒"}, "time2": {"value": "2026-11-23 09:00"}}


@pytest.fixture
def account(product: Product) -> Product:
    product.put(f"/control/official-accounts/{OFFICIAL}", {"notices": NOTICES})
    return product


def tick(product: Product, person: str = "zhang", **answers: str) -> Json:
    return product.person("oa-tick", person, app_id=OFFICIAL, answers=answers or {"N1": "accept"})


def send(product: Product, openid: str, **more: object) -> Json:
    body = {"touser": openid, "template_id": "N1", "page": "https://h.example/p/", "data": DATA}
    return product.official("message/subscribe/bizsend", body | more)


def test_a_yes_is_good_for_one_notice_and_needs_no_following(account: Product) -> None:
    openid = tick(account)["openid"]

    answers = [send(account, openid) for _ in range(2)]

    # Unlike the mini-program's call, the answer names no message.
    assert answers[0] == {"errcode": 0, "errmsg": "ok"}
    assert answers[1]["errcode"] == 43101
    [line] = account.inbox()
    assert line["body"]["text"] == "项目有新的提醒\n时间2026-11-23 09:00"
    assert line["body"]["url"] == "https://h.example/p/"
    assert account.official("user/get")["total"] == 0


def test_a_long_term_yes_lasts_until_it_is_switched_off(account: Product) -> None:
    openid = tick(account, N2="accept")["openid"]
    assert [send(account, openid, template_id="N2")["errcode"] for _ in range(3)] == [0, 0, 0]

    account.person("oa-switch-off", app_id=OFFICIAL, template_id="N2")

    assert send(account, openid, template_id="N2")["errcode"] == 43101
    tick(account, N2="accept")
    assert send(account, openid, template_id="N2")["errcode"] == 0


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"touser": "onobody"}, 40003),
        ({"template_id": "N9"}, 40037),
        ({"data": {"thing1": {"value": "字" * 21}, "time2": DATA["time2"]}}, 47003),
        ({"data": {"thing1": DATA["thing1"], "time2": {"value": "明天"}}}, 47003),
        ({"data": {"thing1": DATA["thing1"]}}, 47003),
    ],
)
def test_a_refused_notice_costs_nothing(account: Product, more: Json, code: int) -> None:
    openid = tick(account)["openid"]

    assert send(account, openid, **more)["errcode"] == code
    assert send(account, openid)["errcode"] == 0


def test_the_events_stand_in_elements_of_their_own(account: Product) -> None:
    account.put(f"/control/official-accounts/{OFFICIAL}", {"mode": "plain"})
    account.person(
        "oa-tick", app_id=OFFICIAL, answers={"N1": "accept", "N2": "reject"}, in_article=True
    )
    account.settle()
    account.person("oa-switch-off", app_id=OFFICIAL, template_id="N2")
    account.settle()

    popup, change = (seen.body for seen in account.receiver.received)

    assert "<SubscribeMsgPopupEvent><List><TemplateId>" in popup
    assert popup.count("<List>") == 2
    assert popup.count("<PopupScene>2</PopupScene>") == 2
    assert "<SubscribeMsgChangeEvent><List><TemplateId>" in change
    assert change.count("<List>") == 1


@pytest.mark.parametrize(
    ("is_blocked", "words"),
    [(False, "<ErrorCode>0</ErrorCode>"), (True, "<ErrorCode>43101</ErrorCode>")],
)
def test_the_result_comes_later(account: Product, is_blocked: bool, words: str) -> None:
    account.put(f"/control/official-accounts/{OFFICIAL}", {"mode": "plain"})
    account.person("oa-block-templates", app_id=OFFICIAL, blocked=is_blocked)
    openid = tick(account)["openid"]
    account.settle()

    assert send(account, openid)["errcode"] == 0

    account.settle()
    result = account.receiver.received[-1].body
    assert "<SubscribeMsgSentEvent><List><TemplateId>" in result
    assert words in result
    assert len(account.inbox()) == (0 if is_blocked else 1)


def test_its_templates_say_what_kind_they_are(account: Product) -> None:
    account.official("user/get")
    query = {"access_token": account.tokens["official"]}

    listed = account.client.get("/official/wxaapi/newtmpl/gettemplate", params=query).json()

    rows = [(row["priTmplId"], row["title"], row["type"]) for row in listed["data"]]
    assert rows == [("N1", "复诊提醒", 2), ("N2", "用药提醒", 3)]


def test_the_phone_offers_them_in_the_chat(account: Product) -> None:
    account.post("/phone/hold", {"person": "zhang"})
    tick(account)
    account.person("oa-subscribe", app_id=OFFICIAL)

    data = account.client.get("/phone/data", params={"chat": f"official:{OFFICIAL}"}).json()

    offered = data["chat"]["templates"]
    assert [(row["title"], row["ticks"], row["is_long_term"]) for row in offered] == [
        ("复诊提醒", 1, False),
        ("用药提醒", 0, True),
    ]


def test_wrong_answers_are_refused(account: Product) -> None:
    act = "/control/persons/zhang/oa-tick"
    for answers in (None, {}, {"N9": "accept"}, {"N1": "maybe"}):
        body = {"app_id": OFFICIAL, "answers": answers}
        assert account.client.post(act, json=body).status_code == 422


def test_a_page_is_heard_only_with_its_own_signature(account: Product) -> None:
    page = "https://h.example/p/notices/"
    ticket = account.official("ticket/getticket", type="jsapi")["ticket"]
    text = f"jsapi_ticket={ticket}&noncestr=n1&timestamp=5&url={page}"
    given = {
        "appId": OFFICIAL,
        "page": page,
        "timestamp": 5,
        "nonceStr": "n1",
        "signature": sha1(text.encode(), usedforsecurity=False).hexdigest(),
    }

    assert account.post("/phone/config", given) == {"is_right": True}
    assert account.post("/phone/config", given | {"page": page + "?d=1"}) == {"is_right": False}
    assert account.post("/phone/config", given | {"appId": "wx-other"}) == {"is_right": False}


def test_the_dialog_names_what_it_asks_for(account: Product) -> None:
    asked = {"app_id": OFFICIAL, "templates": ["N1", "N9"]}

    offer = account.post("/phone/offer", asked)

    assert [one["title"] for one in offer["templates"]] == ["复诊提醒"]
    too_many = asked | {"templates": ["N1", "N2", "N3", "N4"]}
    assert account.post("/phone/offer", too_many)["templates"] == []
