"""Everything here talks to the sandbox over real HTTP, in the providers' own formats."""

from __future__ import annotations

import logging

import pytest

from lianxin.channels import actions, jobs, queries, sending, synchronising
from lianxin.channels.adapters.base import Outbound, SendFailed, Sent
from lianxin.channels.models import (
    AccessToken,
    Account,
    Address,
    Arrival,
    LiveCode,
    MemberTask,
    Relation,
    StaffNotice,
)
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.staff.models import Staff
from lianxin.testing.channels import APP_ID, CORP_ID, make_account, open_windows
from lianxin.testing.processes import Sandbox

KF = "wkCare"


@pytest.fixture
def wecom(sandbox: Sandbox, in_riverside: Hospital) -> Account:
    open_windows()
    return make_account(in_riverside, base_url=sandbox.wecom_url, open_url=sandbox.origin)


@pytest.fixture
def kf(sandbox: Sandbox, in_riverside: Hospital) -> Account:
    open_windows()
    return make_account(
        in_riverside, Account.Kind.WECOM_KF, base_url=sandbox.wecom_url, open_kfid=KF
    )


@pytest.fixture
def official(sandbox: Sandbox, in_riverside: Hospital) -> Account:
    open_windows()
    return make_account(
        in_riverside,
        Account.Kind.OFFICIAL_ACCOUNT,
        base_url=sandbox.official_url,
        open_url=sandbox.origin,
        picture_url=sandbox.official_url,
    )


def send(account: Account, *outbounds: Outbound) -> list[Sent | SendFailed]:
    return sending.send(account.hospital_id, account.pk, outbounds)


def failure(result: Sent | SendFailed) -> SendFailed:
    assert isinstance(result, SendFailed)
    return result


def text(address: str, key: str = "key-1") -> Outbound:
    return Outbound(key, "text", address=address, text="您好,这里是护士站。")


def write_kf(sandbox: Sandbox, kf: Account, words: str = "在吗") -> Address:
    """Let Wang Fang write to customer service, and fetch it."""
    sandbox.person_does("wang", "kf-enter", open_kfid=KF)
    sandbox.person_does("wang", "kf-write", open_kfid=KF, text=words)
    synchronising.sync_messages(kf.hospital_id, kf.pk, "")
    return Address.objects.get(account=kf)


# ---- customer service ---------------------------------------------------------------------


def test_a_customer_service_message_comes_in_once(sandbox: Sandbox, kf: Account) -> None:
    address = write_kf(sandbox, kf, "我头晕")
    synchronising.sync_messages(kf.hospital_id, kf.pk, "")

    (arrival,) = Arrival.objects.filter(event="message.arrived")
    (inbound,) = queries.open_arrivals(kf.hospital_id, [arrival.pk])
    assert (inbound.text, inbound.kind, inbound.address_id) == ("我头晕", "text", address.pk)
    assert address.last_inbound_at is not None
    kf.refresh_from_db()
    assert kf.sync_cursor


def test_the_same_client_key_is_sent_once(sandbox: Sandbox, kf: Account) -> None:
    address = write_kf(sandbox, kf)

    first = send(kf, text(address.external_id))[0]
    again = send(kf, text(address.external_id))[0]

    assert isinstance(first, Sent)
    assert isinstance(again, Sent)
    assert again.was_repeat
    address.refresh_from_db()
    assert address.sent_since_inbound_count == 1


def test_the_sixth_message_is_refused_and_the_patient_opens_the_window_again(
    sandbox: Sandbox, kf: Account
) -> None:
    address = write_kf(sandbox, kf)

    results = [send(kf, text(address.external_id, f"k{n}"))[0] for n in range(6)]

    assert all(isinstance(one, Sent) for one in results[:5])
    assert failure(results[5]).reason_code == "window_used_up"
    assert failure(results[5]).permanent
    address.refresh_from_db()
    assert address.sent_since_inbound_count == 5
    assert write_kf(sandbox, kf, "还有问题").sent_since_inbound_count == 0


def test_a_session_taken_in_the_client_is_remembered(sandbox: Sandbox, kf: Account) -> None:
    address = write_kf(sandbox, kf)
    sandbox.post(
        f"/control/corps/{CORP_ID}/members/ZhouMin/kf-take", {"open_kfid": KF, "person": "wang"}
    )

    refused = failure(send(kf, text(address.external_id))[0])

    assert refused.reason_code == "kf_session_taken"
    assert "接管" in refused.sentence
    address.refresh_from_db()
    assert address.session_state == 3


