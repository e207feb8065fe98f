"""Shared commits: callbacks that wait together become durable together.

One transaction, one multi-row insert and one job per hospital and urgency; nobody is answered
before that commit. A callback alone pays one round trip; a crowd pays one between them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
import structlog
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

log = structlog.get_logger(__name__)

MAX_BATCH = 200
# One commit at a time: while it waits for the disk, the next one is collected.
COMMITTERS = 1
# A moment for the requests that arrive together; far below the disk's own time.
GATHER_SECONDS = 0.002

# One statement is one transaction and one round trip (migration 0002). The jobs' rows are written
# by it too: they exist if and only if the callbacks do.
STORE = (
    "select channels_store_callbacks(%(hospital)s, %(accounts)b::bigint[], %(keys)b::text[],"
    " %(bodies)b::bytea[], %(urgencies)b::boolean[], %(at)s)"
)


@dataclass(frozen=True)
class Verified:
    """A callback whose sender is proven, sealed and ready to be stored."""

    hospital_id: int
    account_id: int
    event_key: str
    body_sealed: bytes = field(repr=False)
    is_urgent: bool
    received_at: datetime


Waiting = tuple[Verified, "asyncio.Future[None]"]


class SharedCommit:
    """Collects what waits and commits it. `store` returns when the row is durable."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]]) -> None:
        self.pool = pool
        self.waiting: list[Waiting] = []
        # Counted by the drains themselves: a task that has left its loop but is not yet done
        # must not be taken for one that will look again.
        self.active_count = 0
        self.tasks: set[asyncio.Task[None]] = set()

    async def store(self, callback: Verified) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append((callback, done))
        if self.active_count < COMMITTERS:
            self.active_count += 1
            task = asyncio.create_task(self.drain())
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        await done

    async def drain(self) -> None:
        try:
            while self.waiting:
                await asyncio.sleep(GATHER_SECONDS)
                batch, self.waiting = self.waiting[:MAX_BATCH], self.waiting[MAX_BATCH:]
                await self.settle(batch)
        finally:
            self.active_count -= 1

    async def settle(self, batch: Sequence[Waiting]) -> None:
        """Commit a batch; when it fails, each on its own, so that one cannot spoil the others."""
        callbacks = [callback for callback, _ in batch]
        try:
            await self.commit_again_once(callbacks)
        except (psycopg.Error, OSError) as error:
            if len(batch) > 1:
                for one in batch:
                    await self.settle([one])
                return
            log.warning("callback.not_stored", error=type(error).__name__)
            answer(batch, error)
            return
        except BaseException as error:
            answer(batch, error)
            raise
        answer(batch, None)

    async def commit_again_once(self, callbacks: Sequence[Verified]) -> None:
        """Commit; after a lost connection once more, on connections that were looked at."""
        try:
            await self.commit(callbacks)
        except psycopg.OperationalError:
            await self.pool.check()
            await self.commit(callbacks)

    async def commit(self, callbacks: Sequence[Verified]) -> None:
        groups: dict[int, list[Verified]] = {}
        for callback in callbacks:
            groups.setdefault(callback.hospital_id, []).append(callback)
        async with self.pool.connection() as connection:
            for hospital_id, group in groups.items():
                await connection.execute(STORE, parameters(hospital_id, group))


def answer(batch: Sequence[Waiting], error: BaseException | None) -> None:
    for _callback, done in batch:
        if done.done():  # the provider hung up
            continue
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(NotStoredError(type(error).__name__))


class NotStoredError(Exception):
    """The callback is not durable; the provider must try again."""


def parameters(hospital_id: int, group: Sequence[Verified]) -> dict[str, Any]:
    return {
        "hospital": hospital_id,
        "accounts": [one.account_id for one in group],
        "keys": [one.event_key for one in group],
        "bodies": [one.body_sealed for one in group],
        "urgencies": [one.is_urgent for one in group],
        "at": group[0].received_at,
    }
