"""A sandbox that plays the provider for the tests of signing in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lianxin.testing.channels import AES_KEY, APP_ID, TOKEN
from lianxin.testing.processes import Sandbox, sandbox_process


@pytest.fixture(scope="session")
def sandbox_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with sandbox_process(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(sandbox_server: Sandbox) -> Sandbox:
    """Give a sandbox with one Official Account that two people follow, and one who does not."""
    sandbox_server.post("/control/reset", {"all": True})
    sandbox_server.put(
        f"/control/official-accounts/{APP_ID}",
        {
            "original_id": "gh_tests",
            "name": "河畔医院",
            "secret": "app-secret",
            "token": TOKEN,
            "encoding_aes_key": AES_KEY,
            "mode": "safe",
            "callback_url": "",
            "is_bound": True,
            "templates": [],
        },
    )
    for name in ("wang", "stranger"):
        person = {"name": name, "age": 62, "gender": 2, "union_id": f"u-{name}"}
        sandbox_server.put(f"/control/persons/{name}", person)
    sandbox_server.person_does("wang", "oa-subscribe", app_id=APP_ID)
    return sandbox_server
