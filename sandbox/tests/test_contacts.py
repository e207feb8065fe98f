from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

from PIL import Image
from zxingcpp import read_barcodes

from sandbox.tests.product import CORP, Product


def test_scanning_sends_a_genuine_add_event(product: Product) -> None:
    code = product.add_way()
    made = product.person("scan", code=code["qr_code"])

    [event] = product.settle()
    assert event["Event"] == "change_external_contact"
    assert event["ChangeType"] == "add_external_contact"
    assert event["State"] == "c1"
    assert event["WelcomeCode"] == made["welcome_code"]
    assert event["UserID"] == "lijianguo"
    assert event["ExternalUserID"] == made["external_userid"]
    assert event["receive_id"] == CORP


def test_the_picture_of_a_contact_way_is_a_code(product: Product) -> None:
    way = product.add_way()
    answer = product.client.get(way["qr_code"])

    assert answer.headers["content-type"] == "image/png"
    (found,) = read_barcodes(Image.open(io.BytesIO(answer.content)))
    assert product.person("scan", code=found.text)["external_userid"]


def test_the_welcome_arrives_once(product: Product) -> None:
    way = product.add_way()["config_id"]
    code = product.person("scan", code=way)["welcome_code"]
    link = {"title": "先告诉我们谁在使用", "url": "http://127.0.0.1/p/"}
    welcome = {
        "welcome_code": code,
        "text": {"content": "您好"},
        "attachments": [{"msgtype": "link", "link": link}],
    }

    assert product.external("send_welcome_msg", welcome)["errcode"] == 0
    assert product.external("send_welcome_msg", welcome)["errcode"] == 41051
    assert [line["kind"] for line in product.inbox()] == ["text", "link"]


def test_the_welcome_code_lives_twenty_seconds(product: Product) -> None:
    way = product.add_way()["config_id"]
    code = product.person("scan", code=way)["welcome_code"]
    product.advance(21)

    answer = product.external("send_welcome_msg", {"welcome_code": code, "text": {"content": "晚"}})

    assert answer["errcode"] == 41050
    assert "hint" in answer["errmsg"]
    assert product.inbox() == []


def test_a_second_app_hears_that_the_welcome_is_being_sent(product: Product) -> None:
    product.put("/control/settings", {"welcome_busy_seconds": 0.5})
    way = product.add_way()["config_id"]
    code = product.person("scan", code=way)["welcome_code"]
    words = {"welcome_code": code, "text": {"content": "您好"}}

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda w: product.external("send_welcome_msg", w), [words, words]))

    assert sorted(answer["errcode"] for answer in answers) == [0, 41096]


def test_a_corp_with_its_own_welcome_gives_no_code(product: Product) -> None:
    product.put(f"/control/corps/{CORP}", {"has_own_welcome": True})
    product.befriend()

    [event] = product.settle()
    assert "WelcomeCode" not in event


def test_get_shows_person_and_relation(product: Product) -> None:
    external = product.befriend()

    answer = product.external("get", external_userid=external)

    assert answer["external_contact"]["name"] == "张桂兰"
    assert answer["external_contact"]["unionid"] == "ozhang"
    [follow] = answer["follow_user"]
    assert (follow["userid"], follow["state"]) == ("lijianguo", "c1")


def test_the_batch_has_its_own_shape_and_pages(product: Product) -> None:
    ids = {product.befriend("zhang"), product.befriend("chen")}
    ask = {"userid_list": ["lijianguo"], "limit": 1, "cursor": ""}

    first = product.external("batch/get_by_user", ask)
    second = product.external("batch/get_by_user", ask | {"cursor": first["next_cursor"]})

    rows = first["external_contact_list"] + second["external_contact_list"]
    assert {row["external_contact"]["external_userid"] for row in rows} == ids
    assert rows[0]["follow_info"]["tag_id"] == []
    assert second["next_cursor"] == ""


def test_a_member_without_customers_answers_84061(product: Product) -> None:
    assert product.external("list", userid="ZhouMin")["errcode"] == 84061


def test_deleting_the_member_calls_back_and_the_row_stays(product: Product) -> None:
    external = product.befriend()
    product.person("delete-member", corp_id=CORP, userid="lijianguo")

    assert product.settle()[-1]["ChangeType"] == "del_follow_user"
    assert product.external("get", external_userid=external)["errcode"] == 0


