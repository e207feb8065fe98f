from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image
from zxingcpp import read_barcodes

from sandbox.tests.product import OFFICIAL, Json, Product


def subscribe(product: Product) -> str:
    openid = product.person("oa-subscribe", app_id=OFFICIAL)["openid"]
    product.settle()
    return str(openid)


def send(product: Product, openid: str, text: str = "您好") -> int:
    body = {"touser": openid, "msgtype": "text", "text": {"content": text}}
    return int(product.official("message/custom/send", body)["errcode"])


def send_template(product: Product, openid: str, **more: str) -> Json:
    body = {"touser": openid, "template_id": "T1", "data": {"n": {"value": "2 件事"}}}
    return product.official("message/template/send", body | more)


def test_subscribing_and_scanning_differ_by_the_prefix(product: Product) -> None:
    scene = {"scene": {"scene_str": "ward3"}}
    ask = {"action_name": "QR_STR_SCENE", "expire_seconds": 600, "action_info": scene}
    made = product.official("qrcode/create", ask)
    ticket = made["ticket"]
    picture = product.client.get("/official/cgi-bin/showqrcode", params={"ticket": ticket})
    assert picture.headers["content-type"] == "image/png"
    (found,) = read_barcodes(Image.open(io.BytesIO(picture.content)))
    assert found.text == made["url"]

    product.person("scan", code=ticket)
    product.settle()
    product.person("scan", code=ticket)

    first, second = product.settle()
    assert (first["Event"], first["EventKey"]) == ("subscribe", "qrscene_ward3")
    assert (second["Event"], second["EventKey"]) == ("SCAN", "ward3")
    assert first["Ticket"] == ticket
    assert first["receive_id"] == OFFICIAL


def test_plain_mode_is_not_encrypted(product: Product) -> None:
    product.put(f"/control/official-accounts/{OFFICIAL}", {"mode": "plain"})
    subscribe(product)
    product.settle()

    [seen] = product.receiver.received
    assert "signature" in seen.query
    assert "msg_signature" not in seen.query
    assert seen.read()["Event"] == "subscribe"


def test_three_in_a_minute_after_subscribing(product: Product) -> None:
    openid = subscribe(product)
    assert [send(product, openid) for _ in range(4)] == [0, 0, 0, 45047]

    product.advance(61)

    assert send(product, openid) == 45015


def test_five_in_48_hours_after_a_message(product: Product) -> None:
    openid = subscribe(product)
    product.advance(61)
    product.person("oa-write", app_id=OFFICIAL, text="在吗")
    assert [send(product, openid) for _ in range(6)] == [0] * 5 + [45047]

    product.advance(48 * 3600)
    product.tokens.clear()

    assert send(product, openid) == 45015


def test_a_text_is_measured_in_bytes(product: Product) -> None:
    openid = subscribe(product)
    product.person("oa-write", app_id=OFFICIAL, text="在吗")

    assert send(product, openid, "🌷" * 512) == 0
    assert send(product, openid, "🌷" * 512 + "。") == 45002
    # What is refused uses nothing up: four of five are left, and three for having followed.
    assert [send(product, openid) for _ in range(8)] == [0] * 7 + [45047]


def test_messages_come_with_their_id(product: Product) -> None:
    subscribe(product)
    made = product.person("oa-write", app_id=OFFICIAL, text="在吗")

    message = product.settle()[-1]
    assert (message["MsgType"], message["Content"]) == ("text", "在吗")
    assert message["MsgId"] == str(made["msgid"])


def test_a_template_arrives_and_reports_later(product: Product) -> None:
    openid = subscribe(product)
    msgid = send_template(product, openid)["msgid"]

    report = product.settle()[-1]
    assert (report["Event"], report["MsgID"]) == ("TEMPLATESENDJOBFINISH", str(msgid))
    assert report["Status"] == "success"
    assert product.inbox()[-1]["body"]["text"] == "您有2 件事"


