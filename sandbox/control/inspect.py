"""All that a test may want to look at."""

from __future__ import annotations

from dataclasses import asdict

from sandbox.control.configure import show_ids
from sandbox.errors import Json
from sandbox.runtime import Sandbox
from sandbox.state import Corp, OfficialAccount, Person


def show_state(box: Sandbox) -> Json:
    world = box.world
    box.sender.tally.held = len(box.sender.held) + (1 if box.sender.swapped else 0)
    return {
        "clock": show_clock(box),
        "settings": asdict(world.settings),
        "faults": box.faults.dump(),
        "persons": {k: _show_person(box, p) for k, p in world.persons.items()},
        "corps": {k: _show_corp(c) for k, c in world.corps.items()},
        "official_accounts": {k: _show_official(a) for k, a in world.official_accounts.items()},
        "sms": {k: {"sent": a.sent} for k, a in world.sms.items()},
        "counts": world.counts,
        "callbacks": asdict(box.sender.tally),
    }


def show_clock(box: Sandbox) -> Json:
    offset = box.clock.offset
    return {
        "offset_seconds": int(offset),
        "now": box.clock.now(),
        "iso": box.clock.local().isoformat(timespec="seconds"),
    }


def _show_person(box: Sandbox, person: Person) -> Json:
    data = asdict(person)
    data.pop("cookies")
    chats: dict[str, int] = {}
    for message in person.inbox:
        chats[message.chat] = chats.get(message.chat, 0) + 1
    return data | {"chats": chats, "ids": show_ids(box, person.id)}


def _show_corp(corp: Corp) -> Json:
    data = asdict(corp)
    for name in ("tokens", "apps", "callback", "kf_callback", "contacts_callback"):
        data.pop(name)
    data["tags"] = data.pop("tag_groups")
    for account in data["kf"].values():
        account["messages"] = [row["body"] for row in account.pop("records")]
        account.pop("event_tokens")
    return data


def _show_official(account: OfficialAccount) -> Json:
    data = asdict(account)
    for name in ("tokens", "secret", "token", "encoding_aes_key"):
        data.pop(name)
    return data
