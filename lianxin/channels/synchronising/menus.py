"""The network half of an Official Account's menu."""

from __future__ import annotations

from urllib.parse import quote

from django.conf import settings

from lianxin.channels import actions
from lianxin.channels.adapters.official_account.menus import publish_menu
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.providers import load_facts, run_with
from lianxin.core import time
from lianxin.core.scope import scope


def keep_menu(hospital_id: int, menu_id: int) -> None:
    """Publish one menu. May run twice: the whole menu is replaced each time."""
    with scope(hospital_id):
        claim = actions.claim_menu(hospital_id, menu_id)
    if claim is None:
        return
    menu = claim.menu

    def link(path: str) -> str:
        """Return the page by the account's door, where a phone can prove who it is."""
        return f"{settings.BASE_URL}/p/enter/{menu.account.key}/?to={quote(path, safe='/')}"

    async def work(provider: Provider) -> None:
        await publish_menu(provider, menu.buttons, link)

    try:
        run_with(load_facts(hospital_id, menu.account_id), work)
    except ProviderError as error:
        failure = error.as_failure("", time.now())
        with scope(hospital_id):
            actions.settle_menu(claim, failure.reason_code, failure.retry_at)
        return
    with scope(hospital_id):
        actions.settle_menu(claim)
