"""What the live checks say about accounts that are set up rightly, and wrongly, at the provider."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from lianxin.channels import actions, queries, rules, synchronising
from lianxin.channels.adapters.checking import FAILING, OK, UNKNOWN, Finding
from lianxin.channels.adapters.crypto import Crypt, sign
from lianxin.channels.models import Account, AccountCheck
from lianxin.channels.words import checks as check_words
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.testing.channels import (
    AES_KEY,
    APP_ID,
    CORP_ID,
    MINI_APP_ID,
    TOKEN,
    make_account,
)
from lianxin.testing.processes import Sandbox

CARD = "提醒：{{thing1.DATA}} 时间：{{time2.DATA}} 医院：{{thing3.DATA}}"


@pytest.fixture
def wecom(riverside: Hospital, sandbox: Sandbox) -> Account:
    return make_account(riverside, base_url=sandbox.wecom_url)


@pytest.fixture
def kf(riverside: Hospital, sandbox: Sandbox) -> Account:
    return make_account(
        riverside, Account.Kind.WECOM_KF, base_url=sandbox.wecom_url, open_kfid="wkCare"
    )


@pytest.fixture
def official(riverside: Hospital, sandbox: Sandbox) -> Account:
    return make_account(
        riverside,
        Account.Kind.OFFICIAL_ACCOUNT,
        base_url=sandbox.official_url,
        template_id="T1",
    )


@pytest.fixture
def mini(riverside: Hospital, sandbox: Sandbox) -> Account:
    return make_account(
        riverside,
        Account.Kind.MINI_PROGRAM,
        base_url=sandbox.mini_url,
        app_id=MINI_APP_ID,
        template_id="M1",
    )


@pytest.fixture
def sms(riverside: Hospital, sandbox: Sandbox) -> Account:
    put_sms(sandbox, {"1001": "验证码 {1}，请勿告诉他人。", "1002": "{1} 有 {2} 条。"})
    return open_sms(riverside, sandbox)


def put_sms(sandbox: Sandbox, templates: dict[str, str], **changes: Any) -> None:
    given = {"secret_id": "AKIDtests", "secret_key": "sms-key", "signs": ["河畔医院"]}
    sandbox.put("/control/sms/1400006666", given | {"templates": templates} | changes)


def open_sms(hospital: Hospital, sandbox: Sandbox, key: str = "sms-key", **config: str) -> Account:
    ids = {"sdk_app_id": "1400006666", "sign_name": "河畔医院", "template_id": "1001"}
    with scope(hospital):
        return actions.open_account(
            hospital.pk,
            "sms",
            "短信",
            config=ids | config,
            secrets={"secret_id": "AKIDtests", "secret_key": key},
            base_url=sandbox.sms_url,
            by=SystemActor(hospital.pk),
        )


def set_template(sandbox: Sandbox, kind: str, app_id: str, template_id: str, content: str) -> None:
    template = {"template_id": template_id, "title": "复诊提醒", "content": content}
    sandbox.put(f"/control/{kind}/{app_id}", {"templates": [template]})


def set_app(sandbox: Sandbox, **changes: Any) -> None:
    app = {"agent_id": 1000002, "secret": "app-secret", "rights": ["contact", "kf", "message"]}
    sandbox.put(f"/control/corps/{CORP_ID}", {"apps": [app | changes]})


def spoil(account: Account, **changes: Any) -> None:
    with scope(account.hospital_id):
        actions.change_account(
            account,
            name=account.name,
            config=changes.get("config", {}),
            secrets=changes.get("secrets", {}),
            base_url=changes.get("base_url", account.base_url),
            seen=account.revision,
            by=SystemActor(account.hospital_id),
        )


def look(account: Account) -> dict[str, Finding]:
    """Check the account now; returns the answers by their codes."""
    synchronising.check_account(account.hospital_id, account.pk)
    with scope(account.hospital_id):
        account.refresh_from_db()
        return {one.code: one for one in queries.list_checks(account)}


def states(found: dict[str, Finding], *but: str) -> dict[str, str]:
    return {code: one.state for code, one in found.items() if code not in {"origin", *but}}


def test_a_corp_that_is_set_up_rightly_passes(wecom: Account) -> None:
    found = look(wecom)

    assert states(found, "callback") == dict.fromkeys(["token", "ip", "contacts", "members"], OK)
    assert found["members"].facts["count"] == 2
    assert (wecom.health, wecom.health_reason) == ("working", "")


def test_a_wrong_secret_is_said_once_and_the_rest_waits(wecom: Account) -> None:
    spoil(wecom, secrets={"secret": "wrong"})

    found = look(wecom)

    assert (found["token"].state, found["token"].reason) == (FAILING, "wrong_secret")
    assert found["token"].facts["code"] == "40001"
    assert states(found, "token", "callback") == dict.fromkeys(
        ["ip", "contacts", "members"], UNKNOWN
    )
    assert (wecom.health, wecom.health_reason) == ("failing", "wrong_secret")


def test_a_secret_changed_at_the_provider_is_noticed_although_the_token_still_works(
    wecom: Account, sandbox: Sandbox
) -> None:
    look(wecom)
    set_app(sandbox, secret="changed-over-there")

    assert look(wecom)["token"].reason == "wrong_secret"


def test_a_wrong_corp_id_is_called_that(wecom: Account) -> None:
    spoil(wecom, config={"corp_id": "ww0000000000wrong"})

    assert look(wecom)["token"].reason == "wrong_account_id"


def test_an_address_that_is_not_trusted_is_named(wecom: Account, sandbox: Sandbox) -> None:
    set_app(sandbox, trusted_ips=["203.0.113.7"])

    found = look(wecom)

    assert (found["ip"].state, found["ip"].facts["ip"]) == (FAILING, "127.0.0.1")
    assert "127.0.0.1" in check_words.next_step_of(found["ip"])
    assert states(found, "callback", "ip") == {"token": OK, "contacts": UNKNOWN, "members": UNKNOWN}
    assert found["contacts"].reason == "ip_first"


def test_an_app_without_the_right_is_told_to_get_it(wecom: Account, sandbox: Sandbox) -> None:
    set_app(sandbox, rights=["message"])

    found = look(wecom)

    assert (found["contacts"].state, found["contacts"].reason) == (FAILING, "not_permitted")
    assert found["contacts"].facts["code"] == "48002"


def test_a_busy_provider_says_nothing_about_rights(wecom: Account, sandbox: Sandbox) -> None:
    sandbox.add_fault("api_busy", path="/cgi-bin/externalcontact/*", count=None)

    found = look(wecom)
    sandbox.client.put("/control/faults", json={"faults": []})

    assert (found["contacts"].state, found["contacts"].reason) == (UNKNOWN, "provider_busy")


def test_nobody_at_the_address_is_said_in_words(riverside: Hospital) -> None:
    account = make_account(riverside)

    found = look(account)

    assert (found["token"].state, found["token"].reason) == (FAILING, "provider_unreachable")


def test_a_customer_service_account_that_is_set_up_rightly_passes(kf: Account) -> None:
    found = look(kf)

    assert states(found, "callback") == dict.fromkeys(
        ["token", "ip", "kf_account", "servicers"], OK
    )


@pytest.mark.parametrize(
    ("changes", "code", "reason"),
    [
        ({"is_managed": False}, "kf_account", "kf_not_managed"),
        ({"servicers": []}, "servicers", "no_servicers"),
    ],
)
def test_a_customer_service_account_that_lacks_something(
    kf: Account, sandbox: Sandbox, changes: dict[str, Any], code: str, reason: str
) -> None:
    given = {"corp_id": CORP_ID, "is_managed": True, "servicers": ["ZhouMin"]}
    sandbox.put("/control/kf-accounts/wkCare", given | changes)

    found = look(kf)
    sandbox.put("/control/kf-accounts/wkCare", given)

    assert (found[code].state, found[code].reason) == (FAILING, reason)


def test_a_customer_service_account_nobody_listed(kf: Account) -> None:
    spoil(kf, config={"open_kfid": "wkAnother"})

    assert look(kf)["kf_account"].reason == "kf_not_listed"


def test_an_official_account_with_the_right_template_passes(
    official: Account, sandbox: Sandbox
) -> None:
    set_template(sandbox, "official-accounts", APP_ID, "T1", CARD)

    found = look(official)

    assert states(found, "callback") == dict.fromkeys(["token", "ip", "followers", "template"], OK)
    assert found["template"].facts["title"] == "复诊提醒"


def test_a_template_whose_keys_do_not_fit_is_named_with_what_it_lacks(
    official: Account, sandbox: Sandbox
) -> None:
    set_template(sandbox, "official-accounts", APP_ID, "T1", "{{thing1.DATA}} {{phrase9.DATA}}")

    found = look(official)["template"]

    assert (found.state, found.reason) == (FAILING, "template_keys")
    assert found.facts["missing"] == ["thing3", "time2"]
    assert "thing3、time2" in check_words.next_step_of(found)


def test_an_official_accounts_white_list_and_secret(official: Account, sandbox: Sandbox) -> None:
    sandbox.put(f"/control/official-accounts/{APP_ID}", {"ip_white_list": ["203.0.113.7"]})
    found = look(official)
    sandbox.put(f"/control/official-accounts/{APP_ID}", {"ip_white_list": []})
    assert (found["ip"].state, found["ip"].facts["ip"]) == (FAILING, "127.0.0.1")
    assert found["followers"].reason == "ip_first"

    spoil(official, secrets={"secret": "wrong"})
    assert look(official)["token"].reason == "wrong_secret"


def test_a_mini_program_and_its_templates(mini: Account, sandbox: Sandbox) -> None:
    set_template(sandbox, "mini-programs", MINI_APP_ID, "M1", CARD)
    assert states(look(mini), "callback") == dict.fromkeys(["token", "ip", "template"], OK)

    set_template(sandbox, "mini-programs", MINI_APP_ID, "M7", CARD)
    assert look(mini)["template"].reason == "template_missing"

    spoil(mini, config={"template_id": ""})
    found = look(mini)["template"]
    assert (found.state, found.reason) == (UNKNOWN, "template_not_set")
    assert mini.health == "working"


def test_an_sms_account_and_its_template(sms: Account, sandbox: Sandbox) -> None:
    assert states(look(sms)) == {"secret": OK, "template": OK}
    assert sandbox.state()["sms"]["1400006666"]["sent"] == []

    put_sms(sandbox, {"1001": "验证码 {1}。"}, in_review=["1001"])
    assert look(sms)["template"].reason == "template_unapproved"


@pytest.mark.parametrize(
    ("config", "key", "code", "reason"),
    [
        ({}, "another-key", "secret", "wrong_secret"),
        ({"template_id": "1002"}, "sms-key", "template", "template_values"),
        ({"template_id": "9999"}, "sms-key", "template", "template_missing"),
    ],
)
def test_an_sms_account_that_is_wrong(
    sms: Account,
    sandbox: Sandbox,
    config: dict[str, str],
    key: str,
    code: str,
    reason: str,
) -> None:
    other = Hospital.objects.get(pk=sms.hospital_id)

    found = look(open_sms(other, sandbox, key, **config))[code]

    assert (found.state, found.reason) == (FAILING, reason)


def test_a_web_chat_has_only_its_own_address_to_look_at(riverside: Hospital) -> None:
    found = look(make_account(riverside, Account.Kind.WEBCHAT, base_url=""))

    assert set(found) == {"origin"}


def test_answers_replace_each_other_one_row_for_each_question(wecom: Account) -> None:
    look(wecom)
    first = look(wecom)

    with scope(wecom.hospital_id):
        assert AccountCheck.objects.filter(account=wecom).count() == len(first)


def test_an_answer_about_an_account_that_was_changed_meanwhile_does_not_count(
    wecom: Account,
) -> None:
    with scope(wecom.hospital_id):
        seen = Account.objects.get(pk=wecom.pk)
        actions.request_check(wecom, by=SystemActor(wecom.hospital_id))
    spoil(wecom, secrets={"secret": "app-secret"})

    with scope(wecom.hospital_id):
        assert not actions.settle_check(seen, [Finding("token", FAILING, "wrong_secret")])
        wecom.refresh_from_db()
        assert wecom.health == "unknown"
        assert wecom.check_requested_at is not None


def test_the_checks_of_another_hospital_are_not_there(wecom: Account, elsewhere: Hospital) -> None:
    look(wecom)

    with scope(elsewhere), connection.cursor() as cursor:
        cursor.execute("select count(*) from channels_accountcheck")
        assert cursor.fetchone() == (0,)


def test_an_account_is_looked_at_again_after_a_day(wecom: Account) -> None:
    def due(hours: int) -> bool:
        now = time.now() + timedelta(hours=hours)
        with scope(wecom.hospital_id):
            return queries.list_accounts_to_check(wecom.hospital_id, now).exists()

    assert not due(25)
    look(wecom)

    assert not due(23)
    assert due(25)


def test_every_answer_has_words_in_both_states(wecom: Account) -> None:
    found = look(wecom)

    for row in check_words.check_rows(list(found.values())):
        assert row.label
        assert row.sentence
        assert row.state == OK or row.next_step


# ---- the callback ------------------------------------------------------------------------


def test_the_callback_passes_when_the_provider_has_verified(
    house: Hospital, edge: str, sandbox: Sandbox
) -> None:
    """The provider's own verification, by its public contract, over a running edge."""
    del sandbox
    account = make_account(house)
    stamp = str(int(time.now().timestamp()))
    from_provider = verification(stamp)

    answer = httpx.get(f"{edge}/callbacks/wecom/{account.key}/", params=from_provider, timeout=10)

    assert (answer.status_code, answer.text) == (200, "5927782489442352469")
    with scope(house):
        found = queries.list_own_findings(house.pk, account.pk)
    assert (found[0].code, found[0].state) == ("callback", OK)


