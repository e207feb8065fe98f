"""WeChat customer service: the corp's accounts (documents 94662, 94663, 94682, 94706).

A new account needs a picture, uploaded before. No call takes a key of ours, so one that was asked
for without an answer is looked for in the list before it is asked for again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lianxin.channels.adapters.base import as_text
from lianxin.channels.adapters.provider_http import Provider, ProviderError

PATH = "/cgi-bin/kf/account"
PAGE = 100
# A corp has five thousand at most; a provider that never stops is broken.
MOST_PAGES = 51
GONE = "wrong_account_id"
NO = (False, "false", "0")


@dataclass(frozen=True)
class ListedAccount:
    """One customer service account that our app may see; only some it may also answer for."""

    open_kfid: str
    name: str
    is_managed: bool = True


def read_account(row: dict[str, Any]) -> ListedAccount:
    return ListedAccount(
        as_text(row.get("open_kfid"))[:64],
        as_text(row.get("name")),
        # Absent in old answers, where every listed account could be managed.
        row.get("manage_privilege") not in NO,
    )


async def list_accounts(provider: Provider) -> list[ListedAccount]:
    found: dict[str, ListedAccount] = {}
    for page in range(MOST_PAGES):
        answer = await provider.post(f"{PATH}/list", {"offset": page * PAGE, "limit": PAGE})
        rows = [one for one in answer.get("account_list") or [] if isinstance(one, dict)]
        listed = {one.open_kfid: one for one in map(read_account, rows) if one.open_kfid}
        # A provider that does not know pages gives the same one again.
        if len(rows) < PAGE or listed.keys() <= found.keys():
            return list((found | listed).values())
        found |= listed
    return list(found.values())


async def add_account(provider: Provider, name: str, media_id: str) -> str:
    body = {"name": name, "media_id": media_id}
    answer = await provider.post(f"{PATH}/add", body, is_repeatable=False)
    return as_text(answer.get("open_kfid"))[:64]


async def rename_account(provider: Provider, open_kfid: str, name: str) -> None:
    await provider.post(f"{PATH}/update", {"open_kfid": open_kfid, "name": name})


async def remove_account(provider: Provider, open_kfid: str) -> None:
    """Delete one; an account that is gone already is what we want."""
    try:
        await provider.post(f"{PATH}/del", {"open_kfid": open_kfid})
    except ProviderError as error:
        if error.reason != GONE:
            raise
