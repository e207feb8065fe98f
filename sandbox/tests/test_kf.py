from __future__ import annotations

from typing import Any

from sandbox.tests.product import CORP, KF, Json, Product
from sandbox.tests.test_media import upload


def sync(product: Product, cursor: str = "") -> tuple[list[Json], str]:
    """Fetch as a client must: until has_more says no."""
    rows: list[Json] = []
    while True:
        page = product.wecom("kf/sync_msg", {"open_kfid": KF, "cursor": cursor})
        assert page["errcode"] == 0
        rows += page["msg_list"]
        cursor = page["next_cursor"]
        if not page["has_more"]:
            return rows, cursor


def send(product: Product, external: str, **more: Any) -> Json:
    body = {"touser": external, "open_kfid": KF, "msgtype": "text", "text": {"content": "您好"}}
    return product.wecom("kf/send_msg", body | more)


def write(product: Product, text: str = "我有点头晕") -> str:
    return str(product.person("kf-write", open_kfid=KF, text=text)["external_userid"])


def test_a_message_calls_back_without_itself_and_is_fetched_once(product: Product) -> None:
    external = write(product)

    [event] = product.settle()
    assert (event["Event"], event["OpenKfId"]) == ("kf_msg_or_event", KF)
    assert "FromUserName" not in event
    [message], cursor = sync(product)
    assert message["external_userid"] == external
    assert message["text"]["content"] == "我有点头晕"
    assert sync(product, cursor)[0] == []


def test_pages_may_be_empty_although_there_is_more(product: Product) -> None:
    write(product)

    page = product.wecom("kf/sync_msg", {"open_kfid": KF})

    assert (page["has_more"], page["msg_list"]) == (1, [])


def test_the_events_token_dies_after_ten_minutes(product: Product) -> None:
    write(product)
    token = product.settle()[0]["Token"]
    ask = {"open_kfid": KF, "token": token}
    assert product.wecom("kf/sync_msg", ask)["errcode"] == 0

    product.advance(601)

    assert product.wecom("kf/sync_msg", ask)["errcode"] == 95007


def test_history_ends_after_three_days(product: Product) -> None:
    write(product)
    product.advance(3 * 86400 + 1)
    product.tokens.clear()

    assert sync(product)[0] == []


def test_five_answers_per_customer_message(product: Product) -> None:
    external = write(product)
    assert [send(product, external)["errcode"] for _ in range(6)] == [0] * 5 + [95001]

    write(product)

    assert send(product, external)["errcode"] == 0
    assert len([line for line in product.inbox() if line["side"] == "them"]) == 6


def test_nothing_may_be_sent_once_the_session_has_ended(product: Product) -> None:
    external = write(product)
    product.advance(48 * 3600 + 1)
    product.tokens.clear()

    assert send(product, external)["errcode"] == 95018


def test_over_48_hours_since_her_last_word_is_95002(product: Product) -> None:
    external = write(product)
    product.advance(47 * 3600)
    product.tokens.clear()
    assert send(product, external)["errcode"] == 0
    product.advance(2 * 3600)
    product.tokens.clear()

    assert send(product, external)["errcode"] == 95002


def test_the_same_msgid_is_95033(product: Product) -> None:
    external = write(product)

    assert send(product, external, msgid="abc-1")["msgid"] == "abc-1"
    assert send(product, external, msgid="abc-1")["errcode"] == 95033


def test_a_servicers_session_is_read_only(product: Product) -> None:
    external = write(product)
    product.member("kf-take", "ZhouMin", open_kfid=KF, person="zhang")

    assert send(product, external)["errcode"] == 95018
    ask = {"open_kfid": KF, "external_userid": external}
    state = product.wecom("kf/service_state/get", ask)
    assert (state["service_state"], state["servicer_userid"]) == (3, "ZhouMin")
    event = sync(product)[0][-1]
    assert "open_kfid" not in event
    assert event["event"]["change_type"] == 1


