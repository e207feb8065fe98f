"""Customers are moved on the sandbox's clock: a day, unless they refuse or the taker is full."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sandbox.tests.product import CORP, Product

DAY = 24 * 3600
PAIR = {"handover_userid": "lijianguo", "takeover_userid": "ZhouMin"}


def ask(product: Product, *people: str, path: str = "transfer_customer", **more: Any) -> list[int]:
    answer = product.external(path, PAIR | {"external_userid": list(people)} | more)
    assert answer["errcode"] == 0, answer
    return [row["errcode"] for row in answer["customer"]]


def later(product: Product, days: int = 1) -> None:
    """Let days go by; the token does not live as long."""
    product.advance(days * DAY)
    product.tokens.clear()


def results(product: Product, path: str = "transfer_result") -> list[dict[str, Any]]:
    answer = product.external(path, PAIR)
    return list(answer["customer"])


def events(product: Product) -> list[tuple[str, ...]]:
    names = ("ChangeType", "UserID", "Source", "FailReason")
    return sorted(tuple(one.get(name, "") for name in names) for one in product.settle())


def test_a_customer_is_moved_after_a_day(product: Product) -> None:
    external = product.befriend()
    product.receiver.forget()

    assert ask(product, external, transfer_success_msg="您好，之后由我为您服务。") == [0]
    assert results(product) == [{"external_userid": external, "status": 2}]
    assert events(product) == []  # changes by API call nobody back
    later(product)

    (row,) = results(product)
    assert row["status"] == 1
    assert row["takeover_time"] > 0
    assert events(product) == [
        ("add_external_contact", "ZhouMin", "", ""),
        ("del_external_contact", "lijianguo", "DELETE_BY_TRANSFER", ""),
    ]
    assert [line["body"]["text"] for line in product.inbox()] == ["您好，之后由我为您服务。"]
    listed = product.external("list", userid="ZhouMin")
    assert listed["external_userid"] == [external]


def test_friends_already_hear_of_no_new_friend(product: Product) -> None:
    external = product.befriend()
    product.befriend(user=["ZhouMin"], state="c2")
    product.receiver.forget()

    ask(product, external)
    later(product)

    assert events(product) == [("del_external_contact", "lijianguo", "DELETE_BY_TRANSFER", "")]


def test_a_customer_may_refuse_for_a_day(product: Product) -> None:
    external = product.befriend()
    product.receiver.forget()
    ask(product, external)

    product.person("refuse-transfer", corp_id=CORP, userid="ZhouMin")
    later(product)

    assert events(product) == [("transfer_fail", "ZhouMin", "", "customer_refused")]
    assert [row["status"] for row in results(product)] == [3]
    assert product.external("list", userid="lijianguo")["external_userid"] == [external]
    refusal = product.client.post(
        "/control/persons/zhang/refuse-transfer", json={"corp_id": CORP, "userid": "ZhouMin"}
    )
    assert refusal.status_code == 409


def test_each_customer_has_an_error_of_its_own(product: Product) -> None:
    external = product.befriend()
    stranger = product.client.get("/control/ids/chen").json()["external_user_ids"][CORP]

    assert ask(product, external, stranger, "nobody") == [0, 40131, 40096]
    assert ask(product, external) == [40129]


def test_two_moves_in_ninety_days_and_no_more(product: Product) -> None:
    external = product.befriend()
    back = {"handover_userid": "ZhouMin", "takeover_userid": "lijianguo"}
    ask(product, external)
    later(product)
    ask(product, external, **back)
    later(product)

    assert ask(product, external) == [40128]
    later(product, 89)
    assert ask(product, external) == [0]


def test_a_full_member_takes_nobody(product: Product) -> None:
    external = product.befriend()
    other = product.befriend("chen")
    product.put(f"/control/corps/{CORP}", {"members": [{"userid": "ZhouMin", "customer_limit": 1}]})
    product.receiver.forget()

    assert ask(product, external, other) == [0, 0]
    later(product)

    assert [row["status"] for row in results(product)] == [1, 4]
    assert ("transfer_fail", "ZhouMin", "", "customer_limit_exceed") in events(product)
    assert ask(product, other) == [40099]


def test_a_leavers_customers_are_listed_in_pages_and_moved(product: Product) -> None:
    people = {product.befriend(), product.befriend("chen")}
    early = product.external("resigned/transfer_customer", PAIR | {"external_userid": ["wm1"]})
    assert early["errcode"] == 40097
    product.member("leave")
    product.settle()
    product.receiver.forget()

    first = product.external("get_unassigned_list", {"page_size": 1})
    rest = product.external("get_unassigned_list", {"page_size": 1, "cursor": first["next_cursor"]})
    assert (first["is_last"], rest["is_last"]) == (False, True)
    rows = first["info"] + rest["info"]
    assert {row["external_userid"] for row in rows} == people
    assert all(row["handover_userid"] == "lijianguo" for row in rows)
    assert all(row["dimission_time"] > 0 for row in rows)

    path = "resigned/transfer_customer"
    assert ask(product, *sorted(people), path=path) == [0, 0]
    assert product.external("get_unassigned_list", {})["info"] == []
    assert ask(product, *sorted(people), path=path) == [40100, 40100]
    later(product)

    assert {row["status"] for row in results(product, "resigned/transfer_result")} == {1}
    # Whoever left hears nothing; the taker has two new friends.
    assert {event[:2] for event in events(product)} == {("add_external_contact", "ZhouMin")}


def test_two_calls_on_one_leaver_at_once_conflict(product: Product) -> None:
    external = product.befriend()
    product.member("leave")
    product.put("/control/settings", {"transfer_busy_seconds": 0.6})
    product.token()

    def move() -> int:
        body = PAIR | {"external_userid": [external]}
        return int(product.external("resigned/transfer_customer", body)["errcode"])

    with ThreadPoolExecutor(2) as pool:
        codes = sorted(one.result() for one in [pool.submit(move), pool.submit(move)])

    assert codes == [0, 45035]


def test_what_cannot_be_asked_is_refused_as_a_whole(product: Product) -> None:
    product.put(
        f"/control/corps/{CORP}", {"members": [{"userid": "ZhouMin", "is_verified": False}]}
    )
    many = [f"wm{number}" for number in range(101)]
    asked: list[tuple[dict[str, Any], int]] = [
        (PAIR | {"takeover_userid": "lijianguo", "external_userid": ["wm1"]}, 40130),
        (PAIR | {"external_userid": many}, 81017),
        (PAIR | {"external_userid": ["wm1"]}, 40098),
        (PAIR | {"takeover_userid": "nobody", "external_userid": ["wm1"]}, 60111),
        ({"handover_userid": "lijianguo", "takeover_userid": "ZhouMin"}, 40058),
    ]

    for body, code in asked:
        assert product.external("transfer_customer", body)["errcode"] == code
