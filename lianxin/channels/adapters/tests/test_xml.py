from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianxin.channels.adapters.xml import XmlRefused, field_text, parse_xml

BOMB = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>
<xml><ToUserName>&b;</ToUserName></xml>"""
OUTSIDE = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>
<xml><ToUserName>&a;</ToUserName></xml>"""


def test_fields_are_read_by_name_whatever_their_order() -> None:
    parsed = parse_xml(
        "<xml><Encrypt><![CDATA[abc==]]></Encrypt><AgentID>1</AgentID><Empty/></xml>"
    )

    assert parsed == {"Encrypt": "abc==", "AgentID": "1", "Empty": ""}


def test_one_item_is_a_list_like_many() -> None:
    one = parse_xml("<xml><MemChangeList><Item>a</Item></MemChangeList></xml>")
    two = parse_xml("<xml><MemChangeList><Item>a</Item><Item>b</Item></MemChangeList></xml>")

    assert one["MemChangeList"]["Item"] == ["a"]
    assert two["MemChangeList"]["Item"] == ["a", "b"]


@pytest.mark.parametrize(
    "body",
    [
        BOMB,
        OUTSIDE,
        "<!DOCTYPE x><xml/>",
        "",
        "hello",
        "<xml>",
        "<xml><A></xml>",
        b"\xff\xfe\x00",
        "<a>" * 40 + "</a>" * 40,
        "<xml>" + "<a/>" * 3000 + "</xml>",
        "<xml>" + "x" * 70_000 + "</xml>",
        "<xml>&undefined;</xml>",
    ],
)
def test_anything_odd_is_refused(body: str | bytes) -> None:
    with pytest.raises(XmlRefused):
        parse_xml(body)


def test_a_repeated_or_nested_field_still_reads_as_text() -> None:
    parsed = parse_xml("<xml><A>1</A><A>2</A><B><C>3</C></B></xml>")

    assert field_text(parsed, "A") == "1"
    assert field_text(parsed, "B") == ""
    assert field_text(parsed, "missing") == ""


def test_a_root_without_children_has_no_fields() -> None:
    assert parse_xml("<xml>text</xml>") == {}


def test_a_patient_may_write_about_doctypes() -> None:
    parsed = parse_xml("<xml><Content><![CDATA[<!DOCTYPE html> <!ENTITY]]></Content></xml>")

    assert parsed == {"Content": "<!DOCTYPE html> <!ENTITY"}


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=60))
def test_text_comes_out_as_it_went_in(text: str) -> None:
    content = text.replace("]]>", "").strip()

    assert field_text(parse_xml(f"<xml><A><![CDATA[{content}]]></A></xml>"), "A") == content
