"""A red alert on a member's WeCom: pressed there, taken on here, and shown in the card."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from lianxin.channels import actions as channels
from lianxin.channels import jobs as channel_jobs
from lianxin.channels.adapters import ADAPTERS
from lianxin.channels.models import Account, CardPress, StaffNotice
from lianxin.channels.queries import facts_of, list_due_notices
from lianxin.core import time
from lianxin.core.models import AccessEntry, Event, Hospital
from lianxin.core.scope import scope
from lianxin.health import jobs
from lianxin.health.actions import acknowledge_alert, answer_symptoms
from lianxin.health.models import Alert
from lianxin.patients.models import Patient
from lianxin.staff.models import Staff
from lianxin.testing.channels import AES_KEY, CORP_ID, TOKEN, make_account, open_windows
from lianxin.testing.health import make_reading
from lianxin.testing.processes import Sandbox, sandbox_process
from lianxin.testing.staff import make_staff, make_team

NOWHERE = "http://127.0.0.1:9/callbacks/"


@pytest.fixture(scope="module")
def sandbox_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with sandbox_process(tmp_path_factory.mktemp("sandbox")) as box:
        yield box


@pytest.fixture
def sandbox(sandbox_server: Sandbox) -> Sandbox:
    sandbox_server.post("/control/reset", {"all": True})
    sandbox_server.put("/control/settings", {"callback_timeout_seconds": 1})
    put_corp(sandbox_server, NOWHERE)
    return sandbox_server


def put_corp(sandbox: Sandbox, callback_url: str) -> None:
    corp = {
        "apps": [{"agent_id": 1000002, "secret": "app-secret", "name": "连心"}],
        "members": [{"userid": "LinHushi", "name": "林护士"}, {"userid": "Other"}],
        "callback": {"url": callback_url, "token": TOKEN, "encoding_aes_key": AES_KEY},
    }
    sandbox.put(f"/control/corps/{CORP_ID}", corp)


@pytest.fixture
def wecom(sandbox: Sandbox, ward: Hospital, lin: Staff) -> Account:
    open_windows()
    with scope(ward):
        Staff.objects.filter(pk=lin.pk).update(wecom_userid="LinHushi")
    return make_account(ward, base_url=sandbox.wecom_url)


@pytest.fixture
def alert(wecom: Account, ward: Hospital, chen: Patient, lin: Staff) -> Alert:
    """Let Chen tell of a red reading with a symptom while Lin is on duty; tell Lin."""
    with scope(ward):
        chen.team = make_team(ward, lin)
        chen.save()
        (raised,) = make_reading(chen, 185, 112).alerts
        answer_symptoms(chen, ["chest_pain"], by=lin, alert=raised)
        raised.refresh_from_db()
    send(ward)
    return raised


def send(ward: Hospital) -> None:
    channel_jobs.send_notices.for_hospital(ward.pk)  # type: ignore[attr-defined]


def messages(sandbox: Sandbox) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sandbox.state()["corps"][CORP_ID]["staff_messages"]
    return found


def press(sandbox: Sandbox, account: Account, userid: str = "LinHushi") -> None:
    """Press the button of the newest card; hand its callback to the house as the edge would."""
    newest = [one for one in messages(sandbox) if one["userid"] == userid][-1]
    url = f"/control/corps/{CORP_ID}/members/{userid}/press-card"
    sandbox.post(url, {"message": newest["id"], "key": "act"})
    take_in(account, told_by(sandbox))


def told_by(sandbox: Sandbox) -> str:
    """Return what the provider's newest callback about a card says, decrypted."""
    lines = sandbox.answer("GET", "/control/log?after=0", None)["log"]
    return str([one["plain"] for one in lines if one["name"] == "template_card_event"][-1])