def verification(stamp: str) -> dict[str, str]:
    echo = Crypt(TOKEN, AES_KEY, CORP_ID).encrypt(b"5927782489442352469")
    signature = sign(TOKEN, stamp, "nonce", echo)
    return {"msg_signature": signature, "timestamp": stamp, "nonce": "nonce", "echostr": echo}


INSTANTS = st.none() | st.datetimes(timezones=st.just(time.now().tzinfo))


@given(INSTANTS, st.lists(INSTANTS, max_size=3))
def test_only_what_came_since_the_callback_was_set_counts(set_at: Any, seen: Iterable[Any]) -> None:
    came = [at for at in seen if at is not None]
    expected = bool(came) if set_at is None else any(at >= set_at for at in came)

    assert rules.is_callback_seen(set_at, *seen) is expected


@pytest.mark.parametrize(
    ("scheme", "host", "fault"),
    [
        ("https", "care.riverside.example", ""),
        ("http", "care.riverside.example", "origin_plain"),
        ("https", "203.0.113.7", "origin_number"),
        ("https", "2001:db8::1", "origin_number"),
        ("http", "127.0.0.1", "origin_local"),
    ],
)
def test_where_pages_open_on_a_phone(scheme: str, host: str, fault: str) -> None:
    assert rules.find_origin_fault(scheme, host) == fault
