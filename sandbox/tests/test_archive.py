"""The chat archive: sealed when it is said, handed out by the stand-in, and who agreed."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sandbox.finance_sdk import FinanceSdk
from sandbox.tests.product import CORP, Product

Json = dict[str, Any]
KEYS = {version: rsa.generate_private_key(65537, 2048) for version in ("1", "2")}


def pem(version: str) -> str:
    public = KEYS[version].public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.fixture
def archived(product: Product) -> Product:
    """Let the corp have an archive of Dr Li's chats, with the first key."""
    apps = [
        {"agent_id": "1000002", "secret": "s1"},
        {"agent_id": "2000004", "secret": "sa", "rights": ["archive"]},
    ]
    archive = {"public_keys": {"1": pem("1")}, "permitted": ["lijianguo"]}
    product.put(f"/control/corps/{CORP}", {"apps": apps, "archive": archive})
    return product


def open_all(product: Product, seq: int = 0) -> list[Json]:
    sdk = FinanceSdk(str(product.client.base_url), CORP, "sa")
    lines = []
    code, text = sdk.get_chat_data(seq, 100)
    assert code == 0
    for row in json.loads(text)["chatdata"]:
        sealed = base64.b64decode(row["encrypt_random_key"])
        private = KEYS[str(row["publickey_ver"])]
        key = private.decrypt(sealed, padding.PKCS1v15()).decode()
        code, plain = sdk.decrypt_data(key, row["encrypt_chat_msg"])
        assert code == 0
        lines.append(json.loads(plain) | {"version": row["publickey_ver"]})
    sdk.close()
    return lines


def test_both_sides_are_sealed_for_the_newest_key_and_kept_five_days(archived: Product) -> None:
    external = archived.befriend()
    archived.person("write", corp_id=CORP, userid="lijianguo", text="你好")
    archived.put(f"/control/corps/{CORP}", {"archive": {"public_keys": {"2": pem("2")}}})
    archived.member("write", person="zhang", text="请说")
    archived.member("recall", person="zhang")

    first, second, back = open_all(archived)

    assert (first["from"], first["tolist"], first["text"]) == (
        external,
        ["lijianguo"],
        {"content": "你好"},
    )
    assert (first["version"], second["version"], second["from"]) == (1, 2, "lijianguo")
    assert (back["action"], back["revoke"]["pre_msgid"]) == ("recall", second["msgid"])
    assert [line["text"]["content"] for line in open_all(archived, 1)[:1]] == ["请说"]
    archived.advance(5 * 86400 + 60)
    assert open_all(archived) == []


def test_it_is_told_at_most_every_fifteen_seconds(archived: Product) -> None:
    archived.befriend()
    archived.settle()
    archived.receiver.forget()
    for wait in (0, 1, 15):
        archived.advance(wait)
        archived.person("write", corp_id=CORP, userid="lijianguo", text="你好")

    told = [one for one in archived.settle() if one.get("Event") == "msgaudit_notify"]

    assert [one["AgentID"] for one in told] == ["2000004", "2000004"]


def test_another_secret_opens_nothing(archived: Product) -> None:
    sdk = FinanceSdk(str(archived.client.base_url), CORP, "s1")

    code, text = sdk.get_chat_data(0, 100)
    sdk.close()

    assert (code, json.loads(text)["errcode"]) == (0, 40001)
    with pytest.raises(OSError, match="libWeWork"):
        FinanceSdk("libWeWorkFinanceSdk_C.so", CORP, "sa")


def test_in_a_group_only_who_was_asked_is_in_the_answer(archived: Product) -> None:
    external = archived.befriend()
    chat_id = str(archived.member("group-create", name="院外一群", persons=["zhang"])["chat_id"])
    token = archived.token("sa")

    def ask() -> list[Json]:
        answer = archived.wecom(
            "msgaudit/check_room_agree", {"roomid": chat_id}, access_token=token
        )
        found: list[Json] = answer["agreeinfo"]
        return found

    assert ask() == []
    archived.person("answer-archive", corp_id=CORP, chat_id=chat_id, answer="Disagree")
    assert [(one["exteranalopenid"], one["agree_status"]) for one in ask()] == [
        (external, "Disagree")
    ]
    archived.member("group-write", chat_id=chat_id, text="大家好")
    assert open_all(archived)[-1]["roomid"] == chat_id