def take_in(account: Account, plain: str) -> None:
    facts = facts_of(account)
    with scope(account.hospital_id):
        channels.take_in(facts, ADAPTERS["wecom"].parse(facts, plain))
        rows = list(Event.objects.filter(name="staff_card.pressed").values("subject_id", "data"))
    jobs.take_pressed_cards.func(hospital_id=account.hospital_id, events=rows)
    channel_jobs.tell_presses.for_hospital(account.hospital_id)  # type: ignore[attr-defined]


def test_pressing_the_card_takes_the_alert_on(
    sandbox: Sandbox, wecom: Account, ward: Hospital, alert: Alert, lin: Staff
) -> None:
    card = messages(sandbox)[-1]
    assert (card["kind"], card["body"]["card_type"]) == ("template_card", "button_interaction")
    assert "红色告警" in card["body"]["sub_title_text"]

    press(sandbox, wecom)

    with scope(ward):
        alert.refresh_from_db()
        assert (alert.state, alert.acknowledged_by_id) == ("acknowledged", lin.pk)
        told = Event.objects.get(name="alert.acknowledged")
        assert (told.by_id, told.data["how"]) == (lin.pk, "card")
        assert CardPress.objects.get().state == "told"
    assert messages(sandbox)[-1]["answer"] == "您已接手"


def test_a_press_that_comes_twice_is_one(
    sandbox: Sandbox, wecom: Account, ward: Hospital, alert: Alert
) -> None:
    press(sandbox, wecom)
    take_in(wecom, told_by(sandbox))

    with scope(ward):
        assert CardPress.objects.count() == 1
        assert Event.objects.filter(name="alert.acknowledged").count() == 1


def test_who_is_too_late_is_told_so(
    sandbox: Sandbox, wecom: Account, ward: Hospital, alert: Alert, zhou: Staff
) -> None:
    newest = messages(sandbox)[-1]
    with scope(ward):
        acknowledge_alert(alert, by=zhou)
    sandbox.post(
        f"/control/corps/{CORP_ID}/members/LinHushi/press-card",
        {"message": newest["id"], "key": "act"},
    )
    with scope(ward):
        StaffNotice.objects.update(recall_due_at=None)
    take_in(wecom, told_by(sandbox))

    assert messages(sandbox)[-1]["answer"] == "已有人接手"


def test_what_somebody_has_taken_on_is_recalled_for_the_others(
    sandbox: Sandbox, ward: Hospital, alert: Alert, zhou: Staff
) -> None:
    assert len(messages(sandbox)) == 1
    with scope(ward):
        acknowledge_alert(alert, by=zhou)

    channel_jobs.tell_presses.for_hospital(ward.pk)  # type: ignore[attr-defined]

    assert messages(sandbox) == []


def test_a_role_that_may_not_leaves_a_line(
    sandbox: Sandbox, wecom: Account, ward: Hospital, alert: Alert, lin: Staff
) -> None:
    with scope(ward):
        Staff.objects.filter(pk=lin.pk).update(role=Staff.Role.MANAGER)

    press(sandbox, wecom)

    assert messages(sandbox)[-1]["answer"] == "您的角色不能接手"
    with scope(ward):
        alert.refresh_from_db()
        assert alert.acknowledged_by_id is None
        line = AccessEntry.objects.get(outcome=AccessEntry.Outcome.REFUSED)
        assert (line.by_id, line.patient_id) == (lin.pk, alert.patient_id)


def test_a_card_of_somebody_else_changes_nothing(ward: Hospital, wecom: Account) -> None:
    xml = (
        "<xml><FromUserName>LinHushi</FromUserName><CreateTime>1790000000</CreateTime>"
        "<Event>template_card_event</Event><EventKey>act</EventKey>"
        "<TaskId>notice-999999999999999999999</TaskId><ResponseCode>c</ResponseCode></xml>"
    )

    take_in(wecom, xml)

    with scope(ward):
        assert not CardPress.objects.exists()


