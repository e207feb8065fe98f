"""WeCom: contact events in; the welcome and staff-confirmed tasks out. 1:1 chats never come in."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from lianxin.channels.adapters.base import (
    AccountFacts,
    CallbackRequest,
    Inbound,
    Opened,
    Outbound,
    SendFailed,
    Sent,
    as_text,
    at_unix,
    cut_bytes,
)
from lianxin.channels.adapters.checking import Check
from lianxin.channels.adapters.envelope import open_sealed, open_text
from lianxin.channels.adapters.provider_http import Provider, Token
from lianxin.channels.adapters.reactions import load_facts
from lianxin.channels.adapters.wecom import acquisition, calls
from lianxin.channels.adapters.wecom.attachments import build_attachments
from lianxin.channels.adapters.wecom.checks import CHECKS
from lianxin.channels.adapters.wecom.group_events import parse_group
from lianxin.channels.adapters.xml import field_text, field_texts, parse_xml

TITLE_BYTES = 128
# The member did not delete the contact: somebody else took over.
MOVED_AWAY = "DELETE_BY_TRANSFER"
CONTACT_EVENTS = {
    "add_external_contact": ("contact.added", "full"),
    "add_half_external_contact": ("contact.added", "half"),
    "edit_external_contact": ("contact.edited", "edited"),
    "del_follow_user": ("contact.removed", "by_patient"),
    "del_external_contact": ("contact.removed", "by_staff"),
    "transfer_fail": ("transfer.failed", "transfer_fail"),
    "msg_audit_approved": ("archive.agreed", "archive_agreed"),
}


# event and change → what it means; the second set comes only to the contacts callback.
LEAVE_EVENTS = {"unsubscribe", "subscribe", "change_contact"}
LEAVE_CHANGES = {
    "unsubscribe": ("member.left", "unsubscribe"),
    "subscribe": ("member.came", "subscribe"),
    "delete_user": ("member.left", "deleted"),
    "create_user": ("member.came", "created"),
}


class WeCom:
    kind = "wecom"
    platform = "wecom"
    carriers = frozenset({"welcome", "staff_task"})
    text_bytes = 4000
    checks: tuple[Check, ...] = CHECKS
    redact_keys = frozenset(
        {"access_token", "corpsecret", "welcome_code", "external_userid", "unionid", "content"}
    )

    def answer_verification(self, account: AccountFacts, request: CallbackRequest) -> str:
        """Return the decrypted echo, to be answered exactly."""
        echo = request.query.get("echostr", "")
        return open_text(account, request, account.setting("corp_id"), echo)

    def open_callback(self, account: AccountFacts, request: CallbackRequest) -> Opened:
        return open_sealed(account, request, account.setting("corp_id"))

    def parse(self, account: AccountFacts, body: str) -> list[Inbound]:
        del account
        message = parse_xml(body)
        event = field_text(message, "Event")
        if event == "change_external_contact":
            return parse_contact(message)
        if event == "change_external_chat":
            return parse_group(message)
        if event == "customer_acquisition":
            return parse_link(message)
        if event in LEAVE_EVENTS:
            return parse_leave(message)
        if event == "template_card_event":
            return parse_press(message)
        return [NOTICES[event](message)] if event in NOTICES else []

    async def fetch_token(self, provider: Provider) -> Token:
        return await calls.fetch_token(provider)

    async def send(self, provider: Provider, outbound: Outbound) -> Sent:
        if outbound.carrier_kind == "welcome":
            return await self.send_welcome(provider, outbound)
        if outbound.carrier_kind == "staff_task":
            return await self.make_task(provider, outbound)
        raise SendFailed("carrier_unsupported", permanent=True, client_key=outbound.client_key)

    async def send_welcome(self, provider: Provider, outbound: Outbound) -> Sent:
        """Send the welcome. A repeat is safe: the code works once, and 41051 means done."""
        body = self.body(outbound) | {"welcome_code": outbound.welcome_code}
        answer = await provider.post(f"{calls.CONTACT}/send_welcome_msg", body)
        return Sent(outbound.client_key, was_repeat=bool(answer.get("errcode")))

    async def make_task(self, provider: Provider, outbound: Outbound) -> Sent:
        """Make a task that the member must confirm. Nothing is delivered before that."""
        people = outbound.external_ids or ((outbound.address,) if outbound.address else ())
        body = self.body(outbound) | self.recipients(outbound, people)
        answer = await provider.post(f"{calls.CONTACT}/add_msg_template", body, is_repeatable=False)
        failed = tuple(as_text(one) for one in answer.get("fail_list") or [])
        wanted = outbound.chat_ids or people
        if wanted and set(wanted) <= set(failed):
            raise SendFailed("not_a_contact", permanent=True, client_key=outbound.client_key)
        return Sent(outbound.client_key, as_text(answer.get("msgid")), failed)

    def recipients(self, outbound: Outbound, people: tuple[str, ...]) -> dict[str, Any]:
        """Name who gets the task: people, or groups of the sender. Never both, never too many."""
        wanted = outbound.chat_ids or people
        limit = load_facts()["mass_task_groups" if outbound.chat_ids else "mass_task_people"]
        if len(wanted) > limit or (outbound.chat_ids and not outbound.staff_userid):
            raise SendFailed("too_many_recipients", permanent=True, client_key=outbound.client_key)
        whom: dict[str, Any] = (
            {"chat_type": "group", "chat_id_list": list(wanted)}
            if outbound.chat_ids
            else {"chat_type": "single", "external_userid": list(wanted)}
        )
        return whom | {"sender": outbound.staff_userid}

    def body(self, outbound: Outbound) -> dict[str, Any]:
        body: dict[str, Any] = {}
        if outbound.text:
            body["text"] = {"content": cut_bytes(outbound.text, self.text_bytes)}
        attachments = build_attachments(outbound.attachments, outbound.media_ids)
        if outbound.url:
            link = {"title": cut_bytes(outbound.title or "连心", TITLE_BYTES), "url": outbound.url}
            attachments.append({"msgtype": "link", "link": link})
        if attachments:
            body["attachments"] = attachments
        return body


def parse_contact(message: dict[str, Any]) -> list[Inbound]:
    known = CONTACT_EVENTS.get(field_text(message, "ChangeType"))
    external_id = field_text(message, "ExternalUserID")
    staff_userid = field_text(message, "UserID")
    if known is None or not external_id or not staff_userid:
        return []
    event, kind = known
    if field_text(message, "Source") == MOVED_AWAY:
        kind = "transferred"
    created = field_text(message, "CreateTime")
    return [
        Inbound(
            event=event,
            arrival_key=f"{kind}:{staff_userid}:{external_id}:{created}",
            occurred_at=at_unix(created),
            kind=kind,
            external_id=external_id,
            staff_userid=staff_userid,
            state=field_text(message, "State"),
            welcome_code=field_text(message, "WelcomeCode"),
            reason=field_text(message, "Source") or field_text(message, "FailReason"),
            raw=message,
        )
    ]


def parse_link(message: dict[str, Any]) -> list[Inbound]:
    """Read what became of an acquisition link, or of the quota that links are paid from.

    An opening names nobody: two people in one second with the same words count as one.
    """
    known = acquisition.read_change(message)
    if known is None:
        return []
    event, kind = known
    link_id, state = field_text(message, "LinkId"), field_text(message, "State")
    external_id, userid = field_text(message, "ExternalUserID"), field_text(message, "UserID")
    created = field_text(message, "CreateTime")
    return [
        Inbound(
            event=event,
            arrival_key=f"{kind}:{link_id}:{state}:{userid}:{external_id}:{created}",
            occurred_at=at_unix(created),
            kind=kind,
            external_id=external_id,
            staff_userid=userid,
            state=state,
            raw={
                "link_id": link_id,
                "expires_at": field_text(message, "ExpireTime"),
                "expiring": field_text(message, "ExpireQuotaNum"),
            },
        )
    ]


def parse_leave(message: dict[str, Any]) -> list[Inbound]:
    """Read that a member has gone, or is back; other changes of the staff list are not ours."""
    event = field_text(message, "Event")
    is_list = event == "change_contact"
    known = LEAVE_CHANGES.get(field_text(message, "ChangeType") if is_list else event)
    userid = field_text(message, "UserID" if is_list else "FromUserName")
    if known is None or not userid:
        return []
    created = field_text(message, "CreateTime")
    name, kind = known
    return [
        Inbound(
            event=name,
            arrival_key=f"{kind}:{userid}:{created}",
            occurred_at=at_unix(created),
            kind=kind,
            staff_userid=userid,
        )
    ]


def parse_tag(message: dict[str, Any]) -> Inbound:
    """Read 'the list of tags changed': made, renamed, deleted, or shuffled without an id."""
    created = field_text(message, "CreateTime")
    change, item = field_text(message, "ChangeType"), field_text(message, "Id")
    return Inbound(
        event="tags.changed",
        arrival_key=f"tags:{change}:{item}:{created}",
        occurred_at=at_unix(created),
        kind=change,
    )


def parse_press(message: dict[str, Any]) -> list[Inbound]:
    """Read 'a member pressed a card': which button, which card, and the code to change it."""
    code = field_text(message, "ResponseCode")
    userid = field_text(message, "FromUserName")
    if not code or not userid:
        return []
    return [
        Inbound(
            event="card.pressed",
            arrival_key=f"card:{hashlib.sha256(code.encode()).hexdigest()}",
            occurred_at=at_unix(field_text(message, "CreateTime")),
            kind=field_text(message, "EventKey"),
            staff_userid=userid,
            raw={"task_id": field_text(message, "TaskId"), "response_code": code},
        )
    ]


def parse_archive_notice(message: dict[str, Any]) -> Inbound:
    """Read 'the archive has something new'. It carries nothing itself."""
    created = field_text(message, "CreateTime")
    return Inbound(
        event="archive.due", arrival_key=f"archive:{created}", occurred_at=at_unix(created)
    )


def parse_sync_notice(message: dict[str, Any]) -> Inbound:
    """Read 'there are new customer service messages'. It carries none itself."""
    open_kfid = field_text(message, "OpenKfId")
    token = field_text(message, "Token")
    created = field_text(message, "CreateTime")
    return Inbound(
        event="sync.due",
        arrival_key=f"sync:{open_kfid}:{created}:{token}",
        occurred_at=at_unix(created),
        raw={"open_kfid": open_kfid, "token": token},
    )


def parse_rights_notice(message: dict[str, Any]) -> Inbound:
    """Read for which customer service accounts we may answer now, and for which no more."""
    created = field_text(message, "CreateTime")
    given = field_texts(message, "AuthAddOpenKfId")
    taken = field_texts(message, "AuthDelOpenKfId")
    digest = hashlib.sha256(" ".join([*given, "-", *taken]).encode()).hexdigest()
    return Inbound(
        event="service_accounts.changed",
        arrival_key=f"kf_rights:{created}:{digest}",
        occurred_at=at_unix(created),
        raw={"given": given, "taken": taken},
    )


# Events that say one thing each: that something is to be looked at.
NOTICES: dict[str, Callable[[dict[str, Any]], Inbound]] = {
    "change_external_tag": parse_tag,
    "msgaudit_notify": parse_archive_notice,
    "kf_msg_or_event": parse_sync_notice,
    "kf_account_auth_change": parse_rights_notice,
}