def test_a_blocked_template_fails_after_success(product: Product) -> None:
    openid = subscribe(product)
    product.person("oa-block-templates", app_id=OFFICIAL, blocked=True)

    assert send_template(product, openid)["errcode"] == 0
    assert product.settle()[-1]["Status"] == "failed:user block"
    assert product.inbox() == []


def test_the_same_client_msg_id_is_sent_once(product: Product) -> None:
    openid = subscribe(product)
    first = send_template(product, openid, client_msg_id="c1")
    second = send_template(product, openid, client_msg_id="c1")

    assert first["msgid"] == second["msgid"]
    assert len(product.inbox()) == 1


def test_template_refusals(product: Product) -> None:
    openid = subscribe(product)
    assert send_template(product, openid, template_id="none")["errcode"] == 40037
    assert send_template(product, "onobody")["errcode"] == 40003
    empty = {"touser": openid, "template_id": "T1", "data": {}}
    assert product.official("message/template/send", empty)["errcode"] == 47003

    product.person("oa-unsubscribe", app_id=OFFICIAL)

    assert send_template(product, openid)["errcode"] == 43004


def test_user_info_has_no_errcode_and_little_after_leaving(product: Product) -> None:
    openid = subscribe(product)
    shown = product.official("user/info", openid=openid)
    assert (shown["subscribe"], shown["unionid"]) == (1, "ozhang")
    assert "errcode" not in shown
    assert product.official("user/get")["data"]["openid"] == [openid]

    product.person("oa-unsubscribe", app_id=OFFICIAL)

    assert product.official("user/info", openid=openid) == {"subscribe": 0, "openid": openid}
    assert "data" not in product.official("user/get")


def authorize(product: Product, **query: str) -> dict[str, str]:
    ask = {
        "appid": OFFICIAL,
        "redirect_uri": "http://127.0.0.1:1/p/?next=a",
        "response_type": "code",
        "scope": "snsapi_userinfo",
        "state": "s",
    }
    answer = product.client.get("/connect/oauth2/authorize", params=ask | query)
    assert answer.status_code == 302, answer.text
    values = parse_qs(urlsplit(answer.headers["location"]).query)
    return {name: value[0] for name, value in values.items()}


def exchange(product: Product, code: str) -> Json:
    ask = {"appid": OFFICIAL, "secret": "os", "code": code, "grant_type": "authorization_code"}
    found: Json = product.client.get("/official/sns/oauth2/access_token", params=ask).json()
    return found


def test_signing_in_by_the_account(product: Product) -> None:
    back = authorize(product, **{"as": "zhang"})
    assert (back["state"], back["next"]) == ("s", "a")

    answer = exchange(product, back["code"])
    ids = product.client.get("/control/ids/zhang").json()

    assert answer["openid"] == ids["open_ids"][OFFICIAL]
    assert answer["unionid"] == "ozhang"
    assert exchange(product, back["code"])["errcode"] == 40163
    assert exchange(product, "wrong")["errcode"] == 40029
    ask = {"access_token": answer["access_token"], "openid": answer["openid"]}
    profile = product.client.get("/official/sns/userinfo", params=ask).json()
    assert profile["nickname"] == "张桂兰"


def test_a_snapshot_user_says_so(product: Product) -> None:
    back = authorize(product, **{"as": "zhang", "snapshot": "1"})

    assert exchange(product, back["code"])["is_snapshotuser"] == 1


@pytest.mark.parametrize(("holder", "keys"), [("member:ZhouMin", "userid"), ("chen", "openid")])
def test_signing_in_by_wecom(product: Product, holder: str, keys: str) -> None:
    back = authorize(product, appid="wwriverside", scope="snsapi_base", **{"as": holder})

    answer = product.wecom("auth/getuserinfo", code=back["code"])

    assert keys in answer
    assert "external_userid" not in answer
    assert product.wecom("auth/getuserinfo", code=back["code"])["errcode"] == 42022