def test_where_cards_are_refused_plain_words_go_out(
    sandbox: Sandbox, wecom: Account, ward: Hospital, lin: Staff
) -> None:
    put_corp(sandbox, "")
    with scope(ward):
        channels.notify_staff(
            ward.pk,
            lin.pk,
            text="红色告警",
            path="/",
            dedupe_key="k",
            about=channels.NoticeSubject("alert", "k"),
            button="我来处理",
        )

    send(ward)

    assert [one["kind"] for one in messages(sandbox)] == ["textcard"]


def test_what_a_minute_has_no_room_for_waits_and_a_danger_still_goes(
    sandbox: Sandbox, wecom: Account, ward: Hospital, lin: Staff, clock: time_machine.Traveller
) -> None:
    ask(ward, lin, 32)
    send(ward)
    ordinary = len(messages(sandbox))
    ask(ward, lin, 1, is_first=True)
    send(ward)
    with_danger = len(messages(sandbox))
    clock.shift(61)
    sandbox.post("/control/clock", {"add_seconds": 61})
    send(ward)
    sandbox.post("/control/clock", {"offset_seconds": 0})

    assert (ordinary, with_danger, len(messages(sandbox))) == (27, 28, 33)


@pytest.mark.parametrize(
    ("sent", "ordinary", "danger"),
    [(899, True, True), (900, False, True), (999, False, True), (1000, False, False)],
)
def test_an_hour_has_its_own_limit_and_opens_when_its_oldest_message_is_an_hour_old(
    ward: Hospital,
    lin: Staff,
    clock: time_machine.Traveller,
    sent: int,
    ordinary: bool,
    danger: bool,
) -> None:
    clock.move_to(time.now().replace(microsecond=0), tick=False)
    earlier = time.now() - timedelta(minutes=50)
    with scope(ward):
        StaffNotice.objects.bulk_create(
            StaffNotice(
                hospital=ward,
                staff=lin,
                dedupe_key=f"earlier{number}",
                state=StaffNotice.State.SENT,
                created_at=earlier,
                next_attempt_at=earlier,
                sent_at=earlier,
            )
            for number in range(sent)
        )
    ask(ward, lin, 1)
    ask(ward, lin, 1, is_first=True)

    with scope(ward):
        due = list_due_notices(ward.pk, time.now())
        taken = [channels.claim_notice(pk) for pk in due]
        assert [one.is_first for one in taken if one] == [True] * danger + [False] * ordinary
        waiting = StaffNotice.objects.filter(state=StaffNotice.State.WAITING)
        assert {one.next_attempt_at for one in waiting} <= {earlier + timedelta(hours=1)}


def ask(ward: Hospital, lin: Staff, count: int, *, is_first: bool = False) -> None:
    with scope(ward):
        for number in range(count):
            key = f"{is_first}{number}"
            channels.notify_staff(
                ward.pk, lin.pk, text=key, path="/", dedupe_key=key, is_first=is_first
            )


@pytest.mark.parametrize(("minute", "waits"), [(0, True), (30, True), (12, False)])
def test_what_can_wait_leaves_the_rush_alone(
    ward: Hospital, lin: Staff, clock: time_machine.Traveller, minute: int, waits: bool
) -> None:
    clock.move_to(time.now().replace(minute=minute, second=20))
    with scope(ward):
        channels.notify_staff(ward.pk, lin.pk, text="x", path="/", dedupe_key="a", is_urgent=False)
        notice = StaffNotice.objects.get()

    assert (notice.next_attempt_at.minute == minute + 1) == waits


def test_a_member_without_a_licence_is_named_and_the_notice_fails(
    sandbox: Sandbox, wecom: Account, ward: Hospital
) -> None:
    sandbox.put(
        f"/control/corps/{CORP_ID}", {"members": [{"userid": "Other", "has_licence": False}]}
    )
    other = make_staff(ward)
    with scope(ward):
        Staff.objects.filter(pk=other.pk).update(wecom_userid="Other")
        channels.notify_staff(ward.pk, other.pk, text="x", path="/", dedupe_key="a")

    send(ward)

    with scope(ward):
        notice = StaffNotice.objects.get()
        assert (notice.state, notice.reason_code) == ("failed", "unknown_recipient")