def test_a_failure_reported_after_success_is_a_receipt(sandbox: Sandbox, kf: Account) -> None:
    address = write_kf(sandbox, kf)
    sandbox.person_does("wang", "kf-refuse", open_kfid=KF, fail_type=10)

    sent = send(kf, text(address.external_id))[0]
    synchronising.sync_messages(kf.hospital_id, kf.pk, "")

    assert isinstance(sent, Sent)
    event = Event.objects.get(name="receipt.arrived")
    assert event.data["provider_message_id"] == sent.provider_message_id
    assert (event.data["status"], event.data["reason"]) == ("failed", "patient_refuses")


def test_one_bad_recipient_does_not_stop_the_others(sandbox: Sandbox, kf: Account) -> None:
    address = write_kf(sandbox, kf)

    bad, good = send(kf, text("wmNobody", "k1"), text(address.external_id, "k2"))

    assert failure(bad).permanent
    assert isinstance(good, Sent)
    assert (failure(bad).client_key, good.client_key) == ("k1", "k2")


# ---- what providers do on bad days --------------------------------------------------------


def test_a_busy_provider_is_tried_again(sandbox: Sandbox, kf: Account) -> None:
    address = write_kf(sandbox, kf)
    sandbox.add_fault("api_busy", path="/cgi-bin/kf/send_msg", count=2)

    assert isinstance(send(kf, text(address.external_id))[0], Sent)


def test_a_provider_that_stays_busy_is_left_for_later(sandbox: Sandbox, kf: Account) -> None:
    address = write_kf(sandbox, kf)
    sandbox.add_fault("api_busy", path="/cgi-bin/kf/send_msg", count=None)

    refused = failure(send(kf, text(address.external_id))[0])

    assert (refused.reason_code, refused.permanent) == ("provider_busy", False)
    assert refused.retry_at is not None


def test_a_dead_token_is_refreshed_once_and_the_call_repeated(
    sandbox: Sandbox, kf: Account
) -> None:
    address = write_kf(sandbox, kf)
    before = bytes(AccessToken.objects.get(account=kf, kind="access").token_sealed)
    sandbox.post("/control/tokens/revoke", {"account": CORP_ID})

    assert isinstance(send(kf, text(address.external_id))[0], Sent)
    assert bytes(AccessToken.objects.get(account=kf, kind="access").token_sealed) not in (
        b"",
        before,
    )


def test_a_token_that_stays_refused_does_not_loop(sandbox: Sandbox, kf: Account) -> None:
    address = write_kf(sandbox, kf)
    sandbox.add_fault("api_token_dead", path="/cgi-bin/kf/send_msg", count=None)

    refused = failure(send(kf, text(address.external_id))[0])

    assert (refused.reason_code, refused.permanent) == ("token_refused", False)
    calls = sandbox.state()["counts"]["/cgi-bin/kf/send_msg"]["calls"]
    assert calls == 2


def test_a_rate_limit_waits_for_its_window_and_asks_nobody_meanwhile(
    sandbox: Sandbox, kf: Account
) -> None:
    address = write_kf(sandbox, kf)
    sandbox.add_fault("api_rate_limited", path="/cgi-bin/kf/send_msg", count=1)

    first = failure(send(kf, text(address.external_id))[0])
    second = failure(send(kf, text(address.external_id))[0])

    assert (first.reason_code, second.reason_code) == ("rate_limited", "rate_limited")
    assert first.retry_at == second.retry_at
    assert sandbox.state()["counts"]["/cgi-bin/kf/send_msg"]["calls"] == 1


def test_a_days_quota_is_named_also_to_those_who_are_not_asked_any_more(
    sandbox: Sandbox, official: Account
) -> None:
    """The rest of a batch takes its next way at once, as the first one does."""
    sandbox.add_fault("api_rate_limited", path="/cgi-bin/message/custom/send", count=1)

    first = failure(send(official, text("o1"))[0])
    second = failure(send(official, text("o2"))[0])

    assert (first.reason_code, second.reason_code) == ("day_quota_full", "day_quota_full")
    assert first.retry_at == second.retry_at
    assert sandbox.state()["counts"]["/cgi-bin/message/custom/send"]["calls"] == 1


def test_garbage_is_an_error_with_a_name(sandbox: Sandbox, kf: Account) -> None:
    address = write_kf(sandbox, kf)
    sandbox.add_fault("api_garbage", path="/cgi-bin/kf/send_msg", count=None)

    assert failure(send(kf, text(address.external_id))[0]).reason_code == "provider_garbage"