def test_a_customer_is_known_by_her_external_id(product: Product) -> None:
    external = product.befriend()
    back = authorize(product, appid="wwriverside", scope="snsapi_base", **{"as": "zhang"})

    assert product.wecom("auth/getuserinfo", code=back["code"])["external_userid"] == external


def test_without_a_phone_nobody_is_signed_in(product: Product) -> None:
    ask = {
        "appid": OFFICIAL,
        "redirect_uri": "http://127.0.0.1:1/",
        "response_type": "code",
        "scope": "snsapi_base",
    }
    answer = product.client.get("/connect/oauth2/authorize", params=ask)

    assert answer.status_code == 403


def test_a_menu_has_three_buttons_and_is_counted_in_bytes(product: Product) -> None:
    def create(*buttons: Json) -> int:
        return int(product.official("menu/create", {"button": list(buttons)})["errcode"])

    ask: Json = {"type": "click", "name": "急症", "key": "m-1"}
    assert create(*[ask] * 4) == 40016
    assert create(ask | {"name": "六个汉字太长"}) == 40018
    assert create(ask | {"key": "k" * 129}) == 40019
    assert create(ask | {"type": "wave"}) == 40017
    assert create({"name": "服务", "sub_button": [ask] * 6}) == 40023
    assert create({"type": "view", "name": "首页", "url": "ftp://x"}) == 40055
    assert create(ask, {"name": "服务", "sub_button": [ask]}) == 0
    subscribe(product)
    product.person("oa-click", app_id=OFFICIAL, key="m-1")
    event = product.settle()[-1]
    assert (event["Event"], event["EventKey"]) == ("CLICK", "m-1")


def make_cover(
    product: Product, kind: str = "thumb", content: bytes = b"\xff\xd8\xffcover"
) -> Json:
    product.official("user/get")
    answer = product.client.post(
        "/official/cgi-bin/material/add_material",
        params={"access_token": product.tokens["official"], "type": kind},
        files={"media": ("cover.jpg", content, "image/jpeg")},
    )
    return dict(answer.json())


def test_an_article_is_examined_before_it_is_there(product: Product) -> None:
    assert make_cover(product, kind="song")["errcode"] == 40004
    assert make_cover(product, content=b"\xff\xd8\xff" + b"x" * 65536)["errcode"] == 40006
    cover = make_cover(product)["media_id"]
    article: Json = {"title": "先坐好再量", "content": "<p>坐五分钟</p>", "thumb_media_id": cover}

    def draft(**more: str) -> Json:
        return product.official("draft/add", {"articles": [article | more]})

    assert draft(title="长" * 33)["errcode"] == 45003
    assert draft(thumb_media_id="none")["errcode"] == 40007
    subscribe(product)
    for refuse, status in ((False, 0), (True, 4)):
        sent = product.official("freepublish/submit", {"media_id": draft()["media_id"]})
        ask = {"publish_id": sent["publish_id"]}
        assert product.official("freepublish/get", ask)["publish_status"] == 1
        product.person("oa-examine", app_id=OFFICIAL, refuse=refuse)
        event = product.settle()[-1]
        assert event["Event"] == "PUBLISHJOBFINISH"
        found = product.official("freepublish/get", ask)
        assert found["publish_status"] == status
        assert ("article_id" in found) is not refuse
        if not refuse:
            taken = {"article_id": found["article_id"]}
            assert product.official("freepublish/delete", taken)["errcode"] == 0
            assert product.official("freepublish/get", ask)["publish_status"] == 5
            assert product.official("freepublish/delete", taken)["errcode"] == 40007


def ask_counts(product: Product, name: str, first: str, last: str) -> Json:
    product.tokens.clear()
    product.official("user/get")
    answer = product.client.post(
        f"/official/datacube/{name}",
        params={"access_token": product.tokens["official"]},
        json={"begin_date": first, "end_date": last},
    )
    return dict(answer.json())


