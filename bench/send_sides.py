"""The sides of the `send` benchmark, in processes with Django: `open`, `submit`, `work`, `bare`."""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
import time
from typing import Any

import django
import httpx

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lianxin.settings")
django.setup()

from bench.places import answer, wait_for_start  # noqa: E402 - Django first
from bench.send import APP_IDS, WORKERS, people_of  # noqa: E402
from lianxin.channels import actions as channels  # noqa: E402
from lianxin.channels.sending import AT_ONCE  # noqa: E402
from lianxin.core.actor import SystemActor  # noqa: E402
from lianxin.core.hospitals import open_hospital  # noqa: E402
from lianxin.core.memory import leave_out_what_is_loaded  # noqa: E402
from lianxin.core.scope import scope  # noqa: E402
from lianxin.outreach import actions as outreach  # noqa: E402
from lianxin.outreach import jobs  # noqa: E402
from lianxin.outreach.queries import load_house  # noqa: E402
from lianxin.patients.models import HolderAddress, Holding  # noqa: E402
from sandbox.state import make_openid  # noqa: E402

TEXT = "您的问题护士已经看到，请按预约时间来复诊。"
SUBMIT_ROWS = 500


def open_house(origin: str, *app_ids: str) -> dict[str, Any]:
    hospital = open_hospital("基准医院")
    with scope(hospital):
        accounts = [
            channels.open_account(
                hospital.pk,
                "official_account",
                f"公众号 {app_id}",
                config={"app_id": app_id, "original_id": f"gh_{app_id}", "template_id": "T1"},
                secrets={"secret": "app-secret", "token": "t", "encoding_aes_key": "k" * 43},
                base_url=f"{origin}/official",
                by=SystemActor(hospital.pk),
            ).pk
            for app_id in app_ids
        ]
    return {"hospital": hospital.pk, "accounts": accounts}


def submit(hospital_id: int) -> dict[str, int]:
    """Write one answer to each of them."""
    with scope(hospital_id):
        holdings = Holding.objects.order_by("id").values_list("holder_id", "patient_id")
        addresses = dict(HolderAddress.objects.values_list("holder_id", "address_id"))
        drafts = [
            outreach.Draft(
                unique_key=f"bench:{holder_id}",
                kind="reply",
                priority="reply",
                patient_id=patient_id,
                holder_id=holder_id,
                answers_address_id=addresses[holder_id],
                purpose="health_records",
                body=TEXT,
            )
            for holder_id, patient_id in holdings
        ]
    for start in range(0, len(drafts), SUBMIT_ROWS):
        with scope(hospital_id):
            part = drafts[start : start + SUBMIT_ROWS]
            outreach.submit_many(hospital_id, part, by=SystemActor(hospital_id))
    return {"count": len(drafts)}


def work(hospital_id: int) -> None:
    """Send what is due until nothing is left, once all workers are ready."""
    with scope(hospital_id):
        load_house(hospital_id)
    leave_out_what_is_loaded()  # as `lianxin worker` does
    wait_for_start()
    while jobs.deliver_batch(hospital_id):
        continue


async def send_bare(origin: str, messages: int) -> dict[str, float]:
    """Send as many texts to the same people, with as many calls at once, and keep nothing."""
    limits = httpx.Limits(max_connections=WORKERS * AT_ONCE)
    base_url = f"{origin}/official/cgi-bin"
    async with httpx.AsyncClient(base_url=base_url, trust_env=False, limits=limits) as client:
        tokens = {app_id: await fetch_token(client, app_id) for app_id in APP_IDS}
        everybody = itertools.chain.from_iterable(
            ((app_id, one) for one in people_of(app_id, messages)) for app_id in APP_IDS
        )
        began = time.perf_counter()

        async def send_some() -> None:
            for app_id, person in everybody:
                body = {
                    "touser": make_openid(app_id, person),
                    "msgtype": "text",
                    "text": {"content": TEXT},
                }
                query = {"access_token": tokens[app_id]}
                answered = await client.post("/message/custom/send", params=query, json=body)
                answered.raise_for_status()

        await asyncio.gather(*(send_some() for _ in range(WORKERS * AT_ONCE)))
        return {"seconds": time.perf_counter() - began}


async def fetch_token(client: httpx.AsyncClient, app_id: str) -> str:
    body = {"grant_type": "client_credential", "appid": app_id, "secret": "app-secret"}
    return str((await client.post("/stable_token", json=body)).json()["access_token"])


if __name__ == "__main__":
    what, *given = sys.argv[1:]
    if what == "open":
        answer(open_house(*given))
    elif what == "submit":
        answer(submit(int(given[0])))
    elif what == "work":
        work(int(given[0]))
    else:
        answer(asyncio.run(send_bare(given[0], int(given[1]))))
