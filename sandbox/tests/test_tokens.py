from __future__ import annotations

import httpx
import pytest

from sandbox.tests.product import CORP, OFFICIAL, Product


def test_a_token_is_the_same_until_it_expires(product: Product) -> None:
    first = product.token()
    assert product.token() == first

    product.advance(7201)

    assert product.external("get_follow_user_list", access_token=first)["errcode"] == 42001
    assert product.token() != first


def test_early_death_is_40014_and_a_new_token_works(product: Product) -> None:
    product.token()
    product.post("/control/tokens/revoke", {"account": CORP})

    product.tokens["wecom"] = product.token()
    assert product.external("get_follow_user_list")["errcode"] == 0


def test_each_app_has_its_own_token_and_rights(product: Product) -> None:
    other = product.token("s2")

    assert other != product.token("s1")
    assert product.external("get_follow_user_list", access_token=other)["errcode"] == 48002
    text = {"touser": "ZhouMin", "msgtype": "text", "agentid": 1000002, "text": {"content": "x"}}
    assert product.wecom("message/send", text, access_token=other)["errcode"] == 301002


def test_missing_and_wrong_credentials(product: Product) -> None:
    ask = {"corpid": CORP, "corpsecret": "wrong"}
    answer = product.client.get("/wecom/cgi-bin/gettoken", params=ask)

    assert answer.status_code == 200
    assert answer.json()["errcode"] == 40001
    assert product.external("get_follow_user_list", access_token="")["errcode"] == 41001


def test_the_window_blocks_for_its_own_unit(product: Product) -> None:
    product.put("/control/settings", {"minute_limit": 2})
    codes = [product.external("get_follow_user_list")["errcode"] for _ in range(3)]
    assert codes == [0, 0, 45009]

    product.advance(61)

    assert product.external("get_follow_user_list")["errcode"] == 0


@pytest.mark.parametrize(
    ("kind", "code"), [("api_busy", -1), ("api_rate_limited", 45009), ("api_token_dead", 40014)]
)
def test_faults_answer_as_the_provider(product: Product, kind: str, code: int) -> None:
    product.token()
    product.fault(kind, count=1, path="/cgi-bin/externalcontact/*")

    assert product.external("get_follow_user_list")["errcode"] == code
    product.tokens.clear()
    assert product.external("get_follow_user_list")["errcode"] == 0


def test_a_window_that_closed_stays_closed_for_its_minute(product: Product) -> None:
    product.fault("api_window", count=1, path="*/get_follow_user_list")
    codes = [product.external("get_follow_user_list")["errcode"] for _ in range(3)]
    assert codes == [45009] * 3
    assert product.external("get_corp_tag_list", {})["errcode"] == 0

    product.advance(61)

    assert product.external("get_follow_user_list")["errcode"] == 0


def test_garbage_and_silence(product: Product) -> None:
    product.fault("api_garbage", count=1, path="*/gettoken")
    ask = {"corpid": CORP, "corpsecret": "s1"}
    assert "<html>" in product.client.get("/wecom/cgi-bin/gettoken", params=ask).text

    product.fault("api_timeout", count=1, path="*/gettoken")
    with pytest.raises(httpx.ReadTimeout):
        product.client.get("/wecom/cgi-bin/gettoken", params=ask, timeout=0.3)


def test_what_is_done_may_still_go_unanswered(product: Product) -> None:
    product.put("/control/settings", {"timeout_seconds": 0})
    product.fault("api_answer_lost", count=1, path="*/add_contact_way")
    body = {"type": 1, "scene": 2, "user": ["lijianguo"], "state": "lost"}
    query = {"access_token": product.token()}
    path = "/wecom/cgi-bin/externalcontact/add_contact_way"

    answer = product.client.post(path, params=query, json=body)

    assert (answer.status_code, answer.text) == (504, "")
    ways = product.state()["corps"][CORP]["contact_ways"].values()
    assert [way["body"]["state"] for way in ways] == ["lost"]


def test_chance_repeats_itself_with_its_seed(product: Product) -> None:
    def ask(seed: int) -> list[int]:
        fault = {"kind": "api_busy", "rate": 0.3, "path": "*/get_follow_user_list"}
        product.put("/control/faults", {"faults": [fault], "seed": seed})
        return [product.external("get_follow_user_list")["errcode"] for _ in range(20)]

    first = ask(7)

    assert set(first) == {0, -1}
    assert first == ask(7)
    wrong = {"kind": "api_busy", "rate": 0}
    assert product.client.post("/control/faults", json=wrong).status_code == 422


def test_the_old_official_token_dies_five_minutes_after_the_next(product: Product) -> None:
    ask = {"grant_type": "client_credential", "appid": OFFICIAL, "secret": "os"}
    first = product.client.get("/official/cgi-bin/token", params=ask).json()["access_token"]
    product.client.get("/official/cgi-bin/token", params=ask)
    assert "errcode" not in product.official("user/get", access_token=first)

    product.advance(301)

    assert product.official("user/get", access_token=first)["errcode"] == 42001


def test_the_stable_token_is_stable_and_both_work_at_the_end(product: Product) -> None:
    ask = {"grant_type": "client_credential", "appid": OFFICIAL, "secret": "os"}
    first = product.post("/official/cgi-bin/stable_token", ask)["access_token"]
    assert product.post("/official/cgi-bin/stable_token", ask)["access_token"] == first

    product.advance(7000)
    second = product.post("/official/cgi-bin/stable_token", ask)["access_token"]

    assert second != first
    assert "errcode" not in product.official("user/get", access_token=first)
    assert "errcode" not in product.official("user/get", access_token=second)


def test_an_address_that_is_not_trusted_is_named_in_the_refusal(product: Product) -> None:
    app = {"agent_id": 1000002, "secret": "s1", "trusted_ips": ["203.0.113.7"]}
    product.put(f"/control/corps/{CORP}", {"apps": [app]})
    product.put(f"/control/official-accounts/{OFFICIAL}", {"ip_white_list": ["203.0.113.7"]})
    ask = {"grant_type": "client_credential", "appid": OFFICIAL, "secret": "os"}

    # A token is given to anybody with the secret; what is done with it is not.
    corp = product.external("get_follow_user_list")
    official = product.post("/official/cgi-bin/stable_token", ask)

    assert corp["errcode"] == 60020
    assert "from ip: 127.0.0.1" in corp["errmsg"]
    assert official["errcode"] == 40164
    assert "invalid ip 127.0.0.1" in official["errmsg"]
