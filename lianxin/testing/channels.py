from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from lianxin.channels import actions
from lianxin.channels.actions import groups
from lianxin.channels.adapters.base import AccountFacts, CallbackRequest, Inbound
from lianxin.channels.adapters.crypto import Crypt, sign
from lianxin.channels.adapters.wecom.groups import SeenGroup, SeenMember
from lianxin.channels.models import Account, Address, ApiUse, Archive, Arrival, Group, MediaFile
from lianxin.channels.providers import WINDOWS
from lianxin.channels.queries import facts_of
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.testing.core import number
from lianxin.testing.staff import make_staff

TOKEN = "a-callback-token"
AES_KEY = base64.b64encode(hashlib.sha256(b"tests").digest()).decode()[:43]
CORP_ID = "ww00000000000tests"
APP_ID = "wx00000000000tests"
MINI_APP_ID = "wx0000000000mini1"


def make_account(
    hospital: Hospital,
    kind: str = Account.Kind.WECOM,
    *,
    base_url: str = "http://127.0.0.1:9",
    **config: str,
) -> Account:
    """Open an account whose provider does not answer unless `base_url` says where it is."""
    unique = next(number)
    given = {
        "corp_id": CORP_ID,
        "agent_id": "1000002",
        "open_kfid": f"wk{unique}",
        "app_id": APP_ID,
        "original_id": "gh_tests",
    }
    with scope(hospital):
        return actions.open_account(
            hospital.pk,
            kind,
            f"账号 {unique}",
            config=given | config,
            secrets={"secret": "app-secret", "token": TOKEN, "encoding_aes_key": AES_KEY},
            base_url=base_url,
            by=SystemActor(hospital.pk),
        )


def open_windows() -> None:
    """Forget how often providers were called, and that one has refused: its time has passed."""
    WINDOWS.clear()
    ApiUse.objects.all().delete()


@dataclass(frozen=True)
class SealedCallback:
    """What a provider would post."""

    query: Mapping[str, str]
    body: bytes

    @property
    def request(self) -> CallbackRequest:
        return CallbackRequest(self.query, self.body)


def seal_callback(
    xml: str, *, receive_id: str = CORP_ID, timestamp: int | None = None, nonce: str = "nonce"
) -> SealedCallback:
    """Encrypt and sign as the provider does."""
    stamp = str(int(time.now().timestamp()) if timestamp is None else timestamp)
    encrypted = Crypt(TOKEN, AES_KEY, receive_id).encrypt(xml.encode())
    body = f"<xml><ToUserName>x</ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    query = {
        "msg_signature": sign(TOKEN, stamp, nonce, encrypted),
        "timestamp": stamp,
        "nonce": nonce,
        "encrypt_type": "aes",
    }
    return SealedCallback(query, body.encode())


def contact_xml(
    change: str = "add_external_contact",
    *,
    person: str = "wmPerson1",
    member: str = "staff1",
    created: int = 1_790_000_000,
    state: str = "",
    welcome_code: str = "",
) -> str:
    extra = f"<State><![CDATA[{state}]]></State>" if state else ""
    extra += f"<WelcomeCode><![CDATA[{welcome_code}]]></WelcomeCode>" if welcome_code else ""
    return (
        f"<xml><ToUserName><![CDATA[{CORP_ID}]]></ToUserName>"
        f"<FromUserName><![CDATA[sys]]></FromUserName><CreateTime>{created}</CreateTime>"
        f"<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[change_external_contact]]></Event>"
        f"<ChangeType><![CDATA[{change}]]></ChangeType><UserID><![CDATA[{member}]]></UserID>"
        f"<ExternalUserID><![CDATA[{person}]]></ExternalUserID>{extra}</xml>"
    )


def make_address(
    account: Account, external_id: str = "", *, staff_userid: str = "", state: str = ""
) -> Address:
    """Let one person add the account, through the same door as a callback."""
    person = external_id or f"wmPerson{next(number)}"
    inbound = Inbound(
        event="contact.added",
        arrival_key=f"made:{person}:{staff_userid}",
        occurred_at=time.now(),
        kind="full",
        external_id=person,
        staff_userid=staff_userid,
        state=state,
    )
    with scope(account.hospital_id):
        actions.take_in(facts_of(account), [inbound])
        return Address.objects.get(account=account, external_id=person)


