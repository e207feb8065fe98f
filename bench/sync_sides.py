"""The sides of the `sync` benchmark, in processes with Django: `open`, `bare` and `ours`."""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import time
from typing import Any

import django
import httpx

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lianxin.settings")
django.setup()

from bench.places import answer  # noqa: E402 - Django first
from bench.sync import CORP_ID  # noqa: E402 - Django first
from lianxin.channels import actions, queries, synchronising  # noqa: E402
from lianxin.channels.models import Account  # noqa: E402
from lianxin.core.actor import SystemActor  # noqa: E402
from lianxin.core.hospitals import open_hospital  # noqa: E402
from lianxin.core.models import Hospital  # noqa: E402
from lianxin.core.scope import scope  # noqa: E402

PAGE = 100


def open_house(origin: str) -> dict[str, Any]:
    hospital = open_hospital("基准医院")
    with scope(hospital):
        account = actions.open_account(
            hospital.pk,
            "wecom",
            "基准账号",
            config={"corp_id": CORP_ID, "agent_id": "1000002"},
            secrets={"secret": "app-secret", "token": "t", "encoding_aes_key": "k" * 43},
            base_url=f"{origin}/wecom",
            by=SystemActor(hospital.pk),
        )
    return {"account": account.pk}


def compare(account_id: str) -> dict[str, Any]:
    """Run the product's own comparison, here and now."""
    hospital = Hospital.objects.get()
    began = time.perf_counter()
    added, _ended = synchronising.sync_now(hospital.pk, int(account_id))
    seconds = time.perf_counter() - began
    with scope(hospital):
        sync = queries.find_last_sync(hospital.pk, int(account_id))
        stored = Account.objects.filter(pk=account_id).exists()
    assert sync is not None
    assert stored
    return {"seconds": seconds, "contacts": sync.seen_count, "added": added}


async def read_bare(origin: str) -> dict[str, Any]:
    """Read every page one after the other and keep nothing."""
    async with httpx.AsyncClient(base_url=f"{origin}/wecom", trust_env=False) as client:
        token = await ask(client, "gettoken", {"corpid": CORP_ID, "corpsecret": "app-secret"})
        query = {"access_token": token["access_token"]}
        began = time.perf_counter()
        listed = await ask(client, "externalcontact/get_follow_user_list", query)
        members: list[str] = listed["follow_user"]
        count = 0
        for start in range(0, len(members), PAGE):
            count += await read_members(client, query, members[start : start + PAGE])
        return {"seconds": time.perf_counter() - began, "contacts": count}


async def read_members(client: httpx.AsyncClient, query: dict[str, str], members: list[str]) -> int:
    count, cursor = 0, ""
    while True:
        body = {"userid_list": members, "cursor": cursor, "limit": PAGE}
        path = "/cgi-bin/externalcontact/batch/get_by_user"
        page = (await client.post(path, params=query, json=body)).json()
        count += len(page["external_contact_list"])
        cursor = page["next_cursor"]
        if not cursor:
            return count


async def ask(client: httpx.AsyncClient, path: str, query: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get(f"/cgi-bin/{path}", params=query)).json()
    return found


def main(what: str, argument: str) -> dict[str, Any]:
    if what == "open":
        return open_house(argument)
    found = asyncio.run(read_bare(argument)) if what == "bare" else compare(argument)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return found | {"memory_mb": memory}


if __name__ == "__main__":
    answer(main(*sys.argv[1:3]))