def test_deleting_the_customer_ends_the_relation(product: Product) -> None:
    external = product.befriend()
    product.member("delete-contact", person="zhang")

    assert product.settle()[-1]["ChangeType"] == "del_external_contact"
    assert product.external("get", external_userid=external)["errcode"] == 84061


def test_half_contacts_become_friends_when_the_member_confirms(product: Product) -> None:
    way = product.add_way()["config_id"]
    product.person("scan", code=way, half=True)
    product.member("confirm-contact", person="zhang")

    changes = {event["ChangeType"] for event in product.settle()}
    assert changes == {"add_half_external_contact", "add_external_contact"}


def test_changes_by_api_call_nobody_back(product: Product) -> None:
    external = product.befriend()
    group = {"group_name": "来源", "tag": [{"name": "床头码"}]}
    tag = product.external("add_corp_tag", group)["tag_group"]["tag"][0]["id"]
    pair = {"userid": "lijianguo", "external_userid": external}
    assert product.external("mark_tag", pair | {"add_tag": [tag]})["errcode"] == 0
    assert product.external("remark", pair | {"remark": "张阿姨"})["errcode"] == 0

    assert len(product.settle()) == 1
    follow = product.external("get", external_userid=external)["follow_user"][0]
    assert follow["tags"][0]["tag_name"] == "床头码"
    assert follow["remark"] == "张阿姨"


def test_chats_between_two_people_stay_between_them(product: Product) -> None:
    product.befriend()
    product.person("write", corp_id=CORP, userid="lijianguo", text="李医生，我有点头晕")

    assert len(product.settle()) == 1
    assert product.inbox()[-1]["side"] == "me"


def test_a_leaving_member_is_announced(product: Product) -> None:
    product.member("leave", userid="ZhouMin")

    events = [event for event in product.settle() if event["Event"] == "unsubscribe"]
    assert {event["AgentID"] for event in events} == {"1000002", "1000003"}
    assert product.external("get_follow_user_list")["follow_user"] == ["lijianguo"]


def test_a_state_longer_than_thirty_is_refused(product: Product) -> None:
    assert product.add_way(state="x" * 31)["errcode"] == 40058
    assert product.add_way(user=["nobody"])["errcode"] == 41040


def test_contact_ways_can_be_read_changed_and_deleted(product: Product) -> None:
    config_id = product.add_way()["config_id"]
    change = {"config_id": config_id, "user": ["ZhouMin"]}
    assert product.external("update_contact_way", change)["errcode"] == 0

    shown = product.external("get_contact_way", {"config_id": config_id})["contact_way"]
    assert shown["user"] == ["ZhouMin"]
    assert product.external("del_contact_way", {"config_id": config_id})["errcode"] == 0
    assert product.external("get_contact_way", {"config_id": config_id})["errcode"] == 41039


def scan_status(product: Product, code: str, person: str = "zhang") -> int:
    url = f"/control/persons/{person}/scan"
    return product.client.post(url, json={"code": code}).status_code


def test_a_temporary_way_runs_out(product: Product) -> None:
    assert product.add_way(is_temp=True, expires_in=15 * 24 * 3600)["errcode"] == 40058
    hour = product.add_way(is_temp=True, expires_in=3600, state="hour")["config_id"]
    week = product.add_way(is_temp=True, state="week")["config_id"]
    product.advance(3601)

    assert scan_status(product, hour) == 404
    assert scan_status(product, week) == 200
    product.advance(7 * 24 * 3600)
    assert scan_status(product, week) == 404


def test_a_temporary_way_is_for_one_person(product: Product) -> None:
    way = product.add_way(is_temp=True, unionid="somebody-else")["config_id"]

    assert scan_status(product, way) == 409


def test_a_way_keeps_its_type_and_single_ways_keep_one_person(product: Product) -> None:
    config_id = product.add_way()["config_id"]

    both = {"config_id": config_id, "user": ["lijianguo", "ZhouMin"]}
    assert product.external("update_contact_way", both)["errcode"] == 41040
    changed = product.external("update_contact_way", {"config_id": config_id, "type": 2})
    assert changed["errcode"] == 41037


def test_an_exclusive_way_leads_the_same_person_to_the_same_member(product: Product) -> None:
    users = ["lijianguo", "ZhouMin"]
    way = product.add_way(type=2, user=users, is_exclusive=True)["config_id"]

    first = product.person("scan", code=way)["userid"]

    assert product.person("scan", code=way)["userid"] == first
