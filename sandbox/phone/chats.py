"""A person's chats: who they are with, what was said, and what the carrier can prove."""

from __future__ import annotations

from sandbox.errors import Json
from sandbox.official_account.articles import list_shown
from sandbox.runtime import Sandbox
from sandbox.state import MiniProgram, Person, PhoneMessage, make_external_userid, make_openid
from sandbox.subscriptions import describe_ticks
from sandbox.wecom.contacts import find_relation
from sandbox.wecom.transfer_acts import find_waiting

SHOWN = 150


def list_chats(box: Sandbox, me: Person) -> list[Json]:
    """List chats with something in them, the latest first."""
    last: dict[str, PhoneMessage] = {}
    unread: dict[str, int] = {}
    for message in me.inbox:
        last[message.chat] = message
        if message.side == "them" and message.id > me.seen.get(message.chat, 0):
            unread[message.chat] = unread.get(message.chat, 0) + 1
    rows = [
        describe_chat(box, me, key) | {"last": _show(message), "unread": unread.get(key, 0)}
        for key, message in last.items()
    ]
    return sorted(rows, key=lambda row: -row["last"]["id"])


def list_friends(box: Sandbox, me: Person) -> list[Json]:
    """List whom she knows, whether anything was said or not, and what she has opened."""
    rows = []
    for corp in box.world.corps.values():
        external = make_external_userid(corp.corp_id, me.id)
        for relation in corp.list_relations(external):
            if relation.state in ("active", "half", "removed_by_member"):
                key = f"wecom:{corp.corp_id}:{relation.userid}"
                rows.append(describe_chat(box, me, key))
    for account in box.world.official_accounts.values():
        follower = account.followers.get(make_openid(account.app_id, me.id))
        if follower and follower.is_subscribed:
            rows.append(describe_chat(box, me, f"official:{account.app_id}"))
    opened = [
        program
        for program in box.world.mini_programs.values()
        if make_openid(program.app_id, me.id) in program.users
    ]
    return rows + [describe_chat(box, me, f"mini:{program.app_id}") for program in opened]


def describe_chat(box: Sandbox, me: Person, key: str) -> Json:
    """Say who the other side is and whether one can write there."""
    kind, _, rest = key.partition(":")
    row: Json = {"key": key, "kind": kind, "title": rest, "detail": "", "can_write": False}
    if kind == "wecom":
        return row | _describe_wecom(box, me, rest)
    if kind == "group":
        return row | _describe_group(box, me, rest)
    if kind == "kf" and (found := box.world.find_kf(rest)):
        corp, account = found
        return row | {"title": account.name, "detail": corp.name, "can_write": True, "id": rest}
    if kind == "official" and (official := box.world.official_accounts.get(rest)):
        follower = official.followers.get(make_openid(rest, me.id))
        can_write = bool(follower and follower.is_subscribed)
        is_blocked = rest in me.templates_blocked
        more = {"title": official.name, "can_write": can_write, "id": rest}
        return (
            row
            | more
            | {
                "is_blocked": is_blocked,
                "menu": official.menu,
                "articles": list_shown(official),
                "templates": describe_ticks(official.notices, follower),
            }
        )
    if kind == "mini" and (program := box.world.mini_programs.get(rest)):
        return row | {"title": program.name, "can_write": True} | describe_mini(program, me)
    return row


def describe_mini(program: MiniProgram, me: Person) -> Json:
    """Say which reminders can be ticked, and how many ticks are left of each."""
    user = program.users.get(make_openid(program.app_id, me.id))
    templates = describe_ticks(program.templates, user)
    return {"id": program.app_id, "name": program.name, "templates": templates}


def _describe_group(box: Sandbox, me: Person, rest: str) -> Json:
    corp_id, _, chat_id = rest.partition(":")
    corp = box.world.corps.get(corp_id)
    group = corp.groups.chats.get(chat_id) if corp else None
    if corp is None or group is None:
        return {"title": "", "is_gone": True}
    return {
        "title": group.name,
        "detail": corp.name,
        "corp_id": corp_id,
        "chat_id": chat_id,
        "notice": group.notice,
        "count": len(group.members),
        "can_write": make_external_userid(corp_id, me.id) in group.members,
    }


def _describe_wecom(box: Sandbox, me: Person, rest: str) -> Json:
    corp_id, _, userid = rest.partition(":")
    corp = box.world.corps.get(corp_id)
    member = corp.members.get(userid) if corp else None
    if corp is None or member is None:
        return {"title": userid}
    relation = find_relation(corp, userid, make_external_userid(corp_id, me.id))
    state = relation.state if relation else ""
    takers = [
        {"userid": one.takeover_userid, "name": corp.members[one.takeover_userid].name}
        for one in find_waiting(corp, me)
        if userid in (one.handover_userid, one.takeover_userid)
    ]
    return {
        "title": member.name,
        "detail": corp.name,
        "corp_id": corp_id,
        "userid": userid,
        "state": state,
        "can_write": state == "active",
        "takers": takers,
    }


def _show(message: PhoneMessage) -> Json:
    return {
        "id": message.id,
        "at": message.at,
        "side": message.side,
        "kind": message.kind,
        "body": message.body,
        "via": message.via,
        "sender": message.sender,
    }


def list_messages(box: Sandbox, me: Person, chat: str) -> list[Json]:
    mine = [message for message in me.inbox if message.chat == chat][-SHOWN:]
    return [
        _show(message) | {"proof": find_proof(box, message), "media": find_shown(box, message)}
        for message in mine
    ]


def find_shown(box: Sandbox, message: PhoneMessage) -> Json | None:
    """Give the uploaded file that a message shows: its name, and a picture's bytes."""
    kind, _, rest = message.chat.partition(":")
    corp = box.world.corps.get(rest.partition(":")[0]) if kind in ("wecom", "group") else None
    body = message.body
    media = corp.media.get(body.get("media_id") or body.get("pic_media_id") or "") if corp else None
    if media is None:
        return None
    return {"name": media.name, "picture": media.content if media.kind == "image" else ""}


def find_proof(box: Sandbox, message: PhoneMessage) -> Json | None:
    """Say of her own message only what the carrier knows: never that it was read."""
    if message.side != "me":
        return None
    if message.chat.startswith(("wecom:", "group:")):
        return {"state": "unseen"}
    if message.chat.startswith("kf:") and _was_fetched(box, message):
        return {"state": "fetched"}
    entry = next((e for e in box.log.entries if e.id == message.log_id), None)
    if entry is None:
        return None
    state = f"told_{entry.outcome}" if message.chat.startswith("kf:") else entry.outcome
    return {"state": state, "ms": entry.ms}


def _was_fetched(box: Sandbox, message: PhoneMessage) -> bool:
    found = box.world.find_kf(message.chat.removeprefix("kf:"))
    if found is None:
        return False
    account = found[1]
    return any(
        record.body["msgid"] == message.provider_id and record.seq <= account.fetched_seq
        for record in account.records
    )
