"""Accounts by the key in a callback's address, kept for a few seconds, without Django's ORM."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from tink import aead

from lianxin.channels.adapters.base import AccountFacts
from lianxin.channels.sealing import CALLBACK_FIELD, SECRETS_FIELD
from lianxin.core import keys

KEPT_SECONDS = 10.0
# Somebody who guesses keys may not make us forget the real ones.
MOST_KEPT = 2_000

ROUTE = "select hospital_id, account_id from channels_accountroute where key = %s"
SCOPE = "select set_config('lianxin.hospital', %s, true)"
ACCOUNT = """
select a.kind, a.base_url, a.config, a.secrets_sealed, h.keyset_wrapped
from channels_account a join core_hospital h on h.id = a.hospital_id
where a.id = %s and a.is_active and h.is_active
"""

VERIFIED = "update channels_account set callback_verified_at = %s where id = %s"


@dataclass(frozen=True)
class OpenAccount:
    """An account with its secrets open and its hospital's key at hand."""

    facts: AccountFacts
    seal_key: aead.Aead

    def seal(self, body: str) -> bytes:
        return bytes(self.seal_key.encrypt(body.encode(), CALLBACK_FIELD.encode()))


class AccountBook:
    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]]) -> None:
        self.pool = pool
        self.kept: dict[str, tuple[float, OpenAccount | None]] = {}

    async def find(self, key: str) -> OpenAccount | None:
        kept_until, account = self.kept.get(key, (0.0, None))
        if kept_until > monotonic():
            return account
        account = await self.load(key)
        if len(self.kept) >= MOST_KEPT:
            self.kept = {name: kept for name, kept in self.kept.items() if kept[1] is not None}
        self.kept[key] = (monotonic() + KEPT_SECONDS, account)
        return account

    async def note_verified(self, account: AccountFacts, at: datetime) -> None:
        """Remember that the provider has proven to hold our token and key."""
        async with self.pool.connection() as connection, connection.transaction():
            await connection.execute(SCOPE, [str(account.hospital_id)])
            await connection.execute(VERIFIED, [at, account.id])

    async def load(self, key: str) -> OpenAccount | None:
        async with self.pool.connection() as connection, connection.transaction():
            route = await (await connection.execute(ROUTE, [key])).fetchone()
            if route is None:
                return None
            hospital_id, account_id = route
            await connection.execute(SCOPE, [str(hospital_id)])
            row = await (await connection.execute(ACCOUNT, [account_id])).fetchone()
        return open_account(key, hospital_id, account_id, row) if row else None


def open_account(key: str, hospital_id: int, account_id: int, row: tuple[Any, ...]) -> OpenAccount:
    kind, base_url, config, secrets_sealed, wrapped = row
    seal_key = keys.unwrapped_aead(hospital_id, bytes(wrapped))
    sealed = bytes(secrets_sealed)
    secrets = json.loads(seal_key.decrypt(sealed, SECRETS_FIELD.encode())) if sealed else {}
    facts = AccountFacts(account_id, hospital_id, key, kind, base_url, config, secrets)
    return OpenAccount(facts, seal_key)
