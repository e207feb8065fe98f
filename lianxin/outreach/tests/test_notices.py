"""A subscribe notice of an Official Account: what it is for, whose yes it costs, its result."""

from __future__ import annotations

import pytest

from lianxin.channels.adapters.base import SendFailed, Sent
from lianxin.channels.models import Account, SubscribeTemplate, TickCount
from lianxin.channels.rules.subscribe_templates import USES
from lianxin.core.models import Hospital
from lianxin.outreach import actions, jobs
from lianxin.outreach.actions import Receipt, Settled
from lianxin.outreach.catalog import default_settings
from lianxin.outreach.models import Delivery, Intent
from lianxin.outreach.queries.reach import describe_reason, reach_of_holder
from lianxin.testing.channels import APP_ID, make_account
from lianxin.testing.outreach import Reachable, make_intent, make_reachable
from lianxin.testing.processes import Sandbox
from lianxin.testing.subscriptions import answer_popup, make_subscribe_template

LONG_TERM = SubscribeTemplate.Kind.LONG_TERM


@pytest.fixture
def follower(in_riverside: Hospital, noon: object) -> Reachable:
    """Give a patient who follows an account that has a template message, too."""
    return make_reachable(in_riverside, Account.Kind.OFFICIAL_ACCOUNT)


@pytest.fixture
def template(follower: Reachable) -> SubscribeTemplate:
    return make_subscribe_template(follower.account)


def left(template: SubscribeTemplate) -> int:
    return TickCount.objects.get(template_id=template.template_id).left_count


def settle(hospital: Hospital, claimed: actions.Claimed, result: Sent | SendFailed) -> None:
    actions.settle_deliveries(hospital.pk, [Settled(claimed.delivery_id, result)])


def carriers(claimed: list[actions.Claimed]) -> list[str]:
    rows = Delivery.objects.filter(pk__in=[one.delivery_id for one in claimed])
    return sorted(rows.values_list("carrier", flat=True))


def notes(follower: Reachable) -> list[str]:
    hospital_id = follower.patient.hospital_id
    lines = reach_of_holder(hospital_id, follower.holder.pk, follower.patient.pk)
    return [line.note for line in lines if line.carrier == "oa_subscribe"]


def test_an_account_without_templates_has_no_such_way(
    follower: Reachable, in_riverside: Hospital
) -> None:
    intent = make_intent(follower)

    assert carriers(actions.claim_deliveries(in_riverside.pk)) == ["oa_template"]
    assert Delivery.objects.filter(intent=intent).count() == 1
    assert notes(follower) == []


def test_one_yes_is_one_notice_and_the_second_goes_another_way(
    follower: Reachable, template: SubscribeTemplate, in_riverside: Hospital
) -> None:
    answer_popup(follower.address, template.template_id)
    first, second = make_intent(follower), make_intent(follower)

    claimed = actions.claim_deliveries(in_riverside.pk)

    assert carriers(claimed) == ["oa_subscribe", "oa_template"]
    outbound = next(c.outbound for c in claimed if c.outbound.carrier_kind == "subscribe")
    assert outbound.template_id == template.template_id
    assert outbound.data == {
        "thing1": "健康提醒",
        "time2": "2026-11-20 12:00",
        "thing3": in_riverside.name,
    }
    assert "/p/enter/" in outbound.url
    assert left(template) == 0
    refused = Delivery.objects.get(intent__in=[first, second], state=Delivery.State.REFUSED)
    assert (refused.carrier, refused.reason_code) == ("oa_subscribe", "notice_used")


def test_a_yes_to_a_long_term_notice_stays(follower: Reachable, in_riverside: Hospital) -> None:
    template = make_subscribe_template(follower.account, kind=LONG_TERM)
    answer_popup(follower.address, template.template_id)
    make_intent(follower)
    make_intent(follower)

    claimed = actions.claim_deliveries(in_riverside.pk)

    assert carriers(claimed) == ["oa_subscribe"] * 2
    settle(in_riverside, claimed[0], SendFailed("provider_unreachable", permanent=False))
    assert left(template) == 1
    settle(in_riverside, claimed[1], SendFailed("no_tick_left", permanent=True))
    assert left(template) == 0
    assert notes(follower) == ["“用药提醒”：平台不收"]


def test_a_notice_is_only_for_its_kinds_of_message(
    follower: Reachable, template: SubscribeTemplate, in_riverside: Hospital
) -> None:
    answer_popup(follower.address, template.template_id)
    intent = make_intent(follower, priority="appointment")

    assert carriers(actions.claim_deliveries(in_riverside.pk)) == ["oa_template"]

    refused = Delivery.objects.get(intent=intent, state=Delivery.State.REFUSED)
    assert refused.reason_code == "notice_no_template"
    assert left(template) == 1


@pytest.mark.parametrize(
    "broken", [{"keys": ["thing1", "amount2"]}, {"keys": []}, {"is_listed": False}, {"uses": []}]
)
def test_what_the_platform_would_refuse_is_no_way(
    follower: Reachable, in_riverside: Hospital, broken: dict[str, object]
) -> None:
    template = make_subscribe_template(follower.account, **broken)
    answer_popup(follower.address, template.template_id)
    make_intent(follower)

    assert carriers(actions.claim_deliveries(in_riverside.pk)) == ["oa_template"]


