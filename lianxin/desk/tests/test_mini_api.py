"""The mini-program's API, with the sandbox as its provider and its phone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from lianxin.channels.models import Account, Address
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.patients.models import Holder, HolderSession
from lianxin.testing.channels import AES_KEY, MINI_APP_ID, TOKEN, make_account
from lianxin.testing.patients import make_holding, make_patient
from lianxin.testing.processes import Sandbox, sandbox_process


@pytest.fixture(scope="session")
def sandbox_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with sandbox_process(tmp_path_factory.mktemp("sandbox")) as server:
        yield server


@pytest.fixture
def sandbox(sandbox_server: Sandbox) -> Sandbox:
    sandbox_server.post("/control/reset", {"all": True})
    program = {
        "original_id": "gh_mini",
        "secret": "app-secret",
        "token": TOKEN,
        "encoding_aes_key": AES_KEY,
        "pages": ["pages/home/index"],
        "templates": [{"template_id": "M1", "title": "提醒", "content": "{{thing1.DATA}}"}],
    }
    sandbox_server.put(f"/control/mini-programs/{MINI_APP_ID}", program)
    sandbox_server.put("/control/persons/wang", {"name": "王阿姨", "union_id": "union-wang"})
    return sandbox_server


@pytest.fixture
def mini(sandbox: Sandbox, riverside: Hospital) -> Account:
    ids = {"app_id": MINI_APP_ID, "original_id": "gh_mini", "template_id": "M1"}
    return make_account(riverside, "mini_program", base_url=sandbox.mini_url, **ids)


def ask(mini: Account, name: str, body: Any = None, token: str = "", method: str = "POST") -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    url = f"/api/v1/mini/{mini.key}/{name}/"
    return Client().generic(
        method, url, json.dumps(body or {}), "application/json", headers=headers
    )


def sign_in(sandbox: Sandbox, mini: Account, person: str = "wang") -> str:
    code = sandbox.person_does(person, "mini-open", app_id=MINI_APP_ID)["js_code"]
    answer = ask(mini, "sessions", {"code": code})
    assert answer.status_code == 201
    return str(answer.json()["token"])


def test_a_login_code_opens_a_session_once(sandbox: Sandbox, mini: Account) -> None:
    code = sandbox.person_does("wang", "mini-open", app_id=MINI_APP_ID)["js_code"]

    first, again = (ask(mini, "sessions", {"code": code}) for _ in range(2))

    assert (first.status_code, again.status_code) == (201, 403)
    assert "重新打开" in again.json()["error"]
    session = HolderSession.objects.get()
    assert session.kind == "mini"
    assert first.json()["token"].encode() not in bytes(session.token_hash)


def test_one_person_is_one_holder_however_often_they_open_it(
    sandbox: Sandbox, mini: Account, riverside: Hospital
) -> None:
    for _ in range(2):
        sign_in(sandbox, mini)

    with scope(riverside):
        assert (Holder.objects.count(), Address.objects.count()) == (1, 1)


def test_home_says_what_to_open_and_nothing_of_health_before_the_proof(
    sandbox: Sandbox, mini: Account, riverside: Hospital
) -> None:
    token = sign_in(sandbox, mini)
    stranger = ask(mini, "home", token=token, method="GET").json()
    with scope(riverside):
        holder = Holder.objects.get()
    make_holding(make_patient(riverside, name="张桂兰"), holder)
    known = ask(mini, "home", token=token, method="GET").json()

    assert (stranger["step"], stranger["name"]) == ("who", "")
    assert known["name"] == "张*兰"
    assert known["reminders"] == [{"template_id": "M1", "left": 0}]
    assert {"/p/", "/p/chat/"} <= {page["path"] for page in known["pages"]}


def test_a_pass_lets_the_web_view_in_once(sandbox: Sandbox, mini: Account) -> None:
    made = ask(mini, "passes", {"to": "/p/chat/"}, sign_in(sandbox, mini)).json()["url"]
    path = "/p/pass/" + made.split("/p/pass/")[1]
    sent = Client().get(path, headers={"Sec-Fetch-Site": "cross-site"})
    view = Client()

    assert sent.status_code == 403
    assert view.get(path)["Location"] == "/p/chat/"
    assert view.get("/p/chat/").status_code == 200
    assert Client().get(path).status_code == 403


def test_a_link_opens_for_one_person(sandbox: Sandbox, mini: Account) -> None:
    made = ask(mini, "links", {"to": "/p/chat/"}, sign_in(sandbox, mini))

    assert made.status_code == 201
    assert made.json()["url"].startswith("http")


def test_who_has_left_or_comes_by_another_account_is_nobody(
    sandbox: Sandbox, mini: Account, elsewhere: Hospital
) -> None:
    token = sign_in(sandbox, mini)
    other = make_account(elsewhere, "mini_program")

    assert ask(other, "home", token=token, method="GET").status_code == 401
    assert ask(mini, "leave", token=token).status_code == 204
    assert ask(mini, "home", token=token, method="GET").status_code == 401


@pytest.mark.parametrize("body", [{}, {"code": ""}, {"code": "a b"}, {"code": 7}, {"code": "x\0"}])
def test_what_is_no_code_is_refused_in_words(mini: Account, body: dict[str, Any]) -> None:
    answer = ask(mini, "sessions", body)

    assert (answer.status_code, answer.json()["status"]) == (422, 422)


def test_the_document_names_every_operation() -> None:
    document = Client().get("/api/v1/openapi.json").json()

    assert document["openapi"].startswith("3.1")
    paths = {path.rsplit("/", 2)[1] for path in document["paths"]}
    assert paths == {"sessions", "leave", "passes", "links", "home"}
