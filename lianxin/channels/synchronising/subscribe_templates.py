"""The network half of subscribe templates: read which ones the platform lists."""

from __future__ import annotations

from lianxin.channels import queries
from lianxin.channels.actions.subscribe_templates import store_subscribe_templates
from lianxin.channels.adapters.official_account.subscribe_templates import list_templates
from lianxin.channels.providers import load_facts, run_with
from lianxin.core import time
from lianxin.core.scope import scope


def read_subscribe_templates(hospital_id: int, account_id: int) -> None:
    account = load_facts(hospital_id, account_id)
    read_at = time.now()
    listed = run_with(account, list_templates)
    with scope(hospital_id):
        row = queries.find_account(hospital_id, account_id)
        if row is not None:
            store_subscribe_templates(row, listed, read_at=read_at)
