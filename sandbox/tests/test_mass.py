from __future__ import annotations

from sandbox.tests.product import CORP, Json, Product


def add_task(product: Product, *ids: str) -> Json:
    body = {"external_userid": list(ids), "text": {"content": "您有一条健康提醒"}}
    return product.external("add_msg_template", body)


def results(product: Product, msgid: str) -> list[int]:
    ask = {"msgid": msgid, "userid": "lijianguo"}
    rows = product.external("get_groupmsg_send_result", ask)["send_list"]
    return [row["status"] for row in rows]


def test_nothing_is_delivered_before_the_member_confirms(product: Product) -> None:
    msgid = add_task(product, product.befriend())["msgid"]

    assert product.inbox() == []
    assert results(product, msgid) == [0]

    product.member("confirm-mass", msgid=msgid)

    assert product.inbox()[0]["via"] == "mass"
    assert results(product, msgid) == [1]
    [row] = product.external("get_groupmsg_task", {"msgid": msgid})["task_list"]
    assert row["status"] == 2


def test_unknown_people_fail_at_once_and_the_rest_is_made(product: Product) -> None:
    answer = add_task(product, product.befriend(), "wmunknown")

    assert answer["errcode"] == 0
    assert answer["fail_list"] == ["wmunknown"]
    assert add_task(product, "wmunknown")["errcode"] == 41048


def test_who_deleted_the_member_gets_status_two(product: Product) -> None:
    msgid = add_task(product, product.befriend())["msgid"]
    product.person("delete-member", corp_id=CORP, userid="lijianguo")
    product.member("confirm-mass", msgid=msgid)

    assert results(product, msgid) == [2]
    assert product.inbox() == []


def test_over_quota_shows_as_status_three(product: Product) -> None:
    product.put(f"/control/corps/{CORP}", {"mass_quota": "1_per_day"})
    external = product.befriend()
    first, second = add_task(product, external)["msgid"], add_task(product, external)["msgid"]
    product.member("confirm-mass", msgid=first)
    product.member("confirm-mass", msgid=second)

    assert (results(product, first), results(product, second)) == ([1], [3])
    assert len(product.inbox()) == 1


def test_a_cancelled_task_cannot_be_confirmed(product: Product) -> None:
    msgid = add_task(product, product.befriend())["msgid"]
    assert product.external("cancel_groupmsg_send", {"msgid": msgid})["errcode"] == 0

    assert product.external("cancel_groupmsg_send", {"msgid": msgid})["errcode"] == 41093
    assert "cancelled" in product.member("confirm-mass", msgid=msgid)["error"]


def test_three_reminders_a_day(product: Product) -> None:
    msgid = add_task(product, product.befriend())["msgid"]
    codes = [
        product.external("remind_groupmsg_send", {"msgid": msgid})["errcode"] for _ in range(4)
    ]

    assert codes == [0, 0, 0, 41094]
    product.advance(86401)
    product.tokens.clear()
    assert product.external("remind_groupmsg_send", {"msgid": msgid})["errcode"] == 0


def test_tasks_are_listed_with_their_time_as_text(product: Product) -> None:
    msgid = add_task(product, product.befriend())["msgid"]
    now = int(product.state()["clock"]["now"])
    ask = {"chat_type": "single", "start_time": now - 60, "end_time": now + 60}

    [row] = product.external("get_groupmsg_list_v2", ask)["group_msg_list"]

    assert row["msgid"] == msgid
    assert isinstance(row["create_time"], str)


def test_the_member_who_last_met_the_customer_gets_her(product: Product) -> None:
    product.befriend()
    product.advance(60)
    external = product.befriend(user=["ZhouMin"], state="c2")
    msgid = add_task(product, external)["msgid"]

    [row] = product.external("get_groupmsg_task", {"msgid": msgid})["task_list"]
    assert row["userid"] == "ZhouMin"


def test_a_group_task_reaches_who_is_in_the_senders_groups(product: Product) -> None:
    external = product.befriend()
    made = product.member("group-create", name="术后群", persons=["zhang"])
    body = {"chat_type": "group", "sender": "lijianguo", "text": {"content": "健康提醒"}}
    answer = product.external(
        "add_msg_template", body | {"chat_id_list": [made["chat_id"], "wrunknown"]}
    )
    ask = {"msgid": answer["msgid"], "userid": "lijianguo"}

    assert answer["fail_list"] == ["wrunknown"]
    assert product.external("get_groupmsg_send_result", ask)["send_list"] == []
    product.member("confirm-mass", msgid=answer["msgid"])

    [row] = product.external("get_groupmsg_send_result", ask)["send_list"]
    assert (row["chat_id"], row["status"], "external_userid" in row) == (made["chat_id"], 1, False)
    assert product.inbox()[-1]["via"] == "mass"
    assert external
    without = product.external("add_msg_template", {"chat_type": "group", "text": body["text"]})
    assert without["errcode"] == 40058
