"""All that a test may want to look at."""

from __future__ import annotations

from sandbox.control.configure import show_ids
from sandbox.errors import Json
from sandbox.kf_state import KfAccount
from sandbox.runtime import Sandbox
from sandbox.state import Corp, MiniProgram, OfficialAccount, Person

HIDDEN = (
    "tokens",
    "apps",
    "callback",
    "kf_callback",
    "contacts_callback",
    "secret",
    "token",
    "encoding_aes_key",
)


def show_state(box: Sandbox) -> Json:
    world = box.world
    box.sender.tally.held = len(box.sender.held) + (1 if box.sender.swapped else 0)
    return {
        "clock": show_clock(box),
        "settings": vars(world.settings),
        "faults": box.faults.dump(),
        "persons": {k: _show_person(box, p) for k, p in world.persons.items()},
        "corps": {k: _show_corp(c) for k, c in world.corps.items()},
        "official_accounts": {k: _show_official(a) for k, a in world.official_accounts.items()},
        "mini_programs": {k: _show_mini(p) for k, p in world.mini_programs.items()},
        "sms": {k: {"sent": a.sent} for k, a in world.sms.items()},
        "voice": {k: {"calls": a.calls} for k, a in world.voice.items()},
        "counts": world.counts,
        "callbacks": vars(box.sender.tally),
    }


def show_clock(box: Sandbox) -> Json:
    offset = box.clock.offset
    return {
        "offset_seconds": int(offset),
        "now": box.clock.now(),
        "iso": box.clock.local().isoformat(timespec="seconds"),
    }


def _show_person(box: Sandbox, person: Person) -> Json:
    chats: dict[str, int] = {}
    for message in person.inbox:
        chats[message.chat] = chats.get(message.chat, 0) + 1
    shown = {k: v for k, v in vars(person).items() if k != "cookies"}
    return shown | {"chats": chats, "ids": show_ids(box, person.id)}


def _show_corp(corp: Corp) -> Json:
    data = {k: v for k, v in vars(corp).items() if k not in HIDDEN}
    data["tags"] = data.pop("tag_groups")
    data["kf"] = {k: _show_kf(account) for k, account in corp.kf.items()}
    return data


def _show_kf(account: KfAccount) -> Json:
    data = {k: v for k, v in vars(account).items() if k not in ("records", "event_tokens")}
    return data | {"messages": [record.body for record in account.records]}


def _show_official(account: OfficialAccount) -> Json:
    return {k: v for k, v in vars(account).items() if k not in HIDDEN}


def _show_mini(program: MiniProgram) -> Json:
    data = {k: v for k, v in vars(program).items() if k not in (*HIDDEN, "codes")}
    # A session key stays on the server.
    users = program.users.items()
    data["users"] = {
        k: {name: v for name, v in vars(u).items() if name != "session_key"} for k, u in users
    }
    return data