def test_what_may_have_been_sent_is_not_sent_again(sandbox: Sandbox, official: Account) -> None:
    sandbox.person_does("wang", "oa-subscribe", app_id=APP_ID)
    sandbox.person_does("wang", "oa-write", app_id=APP_ID, text="您好")
    openid = sandbox.open_id("wang", APP_ID)
    sandbox.add_fault("api_garbage", path="/cgi-bin/message/custom/send", count=1)

    refused = failure(send(official, text(openid))[0])

    assert (refused.reason_code, refused.permanent) == ("outcome_unknown", True)
    assert sandbox.state()["counts"]["/cgi-bin/message/custom/send"]["calls"] == 1


def test_an_unreachable_provider_is_left_for_later(in_riverside: Hospital) -> None:
    account = make_account(in_riverside, Account.Kind.WECOM_KF)

    refused = failure(send(account, text("wm1"))[0])

    assert (refused.reason_code, refused.permanent) == ("provider_unreachable", False)


def test_secrets_and_tokens_stay_out_of_the_log(
    sandbox: Sandbox,
    kf: Account,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    address = write_kf(sandbox, kf, "我的血压是一百八")
    sandbox.add_fault("api_busy", path="/cgi-bin/kf/send_msg", count=None)
    send(kf, text(address.external_id))

    written = caplog.text + "".join(capsys.readouterr())
    for secret in ("app-secret", "access_token", "一百八", "护士站", address.external_id):
        assert secret not in written


# ---- WeCom --------------------------------------------------------------------------------


def make_code(account: Account, staff: Staff) -> LiveCode:
    by = SystemActor(account.hospital_id)
    return actions.create_live_code(account, "李医生", staff=staff, by=by)


@pytest.fixture
def doctor(zhou: Staff) -> Staff:
    with scope(zhou.hospital_id):
        Staff.objects.filter(pk=zhou.pk).update(wecom_userid="DrLi")
    zhou.refresh_from_db()
    return zhou


def test_a_live_code_is_made_and_carries_its_state(
    sandbox: Sandbox, wecom: Account, doctor: Staff
) -> None:
    code = make_code(wecom, doctor)

    jobs.make_live_codes.for_hospital(wecom.hospital_id)  # type: ignore[attr-defined]

    code.refresh_from_db()
    assert code.state == "ready"
    assert code.qr_url.startswith("http")
    ways = sandbox.state()["corps"][CORP_ID]["contact_ways"]
    assert code.state_key in str(ways)


def test_reconciliation_finds_a_contact_whose_callback_was_lost(
    sandbox: Sandbox, wecom: Account, doctor: Staff
) -> None:
    code = make_code(wecom, doctor)
    synchronising.keep_live_code(code)
    sandbox.person_does("wang", "scan", code=code.state_key)

    assert synchronising.sync_now(wecom.hospital_id, wecom.pk) == (1, 0)
    assert synchronising.sync_now(wecom.hospital_id, wecom.pk) == (0, 0)

    address = Address.objects.get()
    assert (address.live_code, address.staff, address.union_id) == (code, doctor, "u-wang")
    sandbox.post(f"/control/corps/{CORP_ID}/members/DrLi/delete-contact", {"person": "wang"})
    assert synchronising.sync_now(wecom.hospital_id, wecom.pk) == (0, 1)
    assert Relation.objects.get().state == "removed"
    assert Event.objects.filter(name="contact.removed").count() == 1


def add_contact(sandbox: Sandbox, wecom: Account, doctor: Staff) -> Address:
    code = make_code(wecom, doctor)
    synchronising.keep_live_code(code)
    sandbox.person_does("wang", "scan", code=code.state_key)
    synchronising.sync_now(wecom.hospital_id, wecom.pk)
    return Address.objects.get(account=wecom)


def test_a_staff_task_is_settled_when_the_member_confirms(
    sandbox: Sandbox, wecom: Account, doctor: Staff
) -> None:
    address = add_contact(sandbox, wecom, doctor)
    outbound = Outbound(
        "task-1",
        "staff_task",
        text="今天的护理要点",
        url="http://127.0.0.1/p/",
        title="护理要点",
        staff_userid="DrLi",
        external_ids=(address.external_id,),
    )

    sent = send(wecom, outbound)[0]
    assert isinstance(sent, Sent)
    task = MemberTask.objects.get(provider_message_id=sent.provider_message_id)
    synchronising.settle_task(task)
    assert not Event.objects.filter(name="receipt.arrived").exists()

    sandbox.post(
        f"/control/corps/{CORP_ID}/members/DrLi/confirm-mass", {"msgid": sent.provider_message_id}
    )
    synchronising.settle_task(task)
    synchronising.settle_task(task)

    event = Event.objects.get(name="receipt.arrived")
    assert event.data["status"] == "delivered"
    assert event.data["address_id"] == address.pk
    task.refresh_from_db()
    assert task.state == "settled"


def test_union_ids_join_one_persons_addresses(
    sandbox: Sandbox, wecom: Account, official: Account, doctor: Staff
) -> None:
    add_contact(sandbox, wecom, doctor)
    sandbox.person_does("wang", "oa-subscribe", app_id=APP_ID)
    openid = sandbox.open_id("wang", APP_ID)
    address = Address.objects.create(
        hospital_id=official.hospital_id,
        account=official,
        external_id=openid,
        added_at=time.now(),
    )

    assert synchronising.identify_addresses(official.hospital_id, official.pk) == 1
    assert synchronising.identify_addresses(official.hospital_id, official.pk) == 0

    address.refresh_from_db()
    assert address.union_id == "u-wang"
    others = queries.list_same_person(official.hospital_id, address)
    assert [one.account_id for one in others] == [wecom.pk]


def test_a_notice_reaches_the_member_once(sandbox: Sandbox, wecom: Account, doctor: Staff) -> None:
    asked = [
        actions.notify_staff(
            wecom.hospital_id, doctor.pk, text="有一条告警待处理", path="/today/", dedupe_key="a1"
        )
        for _ in range(2)
    ]

    jobs.send_notices.for_hospital(wecom.hospital_id)  # type: ignore[attr-defined]
    jobs.send_notices.for_hospital(wecom.hospital_id)  # type: ignore[attr-defined]

    assert asked == [True, False]
    assert StaffNotice.objects.get().state == "sent"
    assert len(sandbox.state()["corps"][CORP_ID]["staff_messages"]) == 1


def test_a_notice_to_somebody_unknown_fails_with_its_reason(
    sandbox: Sandbox, wecom: Account, lin: Staff
) -> None:
    actions.notify_staff(wecom.hospital_id, lin.pk, text="x", path="/", dedupe_key="a1")

    jobs.send_notices.for_hospital(wecom.hospital_id)  # type: ignore[attr-defined]

    notice = StaffNotice.objects.get()
    assert (notice.state, notice.reason_code) == ("failed", "unknown_recipient")


def test_a_check_says_what_is_wrong(sandbox: Sandbox, wecom: Account, admin: Staff) -> None:
    actions.request_check(wecom, by=admin)
    jobs.check_accounts.for_hospital(wecom.hospital_id)  # type: ignore[attr-defined]
    wecom.refresh_from_db()
    assert (wecom.health, wecom.health_reason) == ("working", "")

    changed = actions.change_account(
        wecom,
        name=wecom.name,
        config={},
        secrets={"secret": "wrong"},
        base_url=wecom.base_url,
        seen=1,
        by=admin,
    )
    actions.request_check(changed, by=admin)
    jobs.check_accounts.for_hospital(wecom.hospital_id)  # type: ignore[attr-defined]
    wecom.refresh_from_db()
    assert (wecom.health, wecom.health_reason) == ("failing", "wrong_secret")


# ---- Official Account ---------------------------------------------------------------------


def test_a_text_inside_the_window_and_a_template_outside(
    sandbox: Sandbox, official: Account
) -> None:
    sandbox.person_does("wang", "oa-subscribe", app_id=APP_ID)
    openid = sandbox.open_id("wang", APP_ID)
    sandbox.person_does("wang", "oa-write", app_id=APP_ID, text="您好")
    template = Outbound(
        "tpl-1", "template", address=openid, template_id="T1", data={"thing1": "今日打卡"}
    )

    results = send(official, text(openid), template)
    sandbox.post("/control/clock", {"add_seconds": 49 * 3600})
    late = failure(send(official, text(openid, "key-2"))[0])
    sandbox.post("/control/clock", {"offset_seconds": 0})

    assert all(isinstance(one, Sent) and one.provider_message_id is not None for one in results)
    assert (late.reason_code, late.permanent) == ("window_closed", True)


def test_a_stranger_gets_no_template(sandbox: Sandbox, official: Account) -> None:
    outbound = Outbound("tpl-1", "template", address="oNobody", template_id="T1", data={})

    assert failure(send(official, outbound)[0]).permanent
