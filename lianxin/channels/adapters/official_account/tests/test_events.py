"""What an Official Account tells of messages and articles, in whatever spelling."""

from __future__ import annotations

import pytest

from lianxin.channels.adapters.base import AccountFacts, Inbound
from lianxin.channels.adapters.official_account.adapter import OfficialAccount

ACCOUNT = AccountFacts(1, 1, "k", "official_account", "")


def read(event: str, fields: str) -> list[Inbound]:
    return OfficialAccount().parse(
        ACCOUNT,
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>oOne</FromUserName>"
        "<CreateTime>1610969440</CreateTime><MsgType>event</MsgType>"
        f"<Event>{event}</Event>{fields}</xml>",
    )


@pytest.mark.parametrize(
    ("status", "known", "reason"),
    [
        ("success", "delivered", ""),
        ("failed:user block", "failed", "patient_refuses"),
        ("failed: user block", "failed", "patient_refuses"),
        ("failed: system failed", "failed", "platform_failed"),
        ("failed:system failed", "failed", "platform_failed"),
        ("failed: something new", "failed", "provider_refused"),
        ("", "failed", "provider_refused"),
    ],
)
def test_what_became_of_a_template(status: str, known: str, reason: str) -> None:
    fields = f"<MsgID>200163836</MsgID><Status><![CDATA[{status}]]></Status>"

    [found] = read("TEMPLATESENDJOBFINISH", fields)

    assert (found.status, found.reason) == (known, reason)
    assert found.provider_message_id == "200163836"


def test_two_articles_and_no_detail_are_read_too() -> None:
    item = "<item><idx>{0}</idx><article_url>https://mp.example/s/{0}</article_url></item>"
    detail = f"<article_detail><count>2</count>{item.format(1)}{item.format(2)}</article_detail>"
    told = "<PublishEventInfo><publish_id>9</publish_id><publish_status>{}</publish_status>{}{}"

    [both] = read("PUBLISHJOBFINISH", told.format("0", detail, "</PublishEventInfo>"))
    [refused] = read("PUBLISHJOBFINISH", told.format("many", "", "</PublishEventInfo>"))

    assert (both.raw["status"], both.raw["url"]) == (0, "https://mp.example/s/1")
    assert (refused.raw["status"], refused.raw["article_id"]) == (-1, "")
    assert read("PUBLISHJOBFINISH", "") == []
    assert read("PUBLISHJOBFINISH", "<PublishEventInfo>x</PublishEventInfo>") == []


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("send success", ""),
        ("sendsuccess", ""),
        ("send fail", "platform_failed"),
        ("err(10001)", "content_blocked"),
        ("err(30003)", "mass_copied"),
        ("err(40002)", "mass_unconfirmed"),
        ("err(20431)", "provider_refused"),
        ("", "provider_refused"),
    ],
)
def test_what_became_of_a_mass_send(status: str, reason: str) -> None:
    counts = "<TotalCount>296</TotalCount><SentCount>295</SentCount><ErrorCount>many</ErrorCount>"

    [found] = read(
        "MASSSENDJOBFINISH", f"<MsgID>1000001625</MsgID><Status>{status}</Status>{counts}"
    )

    assert (found.reason, found.provider_message_id) == (reason, "1000001625")
    assert (found.raw["SentCount"], found.raw["ErrorCount"]) == (295, None)
    assert read("MASSSENDJOBFINISH", "") == []
