"""Customer groups: what people do in them, what the API says of them, and what nobody is told."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.tests.product import CORP, Product

Json = dict[str, Any]
GROUP = "groupchat"


def make_group(product: Product, name: str = "院外一群", **more: Any) -> str:
    return str(product.member("group-create", name=name, **more)["chat_id"])


def add_way(product: Product, *chat_ids: str, **more: Any) -> str:
    body = {"scene": 2, "chat_id_list": list(chat_ids), "state": "g1", "remark": "院外群"} | more
    answer = product.external(f"{GROUP}/add_join_way", body)
    assert answer["errcode"] == 0, answer
    return str(answer["config_id"])


def show(product: Product, chat_id: str, **more: Any) -> Json:
    answer = product.external(f"{GROUP}/get", {"chat_id": chat_id, **more})
    assert answer["errcode"] == 0, answer
    found: Json = answer["group_chat"]
    return found


def last_told(product: Product, detail: str) -> Json:
    """Return the one callback about members since the last look; no order is promised."""
    [told] = [one for one in product.settle() if one.get("UpdateDetail") == detail]
    product.receiver.forget()
    return told


def test_who_scans_joins_and_the_callback_names_both_versions(product: Product) -> None:
    chat_id = make_group(product)
    before = show(product, chat_id)["member_version"]
    code = add_way(product, chat_id)

    joined = product.person("scan", code=code)

    told = last_told(product, "add_member")
    assert (told["ChangeType"], told["UpdateDetail"], told["JoinScene"]) == (
        "update",
        "add_member",
        "3",
    )
    assert told["MemChangeCnt"] == "1"
    assert told["LastMemVer"] == before
    group = show(product, chat_id, need_name=1)
    assert group["member_version"] == told["CurMemVer"]
    owner, guest = group["member_list"]
    assert (owner["userid"], owner["type"]) == ("lijianguo", 1)
    assert guest["userid"] == joined["external_userid"]
    # The API numbers joining differently from the callback.
    assert (guest["join_scene"], guest["state"], guest["name"]) == (3, "g1", "张桂兰")
    assert "name" not in show(product, chat_id)["member_list"][1]
    assert product.person("scan", code=code)["already"]


def test_leaving_and_being_removed_are_told_apart(product: Product) -> None:
    chat_id = make_group(product)
    product.member("group-invite", chat_id=chat_id, person="zhang")
    assert last_told(product, "add_member")["JoinScene"] == "0"

    product.person("group-leave", corp_id=CORP, chat_id=chat_id)
    assert last_told(product, "del_member")["QuitScene"] == "0"
    product.member("group-invite", chat_id=chat_id, person="zhang")
    product.member("group-remove", chat_id=chat_id, person="zhang")

    assert last_told(product, "del_member")["QuitScene"] == "1"
    assert product.person("group-write", corp_id=CORP, chat_id=chat_id, text="在吗")["error"]


def test_the_talk_in_a_group_reaches_phones_and_no_server(product: Product) -> None:
    chat_id = make_group(product, persons=["zhang", "chen"])
    product.member("group-notice", chat_id=chat_id, text="群内不看病")
    product.settle()
    product.receiver.forget()

    product.person("group-write", corp_id=CORP, chat_id=chat_id, text="大家好")

    assert product.settle() == []
    [said] = [one for one in product.inbox("chen") if one["body"].get("text") == "大家好"]
    assert (said["side"], said["sender"]) == ("them", "张桂兰")
    assert product.inbox("zhang")[-1]["side"] == "me"


def test_the_phone_shows_the_group_its_notice_and_that_nobody_was_told(product: Product) -> None:
    chat_id = make_group(product, persons=["zhang"])
    product.member("group-notice", chat_id=chat_id, text="群内不看病")
    product.person("group-write", corp_id=CORP, chat_id=chat_id, text="大家好")
    product.client.post("/phone/hold", json={"person": "zhang"})
    key = f"group:{CORP}:{chat_id}"

    page = product.client.get("/phone/data", params={"chat": key}).json()

    assert [chat["title"] for chat in page["chats"]] == ["院外一群"]
    assert (page["chat"]["notice"], page["chat"]["count"]) == ("群内不看病", 2)
    assert page["messages"][-1]["proof"] == {"state": "unseen"}
    [group] = page["groups"]
    assert (group["owner_name"], group["has_me"]) == ("李建国", True)


def test_a_full_group_rolls_over_to_the_next_number(product: Product) -> None:
    product.put(f"/control/corps/{CORP}", {"group_size_limit": 2})
    chat_id = make_group(product)
    code = add_way(product, chat_id, room_base_name="院外", room_base_id=7)
    assert product.person("scan", "zhang", code=code)["chat_id"] == chat_id

    second = product.person("scan", "chen", code=code)["chat_id"]

    assert second != chat_id
    assert show(product, second)["name"] == "院外7"
    made = [one for one in product.settle() if one.get("ChangeType") == "create"]
    assert {one["ChatId"] for one in made} == {chat_id, second}
    way = product.external(f"{GROUP}/get_join_way", {"config_id": code})["join_way"]
    assert way["chat_id_list"] == [chat_id, second]
    assert product.client.get(way["qr_code"]).headers["content-type"] == "image/png"


def test_without_rolling_over_a_full_group_takes_nobody(product: Product) -> None:
    product.put(f"/control/corps/{CORP}", {"group_size_limit": 1})
    code = add_way(product, make_group(product), auto_create_room=0)

    assert "full" in product.person("scan", code=code)["error"]


def test_the_list_goes_by_status_owner_and_cursor(product: Product) -> None:
    mine = [make_group(product, f"群{n}") for n in range(3)]
    theirs = str(product.member("group-create", "ZhouMin", name="护理群")["chat_id"])

    first = product.external(f"{GROUP}/list", {"limit": 3})
    rest = product.external(f"{GROUP}/list", {"limit": 3, "cursor": first["next_cursor"]})
    assert [one["chat_id"] for one in first["group_chat_list"]] == mine
    assert rest["group_chat_list"] == [{"chat_id": theirs, "status": 0}]
    assert "next_cursor" not in rest
    assert product.external(f"{GROUP}/list", {"limit": 3, "cursor": "x"})["errcode"] == 50100
    assert product.external(f"{GROUP}/list", {})["errcode"] == 40058
    product.member("leave", "ZhouMin")
    left = product.external(f"{GROUP}/list", {"limit": 9, "status_filter": 1})
    assert left["group_chat_list"] == [{"chat_id": theirs, "status": 1}]
    by_owner = {"limit": 9, "owner_filter": {"userid_list": ["ZhouMin"]}}
    assert len(product.external(f"{GROUP}/list", by_owner)["group_chat_list"]) == 1


def test_a_large_corp_must_name_owners(product: Product) -> None:
    members = [{"userid": f"m{n}", "name": f"员工{n}"} for n in range(1001)]
    product.put(f"/control/corps/{CORP}", {"members": members})

    assert product.external(f"{GROUP}/list", {"limit": 9})["errcode"] == 81017
    named = {"limit": 9, "owner_filter": {"userid_list": ["lijianguo"]}}
    assert product.external(f"{GROUP}/list", named)["errcode"] == 0


def test_handing_over_succeeds_in_part_under_errcode_0(product: Product) -> None:
    mine = make_group(product)
    theirs = str(product.member("group-create", "ZhouMin", name="护理群")["chat_id"])
    body = {"chat_id_list": [mine, theirs, "wrNone"], "new_owner": "lijianguo"}
    product.member("leave", "ZhouMin")
    product.settle()
    product.receiver.forget()

    answer = product.external(f"{GROUP}/transfer", body)

    assert answer["errcode"] == 0
    failed = {one["chat_id"]: one["errcode"] for one in answer["failed_chat_list"]}
    assert failed == {mine: 90500, "wrNone": 40050}
    assert show(product, theirs)["owner"] == "lijianguo"
    assert product.settle() == []
    assert product.external(f"{GROUP}/transfer", body | {"new_owner": "x"})["errcode"] == 46004


def test_a_group_changes_hands_on_the_job_twice_in_90_days(product: Product) -> None:
    chat_id = make_group(product)

    def give(to: str) -> list[int]:
        body = {"chat_id_list": [chat_id], "new_owner": to}
        answer = product.external(f"{GROUP}/onjob_transfer", body)
        return [one["errcode"] for one in answer["failed_chat_list"]]

    assert give("lijianguo") == [90504]
    assert give("ZhouMin") == []
    assert give("lijianguo") == []
    assert give("ZhouMin") == [40128]
    product.advance(91 * 86400)
    product.tokens.clear()
    assert give("ZhouMin") == []


def test_300_groups_of_a_leaver_change_hands_in_a_day(product: Product) -> None:
    ids = [product.member("group-create", "ZhouMin", name="群")["chat_id"] for _ in range(301)]
    product.member("leave", "ZhouMin")
    codes: list[int] = []
    for begin in range(0, 301, 100):
        body = {"chat_id_list": ids[begin : begin + 100], "new_owner": "lijianguo"}
        failed = product.external(f"{GROUP}/transfer", body)["failed_chat_list"]
        codes += [one["errcode"] for one in failed]

    assert codes == [45009]


def test_a_join_way_has_one_to_five_groups(product: Product) -> None:
    chat_id = make_group(product)
    way = {"scene": 2, "chat_id_list": [chat_id] * 6}
    assert product.external(f"{GROUP}/add_join_way", way)["errcode"] == 41091
    assert product.external(f"{GROUP}/add_join_way", way | {"chat_id_list": []})["errcode"] == 41091
    config_id = add_way(product, chat_id)
    changed = {"config_id": config_id, "scene": 2, "chat_id_list": [chat_id], "remark": "新"}
    assert product.external(f"{GROUP}/update_join_way", changed)["errcode"] == 0
    shown = product.external(f"{GROUP}/get_join_way", {"config_id": config_id})["join_way"]
    # A whole new setting: what was not said again is gone.
    assert (shown["remark"], "state" in shown) == ("新", False)
    assert product.external(f"{GROUP}/del_join_way", {"config_id": config_id})["errcode"] == 0
    gone = product.external(f"{GROUP}/get_join_way", {"config_id": config_id})
    assert gone["errcode"] == 41039


def test_a_hundred_welcomes_are_kept_and_the_owner_chooses_one(product: Product) -> None:
    add = "group_welcome_template/add"
    body = {"text": {"content": "%NICKNAME%，欢迎"}, "notify": 0}
    ids = [product.external(add, body)["template_id"] for _ in range(100)]
    assert product.external(add, body)["errcode"] == 41055
    edit = {"template_id": ids[0], "text": {"content": "%NICKNAME%，您好"}}
    assert product.external("group_welcome_template/edit", edit)["errcode"] == 0
    asked = product.external("group_welcome_template/get", {"template_id": ids[0]})
    assert asked["text"]["content"] == "%NICKNAME%，您好"
    assert product.external("group_welcome_template/del", {"template_id": ids[1]})["errcode"] == 0
    assert product.external(add, {"text": {"content": "好" * 1001}})["errcode"] == 40058
    assert product.state()["corps"][CORP]["staff_messages"] == []
    chat_id = make_group(product)
    product.member("group-welcome", chat_id=chat_id, template_id=ids[0])

    product.member("group-invite", chat_id=chat_id, person="zhang")

    assert product.inbox()[-1]["body"]["text"] == "张桂兰，您好"


def test_statistics_go_by_day_and_owner_and_never_by_group(product: Product) -> None:
    chat_id = make_group(product, persons=["zhang"])
    product.person("group-write", corp_id=CORP, chat_id=chat_id, text="早")
    today = int(product.state()["clock"]["now"])
    product.advance(86400)
    product.tokens.clear()
    ask = {"day_begin_time": today, "owner_filter": {"userid_list": ["lijianguo"]}}

    [day] = product.external(f"{GROUP}/statistic_group_by_day", ask)["items"]

    counted = day["data"]
    assert (counted["chat_total"], counted["member_total"], counted["msg_total"]) == (1, 2, 1)
    assert (day["stat_time"] + 8 * 3600) % 86400 == 0
    [row] = product.external(f"{GROUP}/statistic", ask)["items"]
    assert (row["owner"], row["data"]) == ("lijianguo", counted)


@pytest.mark.parametrize(("first", "last"), [(0, 0), (1, 32), (200, 190)])
def test_statistics_of_other_days_are_refused(product: Product, first: int, last: int) -> None:
    now = int(product.state()["clock"]["now"])
    begins, ends = sorted((now - first * 86400, now - last * 86400))
    ask = {"day_begin_time": begins, "day_end_time": ends}

    assert product.external(f"{GROUP}/statistic_group_by_day", ask)["errcode"] == 40058


def test_renaming_notice_owner_and_end_say_what_but_not_how(product: Product) -> None:
    chat_id = make_group(product)
    product.member("group-rename", chat_id=chat_id, name="新名字")
    product.member("group-notice", chat_id=chat_id, text="新公告")
    product.member("group-owner", chat_id=chat_id, to="ZhouMin")
    product.member("group-admins", chat_id=chat_id, admins=["lijianguo"])
    group = show(product, chat_id)
    assert (group["name"], group["notice"], group["owner"]) == ("新名字", "新公告", "ZhouMin")
    assert group["admin_list"] == [{"userid": "lijianguo"}]
    product.member("group-dismiss", chat_id=chat_id)

    told = product.settle()

    assert {one.get("UpdateDetail") for one in told if one["ChangeType"] == "update"} == {
        "change_name",
        "change_notice",
        "change_owner",
    }
    assert not any("新名字" in str(one) for one in told)
    assert sum(one["ChangeType"] == "dismiss" for one in told) == 1
    assert product.external(f"{GROUP}/get", {"chat_id": chat_id})["errcode"] == 40050
