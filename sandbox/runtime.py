"""The running sandbox: state, clock, faults, log and sender together, and its file on disk."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.callbacks import Sender, Target
from sandbox.clock import Clock, write_atomically
from sandbox.event_log import EventLog
from sandbox.faults import Faults
from sandbox.state import (
    Corp,
    MiniProgram,
    OfficialAccount,
    Person,
    PhoneMessage,
    Settings,
    World,
    dump,
    load,
)
from sandbox.windows import Windows

SAVE_SECONDS = 0.5


@dataclass
class Sandbox:
    """What every handler is given."""

    world: World
    clock: Clock
    faults: Faults
    log: EventLog
    sender: Sender
    windows: Windows
    file: Path
    saved_version: int = 0

    def deliver(
        self,
        person: Person,
        chat: str,
        *,
        kind: str,
        body: dict[str, Any],
        via: str,
        sender: str = "",
        side: str = "them",
        provider_id: str = "",
        log_id: int | None = None,
    ) -> PhoneMessage:
        """Put one line on a person's phone."""
        message = PhoneMessage(
            self.world.take_id(),
            chat,
            self.clock.now(),
            side,
            sender,
            kind,
            body,
            via,
            log_id,
            provider_id,
        )
        person.inbox.append(message)
        if side == "me":
            person.seen[chat] = message.id
        self.log.touch()
        return message

    def save(self) -> None:
        self.saved_version = self.log.version
        write_atomically(self.file, dump(self.world))

    async def keep(self, *passing: Callable[[Sandbox], None]) -> None:
        """Run for ever: write changes to disk, release late callbacks, end what has waited."""
        spent = 0.0
        while True:
            # A big state takes long to write: then it is written less often.
            await asyncio.sleep(max(SAVE_SECONDS, 10 * spent))
            self.sender.release_due()
            for pass_time in passing:
                pass_time(self)
            if self.saved_version != self.log.version:
                began = time.perf_counter()
                self.save()
                spent = time.perf_counter() - began


def start(data_dir: Path, clock_file: Path | None) -> Sandbox:
    """Take up the state on disk, or begin with nothing."""
    file = data_dir / "sandbox.json"
    clock = Clock(clock_file or data_dir / "clock.json")
    world = load(World, json.loads(file.read_text("utf-8"))) if file.exists() else World()
    log, faults = EventLog(clock), Faults()
    sender = Sender(clock, log, faults, world.settings)
    return Sandbox(world, clock, faults, log, sender, Windows(clock), file)


def forget_all(box: Sandbox) -> None:
    """Start with nothing, keeping only what the command line said."""
    old = box.world.settings
    fresh = Settings(
        frame_origins=old.frame_origins,
        phone_cookies=old.phone_cookies,
        console_url=old.console_url,
    )
    box.world = World(settings=fresh)
    box.sender.settings = fresh
    box.sender.forget()
    box.faults.items.clear()
    box.windows.clear()
    box.clock.set_offset(0)
    box.log.clear()


def corp_target(corp: Corp, kind: str = "wecom") -> Target:
    callback = corp.callback
    if kind == "wecom_kf" and corp.kf_callback.url:
        callback = corp.kf_callback
    if kind == "contacts":
        callback = corp.contacts_callback
    return Target(
        "wecom" if kind == "contacts" else kind,
        corp.corp_id,
        callback.url,
        callback.token,
        callback.encoding_aes_key,
        corp.corp_id,
        corp.corp_id,
    )


def official_target(account: OfficialAccount) -> Target:
    return Target(
        "official_account",
        account.app_id,
        account.callback_url,
        account.token,
        account.encoding_aes_key,
        account.app_id,
        account.original_id,
        is_plain=account.mode == "plain",
    )


def mini_target(program: MiniProgram) -> Target:
    return Target(
        "mini_program",
        program.app_id,
        program.callback_url,
        program.token,
        program.encoding_aes_key,
        program.app_id,
        program.original_id,
        is_plain=program.mode == "plain",
        is_json=program.data_format == "json",
    )
