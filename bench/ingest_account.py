"""Opens the hospital and the account that the ingest benchmark posts to; prints its key.

A process of its own, because Django is set up once per process.
"""

from __future__ import annotations

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lianxin.settings")
django.setup()

from lianxin.channels import actions  # noqa: E402 - Django first
from lianxin.core.actor import SystemActor  # noqa: E402
from lianxin.core.hospitals import open_hospital  # noqa: E402
from lianxin.core.scope import scope  # noqa: E402


def main(corp_id: str, token: str, aes_key: str) -> str:
    hospital = open_hospital("基准医院")
    with scope(hospital):
        account = actions.open_account(
            hospital.pk,
            "wecom",
            "基准账号",
            config={"corp_id": corp_id},
            secrets={"token": token, "encoding_aes_key": aes_key},
            base_url="http://127.0.0.1:9",
            by=SystemActor(hospital.pk),
        )
    return account.key


if __name__ == "__main__":
    print(main(*sys.argv[1:4]))
