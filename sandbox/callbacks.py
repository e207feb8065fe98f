"""Send callbacks as the providers do: encrypted, 5 s, up to 3 retries; faults on demand."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape

import httpx

from sandbox.clock import Clock
from sandbox.crypto import make_signature, seal
from sandbox.event_log import EventLog, LogEntry
from sandbox.faults import Faults
from sandbox.state import Settings

RETRIES = 3
# What reports on a call comes after the call's own answer.
REPORT_SECONDS = 0.3
REORDER_SECONDS = 3.0
XmlValue = str | int | list[str]
# A value that may hold others: the lists of subscription events.
Value = XmlValue | Mapping[str, Any] | list[Any]
# Whose plain signature covers no body, and whose echo is not encrypted.
OWN_ACCOUNTS = ("official_account", "mini_program")


@dataclass(frozen=True)
class Target:
    """Where one account's callbacks go and how they are protected."""

    kind: str  # wecom, wecom_kf, official_account, mini_program, voice
    account: str
    url: str
    token: str
    encoding_aes_key: str
    receive_id: str
    to_user: str
    is_plain: bool = False
    is_json: bool = False


@dataclass
class Notice:
    """One callback on its way."""

    target: Target
    name: str
    plain: str
    agent_id: str
    entry: LogEntry
    wait_seconds: float = 0.0


@dataclass
class Tally:
    sent: int = 0
    answered: int = 0
    failed: int = 0
    dropped: int = 0
    held: int = 0


@dataclass
class Held:
    notice: Notice
    due_at: float


def make_xml(fields: Mapping[str, Value]) -> str:
    """Write the message as the providers do: text in CDATA, numbers bare, lists repeated."""
    return f"<xml>{_make_elements(fields)}</xml>"


def _make_elements(fields: Mapping[str, Any]) -> str:
    return "\n".join(
        f"<{name}>{_make_content(item)}</{name}>"
        for name, value in fields.items()
        for item in (value if isinstance(value, list) else [value])
    )


def _make_content(item: Any) -> str:
    if isinstance(item, Mapping):
        return _make_elements(item)
    return str(item) if isinstance(item, int) else _cdata(item)


def make_text(fields: Mapping[str, Value], *, is_json: bool) -> str:
    """Write the message in the format that the account has chosen."""
    return json.dumps(fields, ensure_ascii=False) if is_json else make_xml(fields)


def _cdata(text: str) -> str:
    return escape(text) if "]]>" in text else f"<![CDATA[{text}]]>"


def _content_type(target: Target) -> str:
    return "application/json" if target.is_json else "text/xml; charset=utf-8"


@dataclass
class Wire:
    """One request as it goes over the network."""

    query: dict[str, str]
    body: str


def with_query(url: str, query: Mapping[str, str]) -> str:
    """Add to an address that may have a query of its own."""
    if not query:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"