ARCHIVE_SECRET = "archive-secret"


def make_archive(account: Account) -> Archive:
    """Switch the archive on with one pair of keys, through the same door as the page."""
    by = SystemActor(account.hospital_id)
    with scope(account.hospital_id):
        actions.change_archive(
            account, secret=ARCHIVE_SECRET, purpose="随访质量检查", keep_days=30, seen=0, by=by
        )
        actions.make_archive_key(account, 1, by=by)
        actions.turn_on_archive(account, by=by)
        return Archive.objects.get(account=account)


def make_message(address: Address, text: str = "你好", *, kind: str = "text") -> Arrival:
    """Let the person write one message."""
    unique = next(number)
    inbound = Inbound(
        event="message.arrived",
        arrival_key=f"message:{unique}",
        occurred_at=time.now(),
        kind=kind,
        external_id=address.external_id,
        text=text,
        provider_message_id=str(unique),
    )
    with scope(address.hospital_id):
        facts: AccountFacts = facts_of(address.account)
        actions.take_in(facts, [inbound])
        return Arrival.objects.get(account_id=facts.id, arrival_key=f"message:{unique}")


def make_group(
    account: Account,
    name: str = "院外交流群",
    *,
    notice: str = "",
    owner: str = "DrLi",
    external_ids: tuple[str, ...] = (),
) -> Group:
    """Let a group be found and looked at, through the same door as the provider's list."""
    now = time.now()
    with scope(account.hospital_id):
        group = Group.objects.create(
            hospital_id=account.hospital_id,
            account=account,
            chat_id=f"wrGroup{next(number)}",
            created_at=now,
            read_due_at=now,
        )
    look_at_group(group, name, notice=notice, owner=owner, external_ids=external_ids)
    return group


def look_at_group(
    group: Group,
    name: str = "院外交流群",
    *,
    notice: str = "",
    owner: str = "DrLi",
    external_ids: tuple[str, ...] = (),
) -> None:
    """Let a look find this name, and these people beside the owner."""
    now = time.now()
    outside = [SeenMember(one, is_outside=True, joined_at=now) for one in external_ids]
    members = (SeenMember(owner, is_outside=False, joined_at=now), *outside)
    seen = SeenGroup(name, notice, owner, now, ("ZhouMin",), f"v{next(number)}", members)
    with scope(group.hospital_id):
        Group.objects.filter(pk=group.pk).update(read_due_at=now)
        if claim := groups.claim_look(group):
            groups.settle_look(claim, seen)
        group.refresh_from_db()


def group_xml(
    change: str = "update",
    *,
    chat_id: str = "wrGroup1",
    detail: str = "",
    ids: tuple[str, ...] = (),
    versions: tuple[str, str] = ("", ""),
    created: int = 1_790_000_000,
    scene: Mapping[str, int] | None = None,
) -> str:
    """Write change_external_chat as the provider does: what does not apply is absent."""
    items = "".join(f"<Item><![CDATA[{one}]]></Item>" for one in ids)
    extra = f"<UpdateDetail><![CDATA[{detail}]]></UpdateDetail>" if detail else ""
    extra += "".join(f"<{name}>{value}</{name}>" for name, value in (scene or {}).items())
    if ids:
        extra += f"<MemChangeCnt>{len(ids)}</MemChangeCnt><MemChangeList>{items}</MemChangeList>"
        extra += f"<LastMemVer><![CDATA[{versions[0]}]]></LastMemVer>"
        extra += f"<CurMemVer><![CDATA[{versions[1]}]]></CurMemVer>"
    return (
        f"<xml><ToUserName><![CDATA[{CORP_ID}]]></ToUserName>"
        f"<FromUserName><![CDATA[sys]]></FromUserName><CreateTime>{created}</CreateTime>"
        f"<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[change_external_chat]]></Event>"
        f"<ChatId><![CDATA[{chat_id}]]></ChatId><ChangeType><![CDATA[{change}]]></ChangeType>"
        f"{extra}</xml>"
    )


PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


def make_file(hospital: Hospital, content: bytes = PNG, name: str = "picture.png") -> MediaFile:
    """Keep a file of the hospital that may go along with messages."""
    with scope(hospital):
        return actions.keep_file(Account.Kind.WECOM, content, name, by=make_staff(hospital))
