"""The chat archive's records: sealed when something is said, handed out by the native library.

RSA by the sandbox's own code (PKCS#1 v1.5 is a padding and a power), so that a mistake shared with
the product cannot hide. How the vendor seals a message nobody says; here it is the callbacks' AES.
"""

from __future__ import annotations

import base64
import json
import secrets

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from sandbox.archive_state import ArchiveRecord
from sandbox.crypto import seal
from sandbox.errors import ControlError, Json
from sandbox.runtime import Sandbox, corp_target
from sandbox.state import Corp

KEPT_SECONDS = 5 * 86400
NOTICE_SECONDS = 15
# The archive's own place among a corp's apps.
AGENT_ID = "2000004"


def read_public_key(pem: str) -> RSAPublicKey:
    try:
        key = load_pem_public_key(pem.encode())
    except ValueError as error:
        raise ControlError(422, "a public key is PEM") from error
    if not isinstance(key, RSAPublicKey) or key.key_size != 2048:
        raise ControlError(422, "a public key is RSA with 2048 bits")
    return key


def seal_key(pem: str, random_key: bytes) -> str:
    """Encrypt by PKCS#1 v1.5: 0, 2, random bytes that are not 0, 0, the text; then the power."""
    numbers = read_public_key(pem).public_numbers()
    size = (numbers.n.bit_length() + 7) // 8
    filler = bytes(secrets.randbelow(255) + 1 for _byte in range(size - 3 - len(random_key)))
    block = int.from_bytes(b"\x00\x02" + filler + b"\x00" + random_key, "big")
    return base64.b64encode(pow(block, numbers.e, numbers.n).to_bytes(size, "big")).decode()


def is_archived(corp: Corp, userid: str) -> bool:
    permitted = corp.archive.permitted or [m.userid for m in corp.members.values() if m.is_active]
    return bool(corp.archive.public_keys) and userid in permitted


def add_record(box: Sandbox, corp: Corp, message: Json) -> str:
    """Seal one message and put it into the row; the product is told, at most every 15 s."""
    archive = corp.archive
    msgid = base64.b64encode(secrets.token_bytes(18)).decode()
    version = max(map(int, archive.public_keys))
    random_key = base64.b64encode(secrets.token_bytes(32)).decode()[:43]
    whole = {"msgid": msgid} | message | {"msgtime": int(box.clock.now() * 1000)}
    sealed = seal(random_key, json.dumps(whole, ensure_ascii=False).encode(), "")
    archive.records.append(
        ArchiveRecord(
            seq=archive.next_seq,
            at=box.clock.now(),
            msgid=msgid,
            publickey_ver=version,
            encrypt_random_key=seal_key(archive.public_keys[str(version)], random_key.encode()),
            encrypt_chat_msg=sealed,
        )
    )
    archive.next_seq += 1
    tell(box, corp)
    return msgid


def tell(box: Sandbox, corp: Corp) -> None:
    now = box.clock.now()
    if not corp.callback.url or now - corp.archive.noticed_at < NOTICE_SECONDS:
        return
    corp.archive.noticed_at = now
    fields: dict[str, str | int | list[str]] = {
        "ToUserName": corp.corp_id,
        "FromUserName": "sys",
        "CreateTime": box.clock.second(),
        "MsgType": "event",
        "AgentID": int(AGENT_ID),
        "Event": "msgaudit_notify",
    }
    box.sender.send(corp_target(corp), "msgaudit_notify", fields, AGENT_ID)


def keep_said(box: Sandbox, corp: Corp, sender: str, receiver: str, text: str) -> str:
    """Archive one line of a 1:1 chat."""
    return add_record(
        box,
        corp,
        {
            "action": "send",
            "from": sender,
            "tolist": [receiver],
            "roomid": "",
            "msgtype": "text",
            "text": {"content": text},
        },
    )


def keep_recall(box: Sandbox, corp: Corp, sender: str, receiver: str, msgid: str) -> str:
    return add_record(
        box,
        corp,
        {
            "action": "recall",
            "from": sender,
            "tolist": [receiver],
            "roomid": "",
            "msgtype": "revoke",
            "revoke": {"pre_msgid": msgid},
        },
    )


def keep_group_said(
    box: Sandbox, corp: Corp, sender: str, others: list[str], room: str, text: str
) -> str:
    return add_record(
        box,
        corp,
        {
            "action": "send",
            "from": sender,
            "tolist": others,
            "roomid": room,
            "msgtype": "text",
            "text": {"content": text},
        },
    )


def hand_out(box: Sandbox, data: Json) -> Json:
    """Answer as GetChatData does; who comes with another secret than the archive's is refused."""
    corp = box.world.corps.get(str(data.get("corp_id", "")))
    app = next(
        (
            one
            for one in (corp.apps if corp else [])
            if one.secret == data.get("secret") and "archive" in one.rights
        ),
        None,
    )
    if corp is None or app is None:
        return {"errcode": 40001, "errmsg": "invalid credential"}
    seq, limit = int(data.get("seq") or 0), int(data.get("limit") or 0)
    if not 1 <= limit <= 1000:
        return {"errcode": 40058, "errmsg": "limit is 1 to 1000"}
    alive = box.clock.now() - KEPT_SECONDS
    found = [one for one in corp.archive.records if one.seq > seq and one.at > alive][:limit]
    box.log.add("call", "GetChatData", account=corp.corp_id, params={"count": len(found)})
    rows = [
        {
            "seq": one.seq,
            "msgid": one.msgid,
            "publickey_ver": one.publickey_ver,
            "encrypt_random_key": one.encrypt_random_key,
            "encrypt_chat_msg": one.encrypt_chat_msg,
        }
        for one in found
    ]
    return {"errcode": 0, "errmsg": "ok", "chatdata": rows}