def test_failure_comes_after_success(product: Product) -> None:
    external = write(product)
    product.person("kf-refuse", open_kfid=KF, fail_type=10)
    msgid = send(product, external)["msgid"]

    event = sync(product)[0][-1]["event"]
    assert (event["event_type"], event["fail_msgid"]) == ("msg_send_fail", msgid)
    assert [line["side"] for line in product.inbox()] == ["me"]


def test_states_change_by_the_table_only(product: Product) -> None:
    external = write(product)
    ask = {"open_kfid": KF, "external_userid": external}
    trans = "kf/service_state/trans"

    assert product.wecom(trans, ask | {"service_state": 1})["errcode"] == 95016
    to_human = ask | {"service_state": 3, "servicer_userid": "lijianguo"}
    assert product.wecom(trans, to_human)["errcode"] == 95014
    to_human["servicer_userid"] = "ZhouMin"
    assert product.wecom(trans, to_human)["msg_code"]
    assert product.wecom(trans, ask | {"service_state": 4})["msg_code"]
    assert product.wecom(trans, to_human)["errcode"] == 95013

    product.put("/control/settings", {"kf_transitions": {"0": [1, 2, 3]}})
    write(product)
    assert product.wecom(trans, ask | {"service_state": 1})["errcode"] == 0


def test_entering_by_link_gives_a_code_for_twenty_seconds(product: Product) -> None:
    link = product.wecom("kf/add_contact_way", {"open_kfid": KF, "scene": "ward3"})["url"]
    product.person("scan", code=link)
    event = sync(product)[0][-1]["event"]
    assert event["scene"] == "ward3"

    body = {"code": event["welcome_code"], "msgtype": "text", "text": {"content": "欢迎"}}
    assert product.wecom("kf/send_msg_on_event", body)["errcode"] == 0
    assert product.wecom("kf/send_msg_on_event", body)["errcode"] == 40163


def test_customers_are_described(product: Product) -> None:
    external = write(product)
    ask = {"external_userid_list": [external, "wmnobody"]}

    answer = product.wecom("kf/customer/batchget", ask)

    assert answer["customer_list"][0]["nickname"] == "张桂兰"
    assert answer["invalid_external_userid"] == ["wmnobody"]


def test_who_has_not_written_for_two_days_is_nobody(product: Product) -> None:
    external = write(product)
    product.person("kf-enter", open_kfid=KF, scene="poster", scene_param="ward 3")
    ask = {"external_userid_list": [external], "need_enter_session_context": 1}

    [row] = product.wecom("kf/customer/batchget", ask)["customer_list"]
    assert row["enter_session_context"] == {"scene": "poster", "scene_param": "ward 3"}

    product.advance(48 * 3600 + 1)
    product.tokens.clear()
    answer = product.wecom("kf/customer/batchget", ask)
    assert (answer["customer_list"], answer["invalid_external_userid"]) == ([], [external])
    too_many = {"external_userid_list": [external] * 101}
    assert product.wecom("kf/customer/batchget", too_many)["errcode"] == 40058


def test_accounts_are_made_renamed_and_deleted_within_the_limits(product: Product) -> None:
    media = upload(product, "upload", type="image")["media_id"]
    add = {"name": "一二三四五六七八九十一二三四五六", "media_id": media}

    assert product.wecom("kf/account/add", add | {"name": "字" * 17})["errcode"] == 95006
    assert product.wecom("kf/account/add", {"name": "没有头像"})["errcode"] == 40058
    assert product.wecom("kf/account/add", add | {"media_id": "no"})["errcode"] == 40007
    made = product.wecom("kf/account/add", add)["open_kfid"]
    product.put("/control/settings", {"kf_account_limit": 2})
    assert product.wecom("kf/account/add", add)["errcode"] == 95026
    product.wecom("kf/account/update", {"open_kfid": made, "name": "门诊客服"})
    page = product.wecom("kf/account/list", {"offset": 1, "limit": 1})["account_list"]
    assert [(one["open_kfid"], one["name"]) for one in page] == [(made, "门诊客服")]
    assert page[0]["avatar"]
    assert product.wecom("kf/account/del", {"open_kfid": made})["errcode"] == 0
    assert product.wecom("kf/account/del", {"open_kfid": made})["errcode"] == 95000
    assert product.settle() == []


