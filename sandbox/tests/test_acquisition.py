"""Acquisition links cost from a paid quota; the statistics know yesterday, not today."""

from __future__ import annotations

from typing import Any

from sandbox.tests.product import CORP, Product

DAY = 24 * 3600
PATH = "customer_acquisition"


def make_link(product: Product, **more: Any) -> dict[str, Any]:
    body = {"link_name": "门诊", "range": {"user_list": ["lijianguo"]}} | more
    answer = product.external(f"{PATH}/create_link", body)
    assert answer["errcode"] == 0, answer
    found: dict[str, Any] = answer["link"]
    return found


def changes(product: Product) -> list[str]:
    found = [one["ChangeType"] for one in product.settle()]
    product.receiver.forget()
    return found


def test_a_link_is_made_read_changed_listed_and_deleted(product: Product) -> None:
    link = make_link(product)
    ask = {"link_id": link["link_id"]}

    changed = {"link_name": "门诊二", "range": {"user_list": ["ZhouMin"]}}
    assert product.external(f"{PATH}/update_link", ask | changed)["errcode"] == 0
    stored = product.external(f"{PATH}/get", ask)
    assert stored["link"]["link_name"] == "门诊二"
    assert stored["range"] == {"user_list": ["ZhouMin"]}
    assert product.external(f"{PATH}/list_link", {})["link_id_list"] == [link["link_id"]]
    assert product.external(f"{PATH}/delete_link", ask)["errcode"] == 0
    assert product.external(f"{PATH}/get", ask)["errcode"] == 41302
    empty = {"link_name": "x", "range": {"user_list": []}}
    assert product.external(f"{PATH}/create_link", empty)["errcode"] == 41300


def test_who_comes_by_a_link_costs_one_and_says_which_channel(product: Product) -> None:
    link = make_link(product)
    product.member("buy-quota", amount=21)
    address = f"{link['url']}?customer_channel=c-1"
    changes(product)

    product.person("scan", "chen", code=address, only_looks=True)
    assert changes(product) == ["open_profile"]
    product.person("scan", code=address)

    assert sorted(changes(product)) == ["add_external_contact", "friend_request", "open_profile"]
    ask = {"link_id": link["link_id"]}
    (row,) = product.external(f"{PATH}/customer", ask)["customer_list"]
    assert (row["state"], row["userid"], row["chat_status"]) == ("c-1", "lijianguo", 0)
    now = int(product.client.get("/control/clock").json()["now"])
    span = ask | {"start_time": now, "end_time": now}
    counts = product.external(f"{PATH}/statistic", span)
    assert (counts["click_link_customer_cnt"], counts["new_customer_cnt"]) == (2, 1)
    quota = product.external("customer_acquisition_quota")
    assert (quota["total"], quota["balance"]) == (21, 20)
    product.person("write", corp_id=CORP, userid="lijianguo", text="您好")
    assert changes(product) == ["customer_start_chat"]


def test_the_phone_has_the_link_and_who_may_buy_a_quota(product: Product) -> None:
    link = make_link(product)

    rows = product.client.get("/phone/data").json()["codes"]

    (row,) = [one for one in rows if one["kind"] == "link"]
    assert (row["code"], row["corp_id"]) == (link["url"], CORP)
    assert row["userid"]


def test_a_quota_that_is_used_up_closes_the_links(product: Product) -> None:
    link = make_link(product)
    product.member("buy-quota", amount=1)
    changes(product)

    product.person("scan", code=link["url"])

    seen = set(changes(product))
    assert {"balance_exhausted", "link_unavailable"} <= seen
    refused = product.client.post("/control/persons/chen/scan", json={"code": link["url"]})
    assert refused.status_code == 409
    product.member("buy-quota", amount=5)
    assert "balance_increased" in changes(product)
    assert product.person("scan", "chen", code=link["url"])["userid"] == "lijianguo"


def test_the_days_of_a_member_leave_out_what_there_was_not(product: Product) -> None:
    product.befriend()
    clock = product.client.get("/control/clock").json()
    now, today = int(clock["now"]), clock["iso"][:10]
    product.member("note-day", day=today, chat_cnt=4, message_cnt=9, reply_percentage=62.5)
    span = {"userid": ["lijianguo"], "start_time": now, "end_time": now}
    assert product.external("get_user_behavior_data", span)["behavior_data"] == []
    product.advance(DAY)
    product.tokens.clear()

    (row,) = product.external("get_user_behavior_data", span)["behavior_data"]

    assert (row["chat_cnt"], row["message_cnt"], row["new_contact_cnt"]) == (4, 9, 1)
    assert row["reply_percentage"] == 62.5
    assert "avg_reply_time" not in row
    wide = span | {"start_time": now - 31 * DAY}
    assert product.external("get_user_behavior_data", wide)["errcode"] == 40058