def test_the_platforms_no_empties_the_count_and_the_next_way_is_taken(
    follower: Reachable, template: SubscribeTemplate, in_riverside: Hospital
) -> None:
    for _time in range(3):
        answer_popup(follower.address, template.template_id)
    make_intent(follower)
    [claimed] = actions.claim_deliveries(in_riverside.pk)
    settle(in_riverside, claimed, SendFailed("no_tick_left", permanent=True))

    assert left(template) == 0
    assert carriers(actions.claim_deliveries(in_riverside.pk)) == ["oa_template"]

    answer_popup(follower.address, template.template_id)
    assert notes(follower) == ["“用药提醒”还可发 1 条"]


def test_silence_is_not_said_again(
    follower: Reachable, template: SubscribeTemplate, in_riverside: Hospital
) -> None:
    answer_popup(follower.address, template.template_id)
    intent = make_intent(follower)
    [claimed] = actions.claim_deliveries(in_riverside.pk)

    settle(in_riverside, claimed, SendFailed("outcome_unknown", permanent=True))

    intent.refresh_from_db()
    assert intent.state == Intent.State.REFUSED
    assert left(template) == 0


def test_results_without_an_id_of_ours_find_their_notices_in_order(
    follower: Reachable, in_riverside: Hospital
) -> None:
    template = make_subscribe_template(follower.account)
    for _time in range(2):
        answer_popup(follower.address, template.template_id)
        make_intent(follower)
    claimed = actions.claim_deliveries(in_riverside.pk)
    for one in claimed:
        settle(in_riverside, one, Sent(one.outbound.client_key))

    def told(number: str, status: str, template_id: str = template.template_id) -> int:
        reason = "provider_refused" if status == "failed" else ""
        receipt = Receipt(number, status, reason, follower.address.pk, template_id)
        return actions.note_receipts(in_riverside.pk, [receipt])

    for _time in range(2):
        told("77", "delivered")
    states = list(Delivery.objects.order_by("pk").values_list("state", flat=True))
    assert states == ["delivered", "sent"]
    told("78", "failed")

    states = list(Delivery.objects.order_by("pk").values_list("state", flat=True))
    assert states == ["delivered", "failed"]
    # She saw nothing of the second one, so that yes is still good.
    assert left(template) == 1
    assert told("79", "delivered", "N-other") == 0


def test_the_lines_count_what_is_left_of_each_notice(follower: Reachable) -> None:
    revisit = make_subscribe_template(follower.account, title="复诊提醒", uses=["appointment"])
    lasting = make_subscribe_template(follower.account, title="随访提醒", kind=LONG_TERM)
    make_subscribe_template(follower.account, title="满意度", uses=["survey"])
    switched = make_subscribe_template(follower.account, title="科普", uses=["education"])
    for one in (revisit, revisit, lasting, switched):
        answer_popup(follower.address, one.template_id)
    answer_popup(follower.address, switched.template_id, "reject", kind="change")

    assert sorted(notes(follower)) == sorted(
        [
            "“复诊提醒”还可发 2 条",
            "“随访提醒”已长期订阅",
            "“满意度”：没有订阅",
            "“科普”：患者已关掉",
        ]
    )


@pytest.mark.usefixtures("daytime")
def test_a_follower_ticks_once_and_the_second_reminder_comes_another_way(
    sandbox: Sandbox, in_riverside: Hospital
) -> None:
    """Over real HTTP: the notice goes first, the template message after it."""
    ids = {"app_id": APP_ID, "original_id": "gh_tests"}
    official = make_account(
        in_riverside, "official_account", base_url=sandbox.official_url, template_id="T1", **ids
    )
    content = "{{thing1.DATA}} {{time2.DATA}} {{thing3.DATA}}"
    listed = {"template_id": "N1", "title": "用药提醒", "content": content}
    sandbox.put(f"/control/official-accounts/{APP_ID}", {"notices": [listed]})
    sandbox.person_does("wang", "oa-subscribe", app_id=APP_ID)
    openid = sandbox.open_id("wang", APP_ID)
    sandbox.person_does("wang", "oa-tick", app_id=APP_ID, answers={"N1": "accept"})
    follower = make_reachable(in_riverside, account=official, external_id=openid)
    make_subscribe_template(official, template_id="N1")
    answer_popup(follower.address, "N1")
    first = make_intent(follower)

    jobs.deliver_batch(in_riverside.pk)
    second = make_intent(follower)
    jobs.deliver_batch(in_riverside.pk)

    inbox = sandbox.state()["persons"]["wang"]["inbox"]
    ways = [line["via"] for line in inbox if line["side"] != "system"]
    assert ways == ["subscribe", "template"]
    assert notes(follower) == ["“用药提醒”：次数用完"]
    sent = Delivery.objects.filter(state=Delivery.State.SENT).order_by("pk")
    assert [(row.intent, row.carrier) for row in sent] == [
        (first, "oa_subscribe"),
        (second, "oa_template"),
    ]
    refused = Delivery.objects.get(intent=second, state=Delivery.State.REFUSED)
    assert describe_reason(refused.reason_code).sentence == "患者订阅的次数已经用完。"


def test_every_use_is_a_kind_of_message() -> None:
    assert set(USES) <= set(default_settings().priorities)