def test_one_event_names_every_account_that_changed_hands(product: Product) -> None:
    product.put("/control/kf-accounts/wksecond", {"corp_id": CORP, "name": "第二个"})
    both = {"open_kfids": [KF, "wksecond"], "allowed": False}
    product.member("kf-authorise", "ZhouMin", **both)

    [event] = product.settle()
    assert event["Event"] == "kf_account_auth_change"
    assert event["AuthDelOpenKfId"] in ([KF, "wksecond"], "wksecond")
    refused = product.wecom("kf/account/update", {"open_kfid": KF, "name": "新"})
    assert refused["errcode"] == 95004
    listed = product.wecom("kf/account/list", {})["account_list"]
    assert [one["manage_privilege"] for one in listed] == [False, False]


def test_a_day_is_counted_when_it_is_over_and_an_empty_one_has_no_numbers(
    product: Product,
) -> None:
    write(product)
    product.member("kf-write", "ZhouMin", open_kfid=KF, person="zhang", text="您好")
    now = product.post("/control/clock", {"add_seconds": 0})["now"]
    ask = {"open_kfid": KF, "start_time": int(now) - 86400, "end_time": int(now)}

    before = product.wecom("kf/get_corp_statistic", ask)["statistic_list"]
    assert [sorted(one) for one in before] == [["stat_time"]]
    product.advance(86400)
    product.tokens.clear()

    last = product.wecom("kf/get_corp_statistic", ask)["statistic_list"][-1]
    assert last["statistic"]["customer_msg_cnt"] == 1
    mine = ask | {"servicer_userid": "ZhouMin"}
    told = product.wecom("kf/get_servicer_statistic", mine)["statistic_list"][-1]["statistic"]
    assert (told["session_cnt"], told["reply_rate"]) == (1, 1)
    long = ask | {"start_time": int(now) - 31 * 86400}
    assert product.wecom("kf/get_corp_statistic", long)["errcode"] == 40058


def menu(count: int, text: str = "满意") -> Json:
    items = [{"type": "click", "click": {"id": str(n), "content": text}} for n in range(count)]
    return {"msgtype": "msgmenu", "msgmenu": {"head_content": "您满意吗", "list": items}}


def test_a_menu_has_ten_items_to_press_and_its_answer_carries_the_id(product: Product) -> None:
    external = write(product)

    assert send(product, external, **menu(11))["errcode"] == 95008
    assert send(product, external, **menu(1, "满" * 43))["errcode"] == 40058
    assert send(product, external, **menu(10))["errcode"] == 0
    product.person("kf-press", open_kfid=KF, menu_id="3")
    message = sync(product)[0][-1]
    assert (message["msgtype"], message["text"]) == ("text", {"content": "满意", "menu_id": "3"})
    assert "error" in product.person("kf-press", open_kfid=KF, menu_id="77")


def test_both_sides_can_take_a_message_back(product: Product) -> None:
    write(product)
    product.member("kf-write", "ZhouMin", open_kfid=KF, person="zhang", text="您好")
    said = {row["origin"]: row["msgid"] for row in sync(product)[0] if row["msgtype"] == "text"}

    product.person("kf-recall", open_kfid=KF)
    product.member("kf-recall", "ZhouMin", open_kfid=KF, person="zhang")

    events = [row["event"] for row in sync(product)[0] if row["msgtype"] == "event"]
    taken = {one["event_type"]: one["recall_msgid"] for one in events if "recall_msgid" in one}
    assert taken == {"user_recall_msg": said[3], "servicer_recall_msg": said[5]}
    assert product.inbox() == []


def test_a_servicer_who_pauses_is_told_of_and_gets_no_session(product: Product) -> None:
    external = write(product)
    product.member("kf-pause", "ZhouMin", open_kfid=KF)

    event = sync(product)[0][-1]["event"]
    assert (event["event_type"], event["status"]) == ("servicer_status_change", 2)
    ask = {"open_kfid": KF, "external_userid": external, "service_state": 3}
    answer = product.wecom("kf/service_state/trans", ask | {"servicer_userid": "ZhouMin"})
    assert answer["errcode"] == 95019
