from __future__ import annotations

import pytest
from hypothesis import event, example, given
from hypothesis import strategies as st

from lianxin.channels.adapters.xml import (
    FLAT,
    XmlRefused,
    field_text,
    is_plain,
    parse_carefully,
    parse_xml,
)

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
        "<xml>" + "<A>1</A>" * 3000 + "</xml>",
        "<xml><A>\ud800</A></xml>",
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


MARKUP = ["<xml>", "</xml>", "<A>", "</A>", "<Item>", "</Item>", "<![CDATA[", "]]>", "<B/>"]
TEXTS = ["]]", "]", "<", ">", "&", "&amp;", "<!--x-->", "血压", "😀"]
PIECES = st.sampled_from([*MARKUP, *TEXTS, *" \n\r\t\x01\ufffe"])
SOME = st.lists(PIECES, max_size=6).map("".join)
FIELDS = st.one_of(
    SOME.map(lambda text: f"<A><![CDATA[{text}]]></A>"),
    SOME.map(lambda text: f"<Item>{text}</Item>"),
    st.sampled_from(["<A></A>", "<B>1</B>", " "]),
)


@given(
    st.one_of(
        SOME, st.lists(FIELDS, max_size=4).map(lambda fields: f"<xml>{''.join(fields)}</xml>")
    )
)
@example("<xml><A><![CDATA[x]]>junk]]></A></xml>")
@example("<xml><A><![CDATA[ 1]]2]>3 ]]></A><Item>4</Item> <A>5</A></xml>")
def test_the_short_way_reads_what_the_parser_reads(text: str) -> None:
    if is_plain(text.encode()) and FLAT.fullmatch(text):
        event("flat")
        assert parse_xml(text) == parse_carefully(text)


def test_what_providers_send_goes_the_short_way() -> None:
    body = "<xml><A><![CDATA[高]血压]]></A><B>1</B></xml>"

    assert is_plain(body.encode())
    assert FLAT.fullmatch(body)
    assert parse_xml(body) == {"A": "高]血压", "B": "1"}
