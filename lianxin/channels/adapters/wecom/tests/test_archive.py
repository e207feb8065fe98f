"""The archive's own step: real RSA keys of several versions over a source that is a stand-in."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from hypothesis import given
from hypothesis import strategies as st

from lianxin.channels.adapters.wecom.archive import (
    ArchiveRefused,
    EncryptedRecord,
    open_key,
    open_record,
    read_line,
    read_records,
)
from lianxin.channels.adapters.wecom.archive_sdk import NativeSdk

KEYS = {version: rsa.generate_private_key(65537, 2048) for version in (1, 3)}


class Told:
    """A source that knows one message, and opens it with the right random key alone."""

    def fetch(self, seq: int, limit: int) -> list[EncryptedRecord]:
        return [seal(1, "key-one"), seal(3, "key-three")][seq : seq + limit]

    def open(self, key: str, sealed_message: str) -> str:
        return json.dumps({"msgid": key, "msgtype": "text", "text": {"content": sealed_message}})


def seal(version: int, key: str) -> EncryptedRecord:
    sealed = KEYS[version].public_key().encrypt(key.encode(), padding.PKCS1v15())
    return EncryptedRecord(
        version, f"m{version}", version, base64.b64encode(sealed).decode(), "你好"
    )


def test_each_record_is_opened_by_the_key_of_its_version() -> None:
    source = Told()

    lines = [open_record(source, KEYS, record) for record in source.fetch(0, 10)]

    assert [(line.message_id, line.text) for line in lines] == [
        ("key-one", "你好"),
        ("key-three", "你好"),
    ]


def test_a_version_that_we_have_no_key_of_is_refused() -> None:
    with pytest.raises(ArchiveRefused, match="archive_key_unknown"):
        open_key({1: KEYS[1]}, seal(3, "key"))


def test_a_broken_key_is_refused_without_its_text() -> None:
    record = EncryptedRecord(1, "m", 1, "not base64 中文", "secret words")

    with pytest.raises(ArchiveRefused, match="archive_key_wrong") as refused:
        open_key(KEYS, record)

    assert "secret words" not in repr(record) + str(refused.value)


def test_the_documented_answer_is_read_and_an_error_refused() -> None:
    row = {
        "seq": "196",
        "msgid": "CAQQ2fbb4QUY0On2rYSAgAMgip/yzgs=",
        "publickey_ver": 3,
        "encrypt_random_key": "a",
        "encrypt_chat_msg": "b",
    }

    answer = json.dumps({"errcode": 0, "errmsg": "ok", "chatdata": [row, "odd"]})

    assert read_records(answer) == [EncryptedRecord(196, row["msgid"], 3, "a", "b")]  # type: ignore[arg-type]
    with pytest.raises(ArchiveRefused, match="archive_source_refused"):
        read_records('{"errcode": 301052}')


def test_a_recall_names_what_it_takes_back() -> None:
    line = read_line(
        '{"msgid":"m2","action":"recall","from":"DrLi","tolist":["wmA"],"roomid":"",'
        '"msgtime":1603875615723,"msgtype":"revoke","revoke":{"pre_msgid":"m1"}}'
    )

    assert (line.action, line.recalls, line.receivers) == ("recall", "m1", ("wmA",))
    assert line.sent_at.year == 2020


@given(
    st.text().map("x{}".format) | st.recursive(st.integers() | st.text(), st.lists).map(json.dumps)
)
def test_nothing_but_a_refusal_comes_of_garbage(text: str) -> None:
    for read in (read_records, read_line):
        with pytest.raises(ArchiveRefused):
            read(text)


def test_without_the_vendors_library_the_driver_says_so() -> None:
    with pytest.raises(ArchiveRefused, match="archive_library_missing"):
        NativeSdk("./no-such-library.so", "ww1", "secret")
