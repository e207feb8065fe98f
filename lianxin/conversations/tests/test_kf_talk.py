"""A talk in customer service from the phone to the score, over real HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from lianxin.channels import jobs as channels
from lianxin.channels.models import Account, Arrival
from lianxin.conversations import actions, jobs
from lianxin.conversations.models import Message, Rating, Thread
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.outreach.jobs import deliver_batch
from lianxin.outreach.models import Intent
from lianxin.staff.models import Staff
from lianxin.testing.channels import CORP_ID, make_account
from lianxin.testing.processes import Sandbox
from lianxin.testing.staff import make_staff

KF = "wkCare"


@pytest.fixture
def kf(house: Hospital, sandbox: Sandbox) -> Account:
    return make_account(house, Account.Kind.WECOM_KF, base_url=sandbox.wecom_url, open_kfid=KF)


@pytest.fixture
def min_(house: Hospital) -> Staff:
    """Give the nurse whom the provider knows as ZhouMin."""
    staff = make_staff(house, role=Staff.Role.NURSE, name="周敏")
    with scope(house):
        Staff.objects.filter(pk=staff.pk).update(wecom_userid="ZhouMin")
        staff.refresh_from_db()
    return staff


def fetch(kf: Account) -> None:
    """Fetch what is new and let the rooms hear it, as the workers do."""
    with scope(kf.hospital_id):
        before = Event.objects.order_by("-id").values_list("id", flat=True).first() or 0
    channels.sync_messages.func(hospital_id=kf.hospital_id, account_id=kf.pk)
    with scope(kf.hospital_id):
        rows = list(
            Event.objects.filter(id__gt=before)
            .order_by("id")
            .values("name", "subject", "subject_id", "data", "patient_id", "by_id")
        )
    for name, job in (
        ("message.arrived", jobs.receive_arrivals),
        ("session.changed", jobs.answer_sessions),
    ):
        heard: list[dict[str, Any]] = [{**row} for row in rows if row["name"] == name]
        if heard:
            job.func(hospital_id=kf.hospital_id, events=heard)


def thread_of(house: Hospital) -> Thread:
    with scope(house):
        return Thread.objects.select_related("hospital", "holder", "last_address").get()


def shown(sandbox: Sandbox, kind: str) -> list[dict[str, Any]]:
    inbox = sandbox.state()["persons"]["wang"]["inbox"]
    return [one["body"] for one in inbox if one["kind"] == kind]


def score(house: Hospital) -> int | None:
    with scope(house):
        return Rating.objects.get().score


def test_a_talk_that_a_servicer_ended_is_asked_about_within_its_code(
    sandbox: Sandbox, house: Hospital, kf: Account, min_: Staff
) -> None:
    sandbox.person_does("wang", "kf-write", open_kfid=KF, text="请问什么时候复诊")
    member = f"/control/corps/{CORP_ID}/members/ZhouMin"
    sandbox.post(f"{member}/kf-write", {"open_kfid": KF, "person": "wang", "text": "下周三"})
    sandbox.post(f"{member}/kf-end", {"open_kfid": KF, "person": "wang"})
    fetch(kf)

    [menu] = shown(sandbox, "msgmenu")
    assert "满意吗" in menu["head_content"]
    sandbox.person_does("wang", "kf-press", open_kfid=KF, text="很满意")
    fetch(kf)
    deliver_batch(house.pk)

    with scope(house):
        rating = Rating.objects.select_related("question").get()
        codes = list(Arrival.objects.filter(event="session.changed").values_list("kind", "welcome"))
    assert (rating.score, rating.staff_id) == (5, min_.pk)
    assert rating.question.delivery_state == "sent"
    assert ("ended", "sent") in codes
    assert any("谢谢您的评价" in one["text"] for one in shown(sandbox, "text"))
    assert any("同事已经接手" in one["text"] for one in shown(sandbox, "text"))


def test_a_code_that_died_asks_nobody(
    sandbox: Sandbox, house: Hospital, kf: Account, min_: Staff
) -> None:
    sandbox.person_does("wang", "kf-write", open_kfid=KF, text="请问什么时候复诊")
    member = f"/control/corps/{CORP_ID}/members/ZhouMin"
    sandbox.post(f"{member}/kf-write", {"open_kfid": KF, "person": "wang", "text": "下周三"})
    sandbox.post(f"{member}/kf-end", {"open_kfid": KF, "person": "wang"})
    sandbox.post("/control/clock", {"add_seconds": 25})
    fetch(kf)
    sandbox.post("/control/clock", {"offset_seconds": 0})
    deliver_batch(house.pk)

    assert shown(sandbox, "msgmenu") == []
    with scope(house):
        actions.settle_intents(house.pk, Intent.objects.values_list("pk", flat=True))
        question = Message.objects.get(kind="question")
        assert Event.objects.filter(name="session_code.missed").exists()
    assert question.delivery_state in {"refused", "failed"}
    assert question.reason_code


def test_a_talk_ended_here_is_asked_about_with_a_menu(
    sandbox: Sandbox, house: Hospital, kf: Account, min_: Staff
) -> None:
    sandbox.person_does("wang", "kf-write", open_kfid=KF, text="请问什么时候复诊")
    fetch(kf)
    thread = thread_of(house)
    with scope(house):
        actions.send_reply(thread, "下周三上午。", by=min_)
        actions.close_thread(thread, outcome="answered", kind="admin", by=min_)
    deliver_batch(house.pk)

    [menu] = shown(sandbox, "msgmenu")
    sandbox.person_does("wang", "kf-press", open_kfid=KF, menu_id=menu["list"][4]["click"]["id"])
    fetch(kf)

    assert score(house) == 1
    assert not thread_of(house).is_waiting


def test_what_is_taken_back_on_either_side_is_hidden(
    sandbox: Sandbox, house: Hospital, kf: Account, min_: Staff
) -> None:
    member = f"/control/corps/{CORP_ID}/members/ZhouMin"
    sandbox.person_does("wang", "kf-write", open_kfid=KF, text="发错了")
    sandbox.post(f"{member}/kf-write", {"open_kfid": KF, "person": "wang", "text": "也发错了"})
    sandbox.person_does("wang", "kf-recall", open_kfid=KF)
    sandbox.post(f"{member}/kf-recall", {"open_kfid": KF, "person": "wang"})
    fetch(kf)

    with scope(house):
        rows = Message.objects.exclude(sender_kind="assistant")
        assert rows.count() == 2
        assert not rows.filter(recalled_at=None).exists()
