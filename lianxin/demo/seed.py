"""Fill an empty demo database: `python -m lianxin.demo.seed DATA_DIR PATIENTS`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from random import Random
from typing import Any

import django


def main(data_dir: Path, patients: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lianxin.settings")
    django.setup()
    # The rooms can be imported only now.
    from django.conf import settings

    from lianxin.core.models import Hospital
    from lianxin.demo import houses
    from lianxin.demo.cast import HOUSES

    if not settings.IS_DEMO or Hospital.objects.exists():
        sys.exit("This database is not an empty demo: nothing was changed.")
    sandbox_url, edge_url = os.environ["LIANXIN_SANDBOX_URL"], os.environ["LIANXIN_EDGE_URL"]
    houses.register_walkers(sandbox_url)
    for number, house in enumerate(HOUSES):
        opened = houses.open_house(house, sandbox_url, edge_url)
        fill(opened, round(patients * house.share), Random(number), sandbox_url)
    write_summary(data_dir)


def fill(opened: Any, count: int, rng: Random, sandbox_url: str) -> None:
    from lianxin.demo import history, life, people, service, walks

    registered = people.register_everybody(opened, count, rng)
    members = people.join_phones(opened, registered, sandbox_url, rng)
    history.write_history(opened, members, rng)
    service.write_service(opened, members, rng)
    walks.write_walks(opened, members, rng)
    life.play(opened, members, rng)


def write_summary(data_dir: Path) -> None:
    """Write demo.json: addresses, sign-ins and keys, for people and for tools."""
    from lianxin.demo.cast import HOUSES, PASSWORD
    from lianxin.demo.houses import AGENT_ID, callback

    base, edge = os.environ["LIANXIN_BASE_URL"], os.environ["LIANXIN_EDGE_URL"]
    users, seen = [], set()
    for house in HOUSES:
        for member in house.staff:
            username = f"{house.key}-{member.role}"
            if username not in seen:
                seen.add(username)
                users.append(
                    {
                        "username": username,
                        "password": PASSWORD,
                        "role": member.role,
                        "hospital": house.name,
                    }
                )
    first = HOUSES[0]
    wecom, official = (
        callback(first, "wecom", "wc", edge),
        callback(first, "official_account", "oa", edge),
    )
    summary = {
        "console": f"{base}/",
        "portal": f"{base}/p/",
        "sandbox": f"{os.environ['LIANXIN_SANDBOX_URL']}/",
        "api": f"{base}/api/v1/",
        "fhir": f"{base}/fhir/R4/",
        "users": users,
        "api_token": "",
        "wecom": {
            "callback_url": wecom["url"],
            "token": wecom["token"],
            "encoding_aes_key": wecom["encoding_aes_key"],
            "corp_id": first.corp_id,
            "agent_id": AGENT_ID,
        },
        "official_account": {
            "callback_url": official["url"],
            "token": official["token"],
            "encoding_aes_key": official["encoding_aes_key"],
            "app_id": first.app_id,
        },
        "pay": {},
        "database_url": os.environ["DATABASE_URL"],
        "owner_database_url": os.environ["LIANXIN_OWNER_DATABASE_URL"],
    }
    path = data_dir / "demo.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps(summary, ensure_ascii=False, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
