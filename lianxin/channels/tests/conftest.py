"""One database per module whose writes other connections see, an edge over it, and the sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django.plugin import DjangoDbBlocker

from lianxin.core.models import Hospital
from lianxin.testing.channels import AES_KEY, APP_ID, CORP_ID, MINI_APP_ID, TOKEN, open_windows
from lianxin.testing.core import make_hospital
from lianxin.testing.database import own_clone
from lianxin.testing.processes import Sandbox, edge_process, sandbox_process


@pytest.fixture(scope="module")
def committed_database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """Give a module a database where commits are commits. Each test opens its own hospital."""
    with django_db_blocker.unblock(), own_clone() as urls:
        yield urls.app


@pytest.fixture(scope="module")
def edge(committed_database: str) -> Iterator[str]:
    """Give the address of a running edge over the module's database."""
    with edge_process(committed_database) as origin:
        yield origin


@pytest.fixture
def house(committed_database: str) -> Hospital:
    """Give a test its own hospital in the module's database, with no call held back."""
    open_windows()
    return make_hospital()


@pytest.fixture(scope="session")
def sandbox_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with sandbox_process(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(sandbox_server: Sandbox) -> Sandbox:
    """Give a sandbox with one corp and one account of each other kind.

    Nobody listens for callbacks unless a test says where.
    """
    sandbox_server.post("/control/reset", {"all": True})
    set_up(sandbox_server)
    return sandbox_server


def set_up(
    sandbox: Sandbox, callback_url: str = "", official_url: str = "", mini_url: str = ""
) -> None:
    callback = {"url": callback_url, "token": TOKEN, "encoding_aes_key": AES_KEY}
    corp: dict[str, object] = {
        "name": "河畔医院",
        "apps": [
            {
                "agent_id": 1000002,
                "secret": "app-secret",
                "name": "连心",
                "rights": ["contact", "kf", "message"],
            }
        ],
        "members": [{"userid": "DrLi", "name": "李医生"}, {"userid": "ZhouMin", "name": "周敏"}],
    }
    if callback_url:
        corp["callback"] = callback
    sandbox.put(f"/control/corps/{CORP_ID}", corp)
    sandbox.put(
        "/control/kf-accounts/wkCare",
        {"corp_id": CORP_ID, "name": "河畔客服", "servicers": ["ZhouMin"]},
    )
    sandbox.put(
        f"/control/official-accounts/{APP_ID}",
        {
            "original_id": "gh_tests",
            "name": "河畔医院",
            "secret": "app-secret",
            "token": TOKEN,
            "encoding_aes_key": AES_KEY,
            "mode": "safe",
            "callback_url": official_url,
            "is_bound": True,
            "templates": [{"template_id": "T1", "title": "提醒", "content": "{{thing1.DATA}}"}],
        },
    )
    sandbox.put(
        f"/control/mini-programs/{MINI_APP_ID}",
        {
            "original_id": "gh_mini",
            "name": "河畔随访",
            "secret": "app-secret",
            "token": TOKEN,
            "encoding_aes_key": AES_KEY,
            "callback_url": mini_url,
            "templates": [
                {"template_id": "M1", "title": "复诊提醒", "content": "{{thing1.DATA}}"},
                {"template_id": "M2", "title": "用药提醒", "content": "{{phrase2.DATA}}"},
            ],
        },
    )
    person = {"name": "王芳", "age": 62, "gender": 2, "phone": "13800000001", "union_id": "u-wang"}
    sandbox.put("/control/persons/wang", person)
