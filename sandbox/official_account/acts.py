"""What people do with an Official Account, and the callbacks that follow."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.callbacks import Value, XmlValue
from sandbox.errors import ControlError, Json
from sandbox.official_account import statistics
from sandbox.official_account.followers import open_follower
from sandbox.runtime import Sandbox, official_target
from sandbox.state import Follower, OfficialAccount, Person, make_openid


def _follower_of(account: OfficialAccount, person: Person) -> Follower:
    return open_follower(account, make_openid(account.app_id, person.id), person.id)


def call_back(
    box: Sandbox,
    account: OfficialAccount,
    follower: Follower,
    name: str,
    more: Mapping[str, Value],
) -> int:
    fields: dict[str, Value] = {
        "ToUserName": account.original_id,
        "FromUserName": follower.openid,
        "CreateTime": box.clock.second(),
    }
    return box.sender.send(official_target(account), name, {**fields, **more})


def _open_short_window(box: Sandbox, follower: Follower) -> None:
    follower.act_at, follower.act_sent = box.clock.now(), 0


def subscribe(
    box: Sandbox, account: OfficialAccount, person: Person, scene: str, ticket: str = ""
) -> Json:
    """Follow the account; scanning while following is a SCAN without the prefix."""
    follower = _follower_of(account, person)
    was_subscribed = follower.is_subscribed
    chat = f"official:{account.app_id}"
    if was_subscribed and not scene:
        return {"openid": follower.openid, "chat": chat, "already": True, "callbacks": []}
    _open_short_window(box, follower)
    more: dict[str, XmlValue] = {"MsgType": "event"}
    if was_subscribed:
        name = "SCAN"
        more |= {"Event": name, "EventKey": scene}
    else:
        name = "subscribe"
        follower.is_subscribed, follower.scene = True, scene
        follower.subscribed_at = box.clock.second()
        follower.source = statistics.BY_CODE if scene else statistics.BY_SEARCH
        statistics.note_came(account, follower)
        more |= {"Event": name, "EventKey": f"qrscene_{scene}" if scene else ""}
        _note(box, account, person, "followed")
    if scene and ticket:
        more["Ticket"] = ticket
    params = person.introduce() | {"name": account.name}
    box.log.add("act", f"oa_{name.lower()}", account=account.app_id, params=params)
    log_id = call_back(box, account, follower, name, more)
    return {"openid": follower.openid, "chat": chat, "callbacks": [log_id]}


def _note(box: Sandbox, account: OfficialAccount, person: Person, note: str) -> None:
    box.deliver(
        person,
        f"official:{account.app_id}",
        kind="note",
        body={"note": note, "name": account.name},
        via="client",
        side="system",
    )


def unsubscribe(box: Sandbox, account: OfficialAccount, person: Person) -> Json:
    follower = _follower_of(account, person)
    if not follower.is_subscribed:
        raise ControlError(409, "not following")
    follower.is_subscribed = False
    statistics.note_went(account, follower, box.clock.now())
    follower.message_at = follower.act_at = 0
    params = person.introduce() | {"name": account.name}
    box.log.add("act", "oa_unsubscribe", account=account.app_id, params=params)
    more: dict[str, XmlValue] = {"MsgType": "event", "Event": "unsubscribe", "EventKey": ""}
    return {"callbacks": [call_back(box, account, follower, "unsubscribe", more)]}


def write(
    box: Sandbox, account: OfficialAccount, person: Person, text: str, menu_id: str = ""
) -> Json:
    follower = _follower_of(account, person)
    if not follower.is_subscribed:
        raise ControlError(409, "not following")
    if not text.strip():
        raise ControlError(422, "nothing to send")
    follower.message_at, follower.message_sent = box.clock.now(), 0
    msgid = 23_000_000_000_000_000 + box.world.take_id()
    more: dict[str, XmlValue] = {"MsgType": "text", "Content": text, "MsgId": msgid}
    if menu_id:
        more["bizmsgmenuid"] = menu_id
    log_id = call_back(box, account, follower, "oa_text", more)
    box.deliver(
        person,
        f"official:{account.app_id}",
        kind="text",
        body={"text": text},
        via="typed",
        side="me",
        provider_id=str(msgid),
        log_id=log_id,
    )
    return {"openid": follower.openid, "msgid": msgid, "callbacks": [log_id]}


def press(box: Sandbox, account: OfficialAccount, person: Person, menu_id: str, text: str) -> Json:
    """Press an item of the newest menu message that has it: a text with `bizmsgmenuid`."""
    for message in reversed(person.inbox):
        if message.chat != f"official:{account.app_id}" or message.kind != "msgmenu":
            continue
        for item in message.body.get("list") or []:
            if (menu_id or text) in (item.get("id"), item.get("content")):
                return write(box, account, person, item["content"], str(item["id"]))
    raise ControlError(404, "no menu has this item")


def click(box: Sandbox, account: OfficialAccount, person: Person, key: str) -> Json:
    follower = _follower_of(account, person)
    if not follower.is_subscribed:
        raise ControlError(409, "not following")
    if key.startswith(("http://", "https://")):
        opened: dict[str, XmlValue] = {"MsgType": "event", "Event": "VIEW", "EventKey": key}
        return {"callbacks": [call_back(box, account, follower, "VIEW", opened)], "open_url": key}
    _open_short_window(box, follower)
    more: dict[str, XmlValue] = {"MsgType": "event", "Event": "CLICK", "EventKey": key}
    return {"callbacks": [call_back(box, account, follower, "CLICK", more)]}


def block_templates(account: OfficialAccount, person: Person, *, blocked: bool) -> Json:
    others = [app_id for app_id in person.templates_blocked if app_id != account.app_id]
    person.templates_blocked = others + ([account.app_id] if blocked else [])
    return {"templates_blocked": person.templates_blocked}


def send_to_all(box: Sandbox, account: OfficialAccount, data: Mapping[str, Value]) -> Json:
    """Send to every follower as an operator does on the platform's site; the end is called back.

    `status` is what the examination says: `send success`, `send fail` or `err(10001)`.
    """
    status = str(data.get("status") or "send success")
    chat = f"official:{account.app_id}"
    followers = [one for one in account.followers.values() if one.is_subscribed]
    reached = followers if status == "send success" else []
    for follower in reached:
        person, text = box.world.persons[follower.person], str(data.get("text", ""))
        box.deliver(
            person, chat, kind="text", body={"text": text}, via="official", sender=account.name
        )
    openids = [*account.followers, make_openid(account.app_id, "platform")]
    fields: dict[str, Value] = {
        "ToUserName": account.original_id,
        "FromUserName": openids[0],
        "CreateTime": box.clock.second(),
        "MsgType": "event",
        "Event": "MASSSENDJOBFINISH",
        "MsgID": 1_000_000_000 + box.world.take_id(),
        "Status": status,
        "TotalCount": len(followers),
        "FilterCount": len(reached),
        "SentCount": len(reached),
        "ErrorCount": 0,
    }
    return {"callbacks": [box.sender.send(official_target(account), "MASSSENDJOBFINISH", fields)]}