def test_followers_are_counted_by_day_when_it_is_over(product: Product) -> None:
    # From 07:00 in Beijing of the next day: its yesterday is not told yet.
    now = datetime.fromtimestamp(product.client.get("/control/clock").json()["now"], UTC)
    today = (now + timedelta(hours=8)).date()
    tomorrow_at_seven = datetime.combine(today, datetime.min.time(), UTC) + timedelta(hours=23)
    product.person("oa-subscribe", app_id=OFFICIAL, scene="ward3")
    product.person("oa-subscribe", "chen", app_id=OFFICIAL, scene="")
    product.person("oa-unsubscribe", "chen", app_id=OFFICIAL)
    day, week_ago = today.isoformat(), (today - timedelta(days=6)).isoformat()

    assert ask_counts(product, "getusersummary", day, day)["errcode"] == 61501
    assert ask_counts(product, "getusersummary", "soon", day)["errcode"] == 61500
    product.advance((tomorrow_at_seven - now).total_seconds() + 1)
    assert ask_counts(product, "getusersummary", day, day) == {"list": []}
    product.advance(3600)

    too_long = (today - timedelta(days=7)).isoformat()
    assert ask_counts(product, "getusercumulate", too_long, day)["errcode"] == 61501
    assert ask_counts(product, "getusersummary", week_ago, day)["list"] == [
        {"ref_date": day, "user_source": 30, "new_user": 1, "cancel_user": 0},
        {"ref_date": day, "user_source": 1, "new_user": 1, "cancel_user": 1},
    ]
    totals = ask_counts(product, "getusercumulate", week_ago, day)["list"]
    assert [one["cumulate_user"] for one in totals] == [0] * 6 + [1]


def test_the_end_of_an_examination_is_told_and_people_who_read_are_counted(
    product: Product,
) -> None:
    cover = make_cover(product)["media_id"]
    article = {"title": "先坐好再量", "content": "<p>坐五分钟</p>", "thumb_media_id": cover}
    long = article | {"content": "长" * 20_000}
    assert product.official("draft/add", {"articles": [long]})["errcode"] == 45002
    far = article | {"content_source_url": "https://example.com/" + "a" * 1024}
    assert product.official("draft/add", {"articles": [far]})["errcode"] == 45006
    draft = product.official("draft/add", {"articles": [article]})
    sent = product.official("freepublish/submit", draft)
    day = datetime.fromtimestamp(product.client.get("/control/clock").json()["now"] + 28800, UTC)

    product.advance(60)

    assert [event["Event"] for event in product.settle()] == ["PUBLISHJOBFINISH"]
    shown = product.official("freepublish/get", {"publish_id": sent["publish_id"]})
    assert shown["publish_status"] == 0
    for person, share in (("zhang", False), ("zhang", True), ("chen", False)):
        ask = {"app_id": OFFICIAL, "article_id": shown["article_id"], "share": share}
        product.person("oa-read", person, **ask)
    product.advance(86400 * 2)
    on = day.date().isoformat()
    (row,) = ask_counts(product, "getarticletotaldetail", on, on)["list"]
    assert row["msgid"] == f"{sent['msg_data_id']}_1"
    assert (row["detail_list"][-1]["read_user"], row["detail_list"][-1]["share_user"]) == (2, 1)


def test_a_template_may_fail_at_the_platform(product: Product) -> None:
    openid = subscribe(product)
    product.fault("template_system_failed", count=1)

    assert send_template(product, openid)["errcode"] == 0
    assert product.settle()[-1]["Status"] == "failed: system failed"


def test_a_mass_send_of_the_operator_is_told_with_its_counts(product: Product) -> None:
    subscribe(product)
    product.person("oa-mass-send", app_id=OFFICIAL, text="义诊通知")
    product.person("oa-mass-send", app_id=OFFICIAL, text="义诊通知", status="err(10001)")

    sent, refused = product.settle()[-2:]
    assert (sent["Status"], sent["SentCount"]) == ("send success", "1")
    assert (refused["Status"], refused["SentCount"]) == ("err(10001)", "0")
