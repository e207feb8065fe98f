"""Calls to staff: placed over real HTTP, reported to a real edge, settled once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import httpx
import pytest
from django.test import Client

from lianxin.channels import actions, jobs, synchronising
from lianxin.channels.adapters.base import CallbackRefused, CallbackRequest
from lianxin.channels.adapters.voice.adapter import Voice
from lianxin.channels.adapters.voice.parsing import read_callback
from lianxin.channels.models import Account, Callback, StaffCall, StaffNotice
from lianxin.channels.queries import facts_of
from lianxin.core.actor import SystemActor
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.staff.actions import withdraw_phone
from lianxin.staff.models import Staff
from lianxin.testing.jobs import run_periodic
from lianxin.testing.processes import Sandbox
from lianxin.testing.staff import give_phone, make_staff

APP = "1400000009"
TEXT = "有一条红色预警待处理，请打开连心查看，按 1 表示已接手。"


@pytest.fixture
def voice(house: Hospital, sandbox: Sandbox, edge: str) -> Account:
    with scope(house):
        account = actions.open_account(
            house.pk,
            "voice",
            "告警电话",
            config={"voice_app_id": APP, "template_id": "2001"},
            secrets={"secret_id": "AKIDvoice", "secret_key": "k1-k1-k1", "token": "hush"},
            base_url=sandbox.voice_url,
            by=SystemActor(house.pk),
        )
    sandbox.put(
        f"/control/voice/{APP}",
        {
            "secret_id": "AKIDvoice",
            "secret_key": "k1-k1-k1",
            "templates": {"2001": TEXT},
            "callback_url": f"{edge}/callbacks/voice/{account.key}/?token=hush",
        },
    )
    return account


@pytest.fixture
def nurse(house: Hospital) -> Staff:
    nurse = make_staff(house)
    give_phone(nurse, "13900000001")
    return nurse


def ask(staff: Staff, key: str = "alert:a:1") -> StaffCall:
    with scope(staff.hospital_id):
        return actions.call_staff(staff.hospital_id, staff.pk, dedupe_key=key)


def place(call: StaffCall) -> StaffCall:
    run_periodic("lianxin.channels.jobs", "place_calls", call.hospital_id)
    return reload(call)


def reload(call: StaffCall) -> StaffCall:
    with scope(call.hospital_id):
        return StaffCall.objects.get(pk=call.pk)


def hear(sandbox: Sandbox, call: StaffCall) -> StaffCall:
    """Let the callbacks arrive and be translated."""
    sandbox.post("/control/settle")
    with scope(call.hospital_id):
        ids = list(Callback.objects.filter(state="received").values_list("pk", flat=True))
        jobs.translate.func(hospital_id=call.hospital_id, callback_ids=ids)
    return reload(call)


def rung(sandbox: Sandbox) -> list[dict[str, object]]:
    calls: list[dict[str, object]] = sandbox.state()["voice"][APP]["calls"]
    return calls


def names(call: StaffCall) -> list[str]:
    with scope(call.hospital_id):
        rows = Event.objects.filter(subject="staff_call", subject_id=call.pk)
        return list(rows.order_by("at", "id").values_list("name", flat=True))


@pytest.mark.usefixtures("voice")
def test_a_key_is_told_and_the_minutes_are_kept(nurse: Staff, sandbox: Sandbox) -> None:
    call = place(ask(nurse))
    assert (call.state, rung(sandbox)[0]["text"]) == ("ringing", TEXT)
    sandbox.at_call(call.provider_call_id, "answer")
    sandbox.at_call(call.provider_call_id, "press", key="1")
    sandbox.at_call(call.provider_call_id, "hang-up")

    call = hear(sandbox, call)

    assert (call.state, call.pressed, call.billed_minutes) == ("answered", "1", 1)
    assert sorted(names(call)) == ["staff_call.ended", "staff_call.keyed", "staff_call.placed"]


@pytest.mark.usefixtures("voice")
def test_asked_twice_and_placed_twice_rings_once(nurse: Staff, sandbox: Sandbox) -> None:
    call, again = ask(nurse), ask(nurse)

    synchronising.place_call(call.hospital_id, call.pk)
    synchronising.place_call(call.hospital_id, call.pk)

    assert call.pk == again.pk
    assert len(rung(sandbox)) == 1


@pytest.mark.usefixtures("voice")
def test_nobody_answering_is_a_state_of_its_own(nurse: Staff, sandbox: Sandbox) -> None:
    sandbox.post("/control/faults", {"kind": "callback_duplicate", "count": 1})
    call = place(ask(nurse))
    sandbox.at_call(call.provider_call_id, "no-answer")

    call = hear(sandbox, call)

    assert (call.state, call.reason_code, call.billed_minutes) == ("no_answer", "call_no_answer", 0)
    assert names(call).count("staff_call.ended") == 1


@pytest.mark.usefixtures("voice")
def test_a_lost_answer_is_not_rung_again_and_its_key_still_counts(
    nurse: Staff, sandbox: Sandbox
) -> None:
    sandbox.add_fault("api_garbage", path="/voice/*")
    call = place(ask(nurse))
    assert (call.state, call.reason_code) == ("unknown", "outcome_unknown")
    body = {"voicekey_callback": {"callid": "c-lost", "keypress": "1", "mobile": "13900000001"}}
    report(call, body)

    call = reload(call)
    assert (call.pressed, call.provider_call_id) == ("1", "c-lost")
    assert len(rung(sandbox)) == 0


def report(call: StaffCall, body: Mapping[str, object]) -> None:
    with scope(call.hospital_id):
        account = Account.objects.get(kind="voice")
        actions.take_in(facts_of(account), read_callback(json.dumps(body)))


def test_without_a_number_or_an_account_the_reason_is_said(
    house: Hospital, nurse: Staff, sandbox: Sandbox
) -> None:
    without_account = place(ask(nurse))

    assert (without_account.state, without_account.reason_code) == ("failed", "no_voice")


@pytest.mark.usefixtures("voice")
def test_who_has_taken_the_number_back_is_not_rung(nurse: Staff, sandbox: Sandbox) -> None:
    from_now = ask(nurse)
    with scope(nurse.hospital_id):
        nurse_now = Staff.objects.get(pk=nurse.pk)
        withdraw_phone(nurse_now, by=nurse_now)

    assert place(from_now).reason_code == "no_phone"
    assert rung(sandbox) == []


@pytest.mark.usefixtures("voice")
def test_a_call_nobody_here_placed_changes_nothing(nurse: Staff) -> None:
    call = place(ask(nurse))
    report(call, {"voicekey_callback": {"callid": "someone-elses", "keypress": "1"}})

    assert reload(call).pressed == ""


def test_the_edge_believes_only_who_knows_the_token(voice: Account, edge: str) -> None:
    body = {"voicekey_callback": {"callid": "x", "keypress": "1"}}
    url = f"{edge}/callbacks/voice/{voice.key}/"

    wrong = httpx.post(url, params={"token": "guess"}, json=body, trust_env=False)
    right = httpx.post(url, params={"token": "hush"}, json=body, trust_env=False)

    assert (wrong.status_code, wrong.content) == (403, b"")
    assert right.status_code == 200
    assert (right.status_code, right.json()) == (200, {"result": 0, "errmsg": "OK"})


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"{}", b"1e999", b"null"])
def test_what_is_no_object_is_refused(voice: Account, body: bytes) -> None:
    with pytest.raises(CallbackRefused):
        Voice().open_callback(facts_of(voice), CallbackRequest({"token": "hush"}, body))


@pytest.mark.parametrize(
    ("about", "status"),
    [
        ({"voiceprompt_callback": {"callid": "c", "result": 0, "fee": "2"}}, "answered"),
        ({"voiceprompt_callback": {"callid": "c", "result": "9"}}, "failed"),
        ({"voice_failure_callback": {"callid": "c", "failure_code": "10"}}, "busy"),
        ({"voice_failure_callback": {"callid": "c", "failure_code": 99}}, "failed"),
    ],
)
def test_codes_come_as_numbers_or_as_text(about: dict[str, object], status: str) -> None:
    [found] = read_callback(json.dumps(about))

    assert (found.status, found.provider_message_id) == (status, "c")


def test_what_we_do_not_know_gives_nothing() -> None:
    assert read_callback(json.dumps({"voice_new_callback": {"callid": "c"}})) == []
    assert read_callback(json.dumps({"voicekey_callback": ["c"]})) == []


def test_a_spent_budget_holds_no_call_back_and_the_page_says_what_calls_cost(
    voice: Account, nurse: Staff, sandbox: Sandbox
) -> None:
    admin = make_staff(voice.hospital, role="admin")
    assert admin.sign_in is not None
    as_admin = Client()
    as_admin.force_login(admin.sign_in, backend="django.contrib.auth.backends.ModelBackend")
    with scope(voice.hospital_id):
        price = actions.enter_price(
            voice, unit_fen=Decimal(12), valid_from=date(2026, 1, 1), source="合同", by=admin
        )
        actions.approve_price(price, by=make_staff(voice.hospital, role="operator"))
        actions.set_budget(voice, month_fen=1, by=admin)
        spent = actions.Billed("earlier", 5, is_estimate=False)
        actions.record_costs(voice.hospital_id, voice.pk, [spent])
        assert Event.objects.filter(name="budget.reached").count() == 1
    assert "本月没有为红色预警打过电话" in as_admin.get("/settings/costs/").content.decode()

    call = place(ask(nurse))
    sandbox.at_call(call.provider_call_id, "answer")
    sandbox.at_call(call.provider_call_id, "hang-up")
    call = hear(sandbox, call)

    assert (call.state, len(rung(sandbox))) == ("answered", 1)
    page = as_admin.get("/settings/costs/").content.decode()
    assert "打了 1 个电话，接通 1 个，计费 1 分钟，0.12 元（其中估算 0.00 元）" in page
    assert "已超过预算" in page
    assert "告警电话从不因为预算停打" in page
    with scope(voice.hospital_id):
        assert "不会因此停下" in StaffNotice.objects.get().text