@dataclass
class Sender:
    """Carries callbacks to the product in the background."""

    clock: Clock
    log: EventLog
    faults: Faults
    settings: Settings
    tally: Tally = field(default_factory=Tally)
    held: list[Held] = field(default_factory=list)
    swapped: Notice | None = None
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(32))
    client: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(trust_env=False))

    def send(
        self,
        target: Target,
        name: str,
        fields: Mapping[str, Value],
        agent_id: str = "",
        wait_seconds: float = 0.0,
    ) -> int:
        """Queue one callback; returns the log line that tells what became of it."""
        plain = make_text(fields, is_json=target.is_json)
        entry = self.log.add("callback", name, account=target.account, plain=plain)
        notice = Notice(target, name, plain, agent_id, entry, wait_seconds)
        if not target.url:
            self._settle(entry, "no_address")
        elif self.faults.take("callback_drop", f"/{target.kind}"):
            self.tally.dropped += 1
            self._settle(entry, "dropped")
        elif delay := self.faults.take("callback_delay", f"/{target.kind}"):
            self.held.append(Held(notice, self.clock.now() + delay.seconds))
            self._settle(entry, "held")
        elif self.faults.take("callback_reorder", f"/{target.kind}") and not self.swapped:
            self.swapped = notice
            self._start(self._release_swapped_later())
            self._settle(entry, "held")
        else:
            self._post(notice)
        return entry.id

    def _post(self, notice: Notice) -> None:
        notice.entry.outcome = "waiting"
        self._start(self._deliver(notice, after=self._take_swapped()))
        if self.faults.take("callback_duplicate", f"/{notice.target.kind}"):
            entry = self.log.add(
                "callback", notice.name, account=notice.target.account, plain=notice.plain
            )
            entry.params["duplicate"] = True
            entry.outcome = "waiting"
            copy = Notice(notice.target, notice.name, notice.plain, notice.agent_id, entry)
            self._start(self._deliver(copy, after=None))

    def _take_swapped(self) -> Notice | None:
        held, self.swapped = self.swapped, None
        return held

    async def _release_swapped_later(self) -> None:
        await asyncio.sleep(REORDER_SECONDS)
        if held := self._take_swapped():
            await self._deliver(held, after=None)

    def release_due(self) -> None:
        """Send the late ones whose time has come on the clock."""
        now = self.clock.now()
        due = [item for item in self.held if item.due_at <= now]
        self.held = [item for item in self.held if item.due_at > now]
        for item in due:
            self._post(item.notice)

    def forget(self) -> None:
        """Drop everything that is on its way or waiting."""
        for task in self.tasks:
            task.cancel()
        self.held.clear()
        self.swapped = None
        self.tally = Tally()

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _deliver(self, notice: Notice, *, after: Notice | None) -> None:
        if notice.wait_seconds:
            await asyncio.sleep(notice.wait_seconds)
        wire = self._protect(notice)
        self.tally.sent += 1
        for attempt in range(RETRIES + 1):
            if attempt:
                await asyncio.sleep(self.settings.callback_retry_seconds)
            if await self._attempt(notice, wire, attempt):
                break
        if after:
            await self._deliver(after, after=None)

    async def _attempt(self, notice: Notice, wire: Wire, attempt: int) -> bool:
        entry = notice.entry
        began = time.perf_counter()
        status = 0
        try:
            async with self.gate:
                answer = await self.client.post(
                    with_query(notice.target.url, wire.query),
                    content=wire.body.encode(),
                    headers={"Content-Type": _content_type(notice.target)},
                    timeout=self.settings.callback_timeout_seconds,
                )
                status = answer.status_code
        except httpx.HTTPError as error:
            entry.params["error"] = type(error).__name__
        entry.ms = round((time.perf_counter() - began) * 1000, 1)
        entry.params |= {"status": status, "attempts": attempt + 1}
        is_answered = 200 <= status < 300
        if is_answered:
            self.tally.answered += 1
        elif attempt == RETRIES:
            self.tally.failed += 1
        self._settle(entry, "ok" if is_answered else "failed")
        return is_answered

    def _settle(self, entry: LogEntry, outcome: str) -> None:
        entry.outcome = outcome
        self.tally.held = len(self.held) + (1 if self.swapped else 0)
        self.log.touch()

    def _protect(self, notice: Notice) -> Wire:
        target = notice.target
        if target.kind == "voice":
            # Neither signed nor encrypted: the address is all the proof there is.
            wire = Wire({}, notice.plain)
            self._spoil(notice, wire)
            notice.entry.cipher = f"POST {target.url}\n\n{wire.body}"[:6000]
            return wire
        stamp, nonce = str(self.clock.second()), str(secrets.randbelow(10**9))
        if target.is_plain:
            signature = make_signature(target.token, stamp, nonce)
            wire = Wire({"signature": signature, "timestamp": stamp, "nonce": nonce}, notice.plain)
        else:
            wire = self._encrypt(notice, stamp, nonce)
        self._spoil(notice, wire)
        query = "\n".join(f"  {name:<14}{value}" for name, value in wire.query.items())
        notice.entry.cipher = f"POST {target.url}\n{query}\n\n{wire.body}"[:6000]
        return wire

    def _encrypt(self, notice: Notice, stamp: str, nonce: str) -> Wire:
        target = notice.target
        wrong = self.faults.take("callback_wrong_receive_id", f"/{target.kind}")
        if wrong:
            notice.entry.params["fault"] = wrong.kind
        receive_id = "ww0000000000000000" if wrong else target.receive_id
        sealed = seal(target.encoding_aes_key, notice.plain.encode(), receive_id)
        signature = make_signature(target.token, stamp, nonce, sealed)
        query = {"msg_signature": signature, "timestamp": stamp, "nonce": nonce}
        body: dict[str, Value] = {"ToUserName": target.to_user}
        if target.kind in OWN_ACCOUNTS:
            plain_signature = make_signature(target.token, stamp, nonce)
            query = {"signature": plain_signature, "encrypt_type": "aes"} | query
        elif notice.agent_id:
            body["AgentID"] = notice.agent_id
        return Wire(query, make_text(body | {"Encrypt": sealed}, is_json=target.is_json))

    def _spoil(self, notice: Notice, wire: Wire) -> None:
        if wire.query and self.faults.take("callback_bad_signature", f"/{notice.target.kind}"):
            key = "signature" if notice.target.is_plain else "msg_signature"
            wire.query[key] = wire.query[key][::-1]
            notice.entry.params["fault"] = "callback_bad_signature"
        if self.faults.take("callback_truncated", f"/{notice.target.kind}"):
            wire.body = wire.body[: len(wire.body) * 2 // 3]
            notice.entry.params["fault"] = "callback_truncated"

    async def verify_url(self, target: Target) -> dict[str, object]:
        """Ask as the admin console does when a callback address is saved."""
        stamp, nonce = str(self.clock.second()), str(secrets.randbelow(10**9))
        words = str(secrets.randbelow(10**18))
        query = {"timestamp": stamp, "nonce": nonce}
        if target.kind in OWN_ACCOUNTS:
            query |= {"signature": make_signature(target.token, stamp, nonce), "echostr": words}
        else:
            sealed = seal(target.encoding_aes_key, words.encode(), target.receive_id)
            signature = make_signature(target.token, stamp, nonce, sealed)
            query |= {"msg_signature": signature, "echostr": sealed}
        began = time.perf_counter()
        try:
            answer = await self.client.get(f"{target.url}?{urlencode(query)}", timeout=1.0)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return {"ok": False, "status": 0, "answer": type(error).__name__, "ms": None}
        spent = round((time.perf_counter() - began) * 1000, 1)
        is_right = answer.status_code == 200 and answer.text == words
        text = answer.text[:200]
        return {"ok": is_right, "status": answer.status_code, "answer": text, "ms": spent}

    async def settle(self, seconds: float) -> bool:
        """Wait until nothing is on its way; False when that took too long."""
        pending = set(self.tasks)
        if not pending:
            return True
        _, still = await asyncio.wait(pending, timeout=seconds)
        return not still
