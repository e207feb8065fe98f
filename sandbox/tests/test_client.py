"""A member's WeCom: who signs is let in, who does not is told nothing about the chat."""

from __future__ import annotations

from hashlib import sha1

import pytest

from sandbox.tests.product import CORP, Json, Product

PAGE = "http://127.0.0.1:9/sidebar/?a=1"
NONCE, STAMP = "Wm3WZYTPz0wzccnW", "1414587457"


@pytest.fixture
def friends(product: Product) -> Product:
    """Let Zhang add Dr Li, whose client is then opened."""
    product.person("scan", code=product.add_way()["config_id"])
    return product


def ticket(product: Product, path: str, **query: str) -> str:
    return str(product.wecom(path, None, **query)["ticket"])


def sign(ticket: str, page: str = PAGE) -> str:
    text = f"jsapi_ticket={ticket}&noncestr={NONCE}&timestamp={STAMP}&url={page}"
    return sha1(text.encode(), usedforsecurity=False).hexdigest()


def call(product: Product, name: str, page: str = PAGE, **params: object) -> Json:
    where = {"corp_id": CORP, "userid": "lijianguo", "person": "zhang", "page": page}
    return product.post("/client/call", where | {"name": name, "params": params})


def proof(product: Product) -> Json:
    signature = sign(ticket(product, "ticket/get", type="agent_config"))
    return {"verifyTimestamp": STAMP, "verifyNonceStr": NONCE, "verifySignature": signature}


def test_a_page_is_accepted_for_its_own_address_and_app(friends: Product) -> None:
    agent = ticket(friends, "ticket/get", type="agent_config")
    given = {"corpid": CORP, "agentid": "1000002", "timestamp": STAMP, "nonceStr": NONCE}

    right = call(friends, "agentConfig", f"{PAGE}#top", **given, signature=sign(agent))
    elsewhere = call(friends, "agentConfig", f"{PAGE}2", **given, signature=sign(agent))
    corps = ticket(friends, "get_jsapi_ticket")
    by_corp = call(friends, "agentConfig", **given, signature=sign(corps))
    other_app = call(
        friends, "agentConfig", **given | {"agentid": "1000003"}, signature=sign(agent)
    )

    assert right["err_msg"] == "agentConfig:ok"
    assert [one["err_code"] for one in (elsewhere, by_corp, other_app)] == [40093] * 3


def test_the_chat_is_told_only_to_a_signed_page(friends: Product) -> None:
    external = friends.state()["persons"]["zhang"]["ids"]["external_user_ids"][CORP]

    told = call(friends, "getCurExternalContact", **proof(friends))
    refused = call(friends, "getCurExternalContact")
    unknown = call(friends, "readEverything", **proof(friends))

    assert told == {"err_msg": "getCurExternalContact:ok", "userId": external}
    assert refused["err_msg"] == "getCurExternalContact:no permission"
    assert unknown["err_msg"] == "readEverything:function not exist"


def test_what_is_sent_stands_on_the_phone_and_nobody_is_called_back(friends: Product) -> None:
    before = friends.state()["callbacks"]["sent"]

    sent = call(
        friends, "sendChatMessage", msgtype="text", text={"content": "您好"}, **proof(friends)
    )
    bad = call(
        friends, "sendChatMessage", msgtype="image", image={"mediaid": "1"}, **proof(friends)
    )

    assert (sent["err_msg"], bad["err_msg"]) == (
        "sendChatMessage:ok",
        "sendChatMessage:invalid params",
    )
    last = friends.state()["persons"]["zhang"]["inbox"][-1]
    assert (last["side"], last["body"]) == ("them", {"text": "您好"})
    assert friends.state()["callbacks"]["sent"] == before


def test_the_sign_in_page_knows_the_member_once(friends: Product) -> None:
    app = {"agent_id": "1000002", "secret": "s1", "sidebar_url": "http://127.0.0.1:9/enter/"}
    friends.put(f"/control/corps/{CORP}", {"apps": [app]})
    where = {"corp_id": CORP, "userid": "lijianguo", "person": "zhang"}
    query = (
        f"appid={CORP}&redirect_uri=http://127.0.0.1:9/back&response_type=code&scope=snsapi_base"
    )

    assert friends.post("/client/open", where)["url"] == "http://127.0.0.1:9/enter/"
    first = friends.client.get(f"/connect/oauth2/authorize?{query}&state=s")
    code = first.headers["location"].partition("code=")[2].partition("&")[0]
    again = friends.client.get(f"/connect/oauth2/authorize?{query}&state=s")

    assert friends.wecom("auth/getuserinfo", None, code=code)["userid"] == "lijianguo"
    assert again.status_code == 403
