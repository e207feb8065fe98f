"""Opening, changing, pausing and deleting an account by the pages."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, override_settings

from lianxin.channels import actions, queries
from lianxin.channels.models import Account, AccountRoute
from lianxin.core.errors import RefusedError
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.staff.models import Staff
from lianxin.testing.channels import make_account, make_address
from lianxin.testing.staff import make_staff

GATEWAY = "http://127.0.0.1:9/wecom"
GIVEN: dict[str, dict[str, str]] = {
    "wecom": {
        "corp_id": "ww6a112864f8022910",
        "agent_id": "1000002",
        "secret": "a-secret-of-an-app-that-nobody-has",
    },
    "wecom_kf": {
        "corp_id": "ww6a112864f8022910",
        "open_kfid": "wkAJ2GCAAAZSfhHC",
        "secret": "a-secret-of-an-app-that-nobody-has",
    },
    "official_account": {
        "app_id": "wx49f0ab532d5d035a",
        "original_id": "gh_0123456789ab",
        "secret": "a-secret-of-an-app-that-nobody-has",
        "mode": "safe",
    },
    "mini_program": {
        "app_id": "wx49f0ab532d5d035b",
        "original_id": "gh_0123456789ac",
        "secret": "a-secret-of-an-app-that-nobody-has",
        "mode": "safe",
    },
    "webchat": {},
    "sms": {
        "sdk_app_id": "1400006666",
        "sign_name": "河畔医院",
        "template_id": "1110",
        "secret_id": "AKIDz8krbsJ5yKBZQpn74",
        "secret_key": "a-key-of-an-account-nobody-has",
    },
}
OWN_ADDRESSES = {
    "wecom": "https://qyapi.weixin.qq.com",
    "wecom_kf": "https://qyapi.weixin.qq.com",
    "official_account": "https://api.weixin.qq.com",
    "mini_program": "https://api.weixin.qq.com",
    "webchat": "",
    "sms": "https://sms.tencentcloudapi.com",
}


def ticket_on(page: HttpResponse) -> str:
    found = re.search(r'name="ticket" value="([^"]+)"', page.content.decode())
    assert found
    return found[1]


def fill_in(client: Client, kind: str, **changes: str) -> dict[str, Any]:
    ticket = ticket_on(client.get(f"/settings/channels/new/{kind}/"))  # type: ignore[arg-type]
    return {"name": f"新的 {kind}", "ticket": ticket, **GIVEN[kind], **changes}


def post_new(client: Client, kind: str, **changes: str) -> HttpResponse:
    url = f"/settings/channels/new/{kind}/"
    return client.post(url, fill_in(client, kind, **changes))  # type: ignore[return-value]


def only_account(hospital: Hospital) -> Account:
    with scope(hospital):
        return Account.objects.get()


def events_of(account: Account) -> list[tuple[str, dict[str, Any]]]:
    with scope(account.hospital_id):
        rows = Event.objects.filter(subject="account", subject_id=account.pk).order_by("id")
        return [(row.name, row.data) for row in rows]


@pytest.mark.parametrize("kind", sorted(GIVEN))
def test_an_account_of_each_kind_is_opened_by_its_form(
    as_admin: Client, riverside: Hospital, kind: str
) -> None:
    answer = post_new(as_admin, kind)

    account = only_account(riverside)
    assert answer.status_code in {200, 302}
    assert (account.kind, account.name, account.base_url) == (
        kind,
        f"新的 {kind}",
        OWN_ADDRESSES[kind],
    )
    assert account.check_requested_at is not None
    assert AccountRoute.objects.get(key=account.key).hospital_id == riverside.pk
    assert [name for name, _data in events_of(account)] == [
        "account.opened",
        "account.check_requested",
    ]


def test_what_was_made_here_is_shown_once_and_never_again(
    as_admin: Client, riverside: Hospital
) -> None:
    answer = post_new(as_admin, "wecom")

    account = only_account(riverside)
    with scope(riverside):
        secrets = queries.facts_of(account).secrets
    shown = answer.content.decode()
    assert secrets["token"] in shown
    assert secrets["encoding_aes_key"] in shown
    assert answer["Cache-Control"] == "no-store"
    for path in ("", "edit/"):
        later = as_admin.get(f"/settings/channels/{account.key}/{path}").content.decode()
        assert [value for value in secrets.values() if value in later] == []


def test_what_was_typed_is_not_shown_back(as_admin: Client, riverside: Hospital) -> None:
    token, key = "QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"

    answer = post_new(as_admin, "wecom", token=token, encoding_aes_key=key)

    assert answer.status_code == 302
    with scope(riverside):
        assert queries.facts_of(Account.objects.get()).secret("token") == token


def test_a_wrong_secret_is_not_shown_back_with_the_errors(as_admin: Client) -> None:
    answer = post_new(as_admin, "official_account", app_id="ww6a112864f8022910")

    assert answer.status_code == 422
    assert "这像是企业微信的企业 ID" in answer.content.decode()
    assert GIVEN["official_account"]["secret"] not in answer.content.decode()


def test_the_same_form_sent_twice_opens_one_account(as_admin: Client, riverside: Hospital) -> None:
    given = fill_in(as_admin, "wecom")

    first = as_admin.post("/settings/channels/new/wecom/", given)
    again = as_admin.post("/settings/channels/new/wecom/", given)

    account = only_account(riverside)
    assert (first.status_code, again.status_code) == (200, 302)
    assert again["Location"] == f"/settings/channels/{account.key}/"


def test_a_ticket_that_nobody_gave_opens_nothing(as_admin: Client, riverside: Hospital) -> None:
    answer = post_new(as_admin, "webchat", ticket="mychosenkey1")

    assert answer.status_code == 422
    with scope(riverside):
        assert not Account.objects.exists()


def test_an_account_that_is_connected_already_is_named(
    as_admin: Client, riverside: Hospital
) -> None:
    post_new(as_admin, "official_account")

    answer = post_new(as_admin, "official_account", name="又一个")

    assert answer.status_code == 422
    assert "新的 official_account" in answer.content.decode()


def test_a_kind_that_does_not_exist_is_not_there(as_admin: Client) -> None:
    assert as_admin.get("/settings/channels/new/pigeon/").status_code == 404


# ---- where a server can be made to call ---------------------------------------------------


@pytest.mark.parametrize("field", ["base_url", "service", "address", "config", "open_url"])
@pytest.mark.parametrize("url", ["http://169.254.169.254/", "http://127.0.0.1:5432", "other"])
def test_nobody_can_type_where_the_server_calls(
    as_admin: Client, riverside: Hospital, field: str, url: str
) -> None:
    with override_settings(PROVIDER_URLS={}):
        post_new(as_admin, "wecom", **{field: url})

    account = only_account(riverside)
    assert account.base_url == OWN_ADDRESSES["wecom"]
    assert account.config["open_url"] == ""
    assert url not in account.config.values()


def test_an_address_that_the_deployment_allows_can_be_chosen(
    as_admin: Client, riverside: Hospital
) -> None:
    with override_settings(PROVIDER_URLS={"wecom": GATEWAY, "open": "http://127.0.0.1:9"}):
        page = as_admin.get("/settings/channels/new/wecom/").content.decode()
        post_new(as_admin, "wecom", service="other")

    account = only_account(riverside)
    assert "127.0.0.1:9" in page
    assert (account.base_url, account.config["open_url"]) == (GATEWAY, "http://127.0.0.1:9")


@pytest.mark.parametrize("choice", ["http://169.254.169.254/", "", "own\n", "wecom"])
def test_with_a_choice_only_the_choices_count(
    as_admin: Client, riverside: Hospital, choice: str
) -> None:
    with override_settings(PROVIDER_URLS={"wecom": GATEWAY}):
        answer = post_new(as_admin, "wecom", service=choice)

    assert answer.status_code == 422
    with scope(riverside):
        assert not Account.objects.exists()


# ---- changing -----------------------------------------------------------------------------


@pytest.fixture
def wecom(riverside: Hospital) -> Account:
    return make_account(riverside, corp_id="ww6a112864f8022910")


def edit(client: Client, account: Account, **changes: Any) -> HttpResponse:
    given = {
        "name": account.name,
        "seen": account.revision,
        "corp_id": account.config["corp_id"],
        "agent_id": account.config["agent_id"],
    }
    url = f"/settings/channels/{account.key}/edit/"
    return client.post(url, given | changes)  # type: ignore[return-value]


@pytest.mark.parametrize(("given", "kept"), [("7_a_week", "7_a_week"), ("", ""), ("9_a_day", None)])
def test_how_many_mass_messages_a_customer_may_receive_is_one_of_three(
    as_admin: Client, wecom: Account, given: str, kept: str | None
) -> None:
    page = edit(as_admin, wecom, mass_limit=given)

    with scope(wecom.hospital_id):
        wecom.refresh_from_db()
    assert wecom.config.get("mass_limit") == kept
    assert (page.status_code == 302) == (kept is not None)


def test_an_empty_secret_stays_and_the_journal_names_fields_without_values(
    as_admin: Client, wecom: Account
) -> None:
    answer = edit(as_admin, wecom, name="新名字", secret="another-secret-of-the-app")

    with scope(wecom.hospital_id):
        wecom.refresh_from_db()
        secrets = queries.facts_of(wecom).secrets
    assert answer.status_code == 302
    assert (secrets["secret"], secrets["token"]) == (
        "another-secret-of-the-app",
        "a-callback-token",
    )
    assert wecom.revision == 2
    name, data = events_of(wecom)[1]
    assert name == "account.changed"
    assert set(data["fields"]) >= {"name", "secret"}
    assert "another-secret" not in str(events_of(wecom))


def test_who_saw_an_older_version_overwrites_nothing(as_admin: Client, wecom: Account) -> None:
    edit(as_admin, wecom, name="先来的")

    answer = edit(as_admin, wecom, name="后来的")

    assert answer.status_code == 409
    with scope(wecom.hospital_id):
        assert Account.objects.get().name == "先来的"


def test_new_callback_secrets_are_made_on_demand_and_wait_for_the_provider(
    as_admin: Client, wecom: Account
) -> None:
    with scope(wecom.hospital_id):
        actions.note_callback(wecom.pk)
        wecom.refresh_from_db()
        before = queries.list_own_findings(wecom.hospital_id, wecom.pk)
    assert (before[0].code, before[0].state) == ("callback", "ok")

    answer = edit(as_admin, wecom, is_renewed="on")

    with scope(wecom.hospital_id):
        wecom.refresh_from_db()
        secrets = queries.facts_of(wecom).secrets
        found = queries.list_own_findings(wecom.hospital_id, wecom.pk)
    assert secrets["token"] in answer.content.decode()
    assert secrets["secret"] == "app-secret"
    assert (found[0].code, found[0].state) == ("callback", "unknown")


def test_an_account_that_patients_know_stays_the_account_it_is(
    as_admin: Client, wecom: Account
) -> None:
    make_address(wecom)

    answer = edit(as_admin, wecom, corp_id="ww0000000000another")

    assert answer.status_code == 409
    assert "不能再改" in answer.content.decode()


def test_pausing_and_resuming_are_each_recorded_once(as_admin: Client, wecom: Account) -> None:
    for path in ("pause/", "pause/", "resume/", "resume/"):
        assert as_admin.post(f"/settings/channels/{wecom.key}/{path}").status_code == 302

    assert [name for name, _data in events_of(wecom)][1:] == ["account.paused", "account.resumed"]
    with scope(wecom.hospital_id):
        wecom.refresh_from_db()
    assert wecom.is_active
    assert wecom.check_requested_at is not None


def test_a_paused_account_is_not_checked(as_admin: Client, wecom: Account) -> None:
    as_admin.post(f"/settings/channels/{wecom.key}/pause/")

    assert as_admin.post(f"/settings/channels/{wecom.key}/check/").status_code == 409


def test_an_account_nobody_knows_can_be_deleted(as_admin: Client, wecom: Account) -> None:
    answer = as_admin.post(f"/settings/channels/{wecom.key}/delete/")

    assert answer.status_code == 302
    assert as_admin.get(f"/settings/channels/{wecom.key}/").status_code == 404
    assert not AccountRoute.objects.filter(key=wecom.key).exists()
    assert events_of(wecom)[-1][0] == "account.deleted"


def test_an_account_with_patients_is_never_deleted(as_admin: Client, wecom: Account) -> None:
    make_address(wecom)

    answer = as_admin.post(f"/settings/channels/{wecom.key}/delete/")

    assert answer.status_code == 409
    assert as_admin.get(f"/settings/channels/{wecom.key}/").status_code == 200


def test_an_account_with_a_live_code_is_never_deleted(
    wecom: Account, admin: Staff, zhou: Staff
) -> None:
    with scope(wecom.hospital_id):
        actions.create_live_code(wecom, "门诊", staff=zhou, by=admin)
        with pytest.raises(RefusedError, match="不能删除"):
            actions.delete_account(wecom, by=admin)
        assert Account.objects.filter(pk=wecom.pk).exists()


@pytest.mark.parametrize("path", ["pause/", "resume/", "delete/"])
def test_the_switches_take_posts_of_those_who_manage(
    as_admin: Client, as_lin: Client, wecom: Account, path: str
) -> None:
    url = f"/settings/channels/{wecom.key}/{path}"

    assert as_admin.get(url).status_code == 405
    assert as_lin.post(url).status_code == 403
    with scope(wecom.hospital_id):
        assert Account.objects.get().is_active


@pytest.mark.parametrize("path", ["new/", "new/wecom/"])
def test_who_may_only_read_opens_nothing(riverside: Hospital, path: str) -> None:
    manager = Client()
    manager.force_login(
        make_staff(riverside, role=Staff.Role.MANAGER).sign_in,  # type: ignore[arg-type]
        backend="django.contrib.auth.backends.ModelBackend",
    )

    assert manager.get("/settings/channels/").status_code == 200
    assert "/settings/channels/new/" not in manager.get("/settings/channels/").content.decode()
    assert manager.get(f"/settings/channels/{path}").status_code == 403
