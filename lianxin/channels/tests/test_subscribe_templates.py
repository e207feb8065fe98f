"""Subscribe notices of an Official Account: templates read, uses chosen, sent, and told back."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from lianxin.channels import jobs, sending, synchronising
from lianxin.channels.actions import request_check
from lianxin.channels.actions.subscribe_templates import use_subscribe_template
from lianxin.channels.adapters.base import Outbound, SendFailed, Sent
from lianxin.channels.models import Account, Callback, SubscribeTemplate, TickCount
from lianxin.core.actor import SystemActor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.staff.models import Staff
from lianxin.testing.channels import APP_ID, make_account, open_windows
from lianxin.testing.jobs import run_periodic
from lianxin.testing.processes import Sandbox
from lianxin.testing.subscriptions import make_subscribe_template

OFFICIAL = f"/control/official-accounts/{APP_ID}"
REVISIT = {
    "template_id": "N1",
    "title": "复诊提醒",
    "content": "项目{{thing1.DATA}}\n时间{{time2.DATA}}",
    "kind": "one_time",
}
LASTING = {
    "template_id": "N2",
    "title": "用药提醒",
    "content": "{{thing1.DATA}} {{amount2.DATA}}",
    "kind": "long_term",
}
DATA = {"thing1": "健康提醒", "time2": "2026-11-23 09:00"}


def make_official(hospital: Hospital, sandbox: Sandbox) -> Account:
    open_windows()
    sandbox.put(OFFICIAL, {"notices": [REVISIT, LASTING]})
    kind = Account.Kind.OFFICIAL_ACCOUNT
    ids = {"app_id": APP_ID, "original_id": "gh_tests"}
    return make_account(hospital, kind, base_url=sandbox.official_url, **ids)


@pytest.fixture
def official(sandbox: Sandbox, in_riverside: Hospital) -> Account:
    return make_official(in_riverside, sandbox)


def tick(sandbox: Sandbox) -> str:
    answers = {"N1": "accept", "N2": "reject"}
    done = sandbox.person_does("wang", "oa-tick", app_id=APP_ID, answers=answers)
    return str(done["openid"])


def check(account: Account) -> None:
    request_check(account, by=SystemActor(account.hospital_id))
    run_periodic("lianxin.channels.jobs", "check_accounts", account.hospital_id)


def send(account: Account, openid: str, **more: Any) -> Sent | SendFailed:
    given: dict[str, Any] = {"template_id": "N1", "data": DATA, "url": "https://h.example/p/"}
    outbound = Outbound("key-1", "subscribe", address=openid, **(given | more))
    return sending.send(account.hospital_id, account.pk, [outbound])[0]


def reason(result: Sent | SendFailed) -> str:
    assert isinstance(result, SendFailed)
    assert result.permanent
    return result.reason_code


def test_the_templates_are_read_with_the_accounts_check(
    sandbox: Sandbox, official: Account
) -> None:
    check(official)

    rows = SubscribeTemplate.objects.order_by("template_id")
    assert [(row.title, row.kind, row.keys, row.uses) for row in rows] == [
        ("复诊提醒", "one_time", ["thing1", "time2"], []),
        ("用药提醒", "long_term", ["thing1", "amount2"], []),
    ]

    sandbox.put(OFFICIAL, {"notices": [REVISIT | {"title": "复诊通知"}]})
    for _time in range(2):
        synchronising.read_subscribe_templates(official.hospital_id, official.pk)

    assert list(rows.values_list("title", "is_listed")) == [("复诊通知", True), ("用药提醒", False)]
    told = Event.objects.filter(name="subscribe_templates.read").order_by("pk")
    assert [event.data["changed"] for event in told] == [2, 2]


@pytest.mark.parametrize("fault", ["api_garbage", "api_token_dead", "api_busy"])
def test_a_list_that_cannot_be_read_loses_nothing(
    sandbox: Sandbox, official: Account, fault: str
) -> None:
    synchronising.read_subscribe_templates(official.hospital_id, official.pk)
    sandbox.add_fault(fault, path="/wxaapi/*", count=9)

    check(official)

    assert SubscribeTemplate.objects.filter(is_listed=True).count() == 2


def test_a_yes_is_good_for_one_notice(sandbox: Sandbox, official: Account) -> None:
    openid = tick(sandbox)

    assert isinstance(send(official, openid), Sent)

    assert reason(send(official, openid)) == "no_tick_left"
    [line] = sandbox.state()["persons"]["wang"]["inbox"]
    assert (line["via"], line["body"]["title"]) == ("subscribe", "复诊提醒")


@pytest.mark.parametrize(
    "more", [{"template_id": "N9"}, {"data": {"thing1": "健康提醒"}}, {"data": {"time2": "明天"}}]
)
def test_what_is_refused_says_that_the_template_is_wrong(
    sandbox: Sandbox, official: Account, more: dict[str, Any]
) -> None:
    assert reason(send(official, tick(sandbox), **more)) == "template_invalid"


def test_answers_and_results_arrive_through_the_edge_once(
    committed_database: str, edge: str, sandbox: Sandbox, house: Hospital
) -> None:
    official = make_official(house, sandbox)
    sandbox.put(OFFICIAL, {"callback_url": f"{edge}/callbacks/official_account/{official.key}/"})
    sandbox.add_fault("callback_duplicate")
    openid = tick(sandbox)
    assert isinstance(send(official, openid), Sent)
    sandbox.person_does("wang", "oa-switch-off", app_id=APP_ID, template_id="N2")
    sandbox.post("/control/settle")

    with scope(house):
        ids = list(Callback.objects.values_list("pk", flat=True))
        jobs.translate.func(hospital_id=house.pk, callback_ids=ids)

        count = TickCount.objects.get(template_id="N1")
        told = list(Event.objects.filter(name="subscription.answered").order_by("pk"))
        receipt = Event.objects.get(name="receipt.arrived")
    assert count.left_count == 1
    assert sorted((e.data["kind"], e.data["template_id"], e.data["status"]) for e in told) == [
        ("change", "N2", "reject"),
        ("popup", "N1", "accept"),
        ("popup", "N2", "reject"),
    ]
    assert receipt.data["template_id"] == "N1"
    assert receipt.data["status"] == "delivered"
    assert receipt.data["address_id"] == count.address_id


# ---- the page -----------------------------------------------------------------------------


@pytest.fixture
def template(riverside: Hospital) -> SubscribeTemplate:
    account = make_account(riverside, Account.Kind.OFFICIAL_ACCOUNT)
    return make_subscribe_template(account, title="复诊提醒", uses=[])


def page_of(template: SubscribeTemplate) -> str:
    return f"/settings/channels/{template.account.key}/notices/"


def test_the_page_shows_what_each_key_carries_and_takes_the_uses(
    as_admin: Client, template: SubscribeTemplate
) -> None:
    page = as_admin.get(page_of(template)).content.decode()
    assert "复诊提醒" in page
    assert "事由" in page
    assert "没有用" in page

    use = f"{page_of(template)}{template.key}/use/"
    answer = as_admin.post(use, {"uses": ["appointment", "follow_up"]}, follow=True)

    assert "1 个模板在用" in answer.content.decode()
    with scope(template.hospital_id):
        template.refresh_from_db()
        event = Event.objects.get(name="subscribe_template.used")
    assert template.uses == ["appointment", "follow_up"]
    assert event.data["uses"] == template.uses


def test_an_unknown_use_changes_nothing(as_admin: Client, template: SubscribeTemplate) -> None:
    use = f"{page_of(template)}{template.key}/use/"

    answer = as_admin.post(use, {"uses": ["marketing"]}, follow=True)

    assert "没有这种用途" in answer.content.decode()
    with scope(template.hospital_id):
        template.refresh_from_db()
    assert template.uses == []


def test_what_cannot_be_filled_is_said_and_not_used(
    as_admin: Client, template: SubscribeTemplate, admin: Staff
) -> None:
    address = page_of(template)
    with scope(template.hospital_id):
        SubscribeTemplate.objects.filter(pk=template.pk).update(keys=["thing1", "amount2"])
        template.refresh_from_db()
        with pytest.raises(RefusedError, match="发不出去"):
            use_subscribe_template(template, ["appointment"], by=admin)

    page = as_admin.get(address).content.decode()

    assert "amount2 填不上" in page
    assert "/use/" not in page


def test_an_empty_list_says_where_templates_come_from(
    as_admin: Client, riverside: Hospital
) -> None:
    account = make_account(riverside, Account.Kind.OFFICIAL_ACCOUNT)

    page = as_admin.get(f"/settings/channels/{account.key}/notices/").content.decode()

    assert "还没有订阅通知的模板" in page


def test_who_may_not_manage_channels_changes_no_uses(
    template: SubscribeTemplate, zhou: Staff
) -> None:
    with scope(template.hospital_id), pytest.raises(ForbiddenError):
        use_subscribe_template(template, ["appointment"], by=zhou)
