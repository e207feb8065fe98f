"""The network half of the pictures of codes: fetched from the provider, and read."""

from __future__ import annotations

from lianxin.channels import actions
from lianxin.channels.actions.pictures import PicturedCode
from lianxin.channels.adapters.pictures import fetch_picture, read_code
from lianxin.channels.adapters.provider_http import Provider
from lianxin.channels.providers import load_facts, run_with
from lianxin.core.scope import scope


def read_picture(code: PicturedCode) -> None:
    """Read what a code's picture says, so that it can be printed at any size."""
    account = load_facts(code.hospital_id, code.account_id)
    with scope(code.hospital_id):
        if not actions.claim_picture(code):
            return

    async def work(provider: Provider) -> bytes | None:
        return await fetch_picture(provider.client, code.qr_url)

    picture = run_with(account, work)
    content = read_code(picture) if picture is not None else ""
    with scope(code.hospital_id):
        actions.settle_picture(code, content, is_there=picture is not None)
