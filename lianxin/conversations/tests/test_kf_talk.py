"""A talk in customer service from the phone to the score, over real HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from lianxin.channels import actions as channel_actions
from lianxin.channels import jobs as channels
from lianxin.channels import synchronising
from lianxin.channels.models import Account, Address, Arrival, Servicer, SessionRequest
from lianxin.channels.queries import list_receiving, list_servicers
from lianxin.conversations import actions, jobs, words
from lianxin.conversations.models import Message, Rating, Thread
from lianxin.core.actor import SystemActor
from lianxin.core.errors import RefusedError
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.outreach.jobs import deliver_batch
from lianxin.outreach.models import Intent
from lianxin.patients.jobs import join_identified, name_holders
from lianxin.staff.models import Staff
from lianxin.testing.channels import CORP_ID, make_account
from lianxin.testing.guarded import sign_in
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
    hear(kf, before)


def hear(kf: Account, before: int = 0) -> None:
    """Let the room hear everything since; hearing a thing twice changes nothing."""
    with scope(kf.hospital_id):
        rows = list(
            Event.objects.filter(id__gt=before)
            .order_by("id")
            .values("name", "subject", "subject_id", "data", "patient_id", "by_id")
        )
    for name, job in (
        ("message.arrived", jobs.receive_arrivals),
        ("session.changed", jobs.answer_sessions),
        ("address.named", name_holders),
        ("address.identified", join_identified),
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


def test_who_writes_is_shown_by_the_name_that_wechat_has(
    sandbox: Sandbox, house: Hospital, kf: Account, min_: Staff
) -> None:
    sandbox.person_does("wang", "kf-write", open_kfid=KF, text="请问什么时候复诊")
    fetch(kf)
    inbox = sign_in(min_)
    assert "未核验" in inbox.get("/inbox/").content.decode()

    for _again in range(2):
        channels.read_customers.for_hospital(house.pk)  # type: ignore[attr-defined]
    hear(kf)
    hear(kf)

    assert "王*" in inbox.get("/inbox/").content.decode()
    with scope(house):
        assert Address.objects.get().union_id == "u-wang"
        assert Event.objects.filter(name="holder.named").count() == 1
        [sealed] = Arrival.objects.filter(event="address.named").values_list("payload_sealed")
    assert "王芳".encode() not in bytes(sealed[0])
    assert sandbox.state()["counts"]["/cgi-bin/kf/customer/batchget"]["calls"] == 1


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


def ask_for(house: Hospital, target: int, by: Staff, userid: str = "") -> SessionRequest:
    thread = thread_of(house)
    assert thread.last_address is not None
    with scope(house):
        address = Address.objects.select_related("account").get(pk=thread.last_address.pk)
        servicer = Servicer.objects.filter(userid=userid).first()
        request = channel_actions.request_session(address, target, servicer=servicer, by=by)
    channels.change_session.func(hospital_id=house.pk, request_id=request.pk)
    # The job may run twice.
    channels.change_session.func(hospital_id=house.pk, request_id=request.pk)
    with scope(house):
        return SessionRequest.objects.select_related("address").get(pk=request.pk)


def test_a_session_goes_to_a_servicer_and_its_end_is_asked_about(
    sandbox: Sandbox, house: Hospital, kf: Account, min_: Staff
) -> None:
    sandbox.person_does("wang", "kf-write", open_kfid=KF, text="请问什么时候复诊")
    fetch(kf)
    synchronising.read_servicers(house.pk, kf.pk)
    with scope(house):
        actions.send_reply(thread_of(house), "稍等。", by=min_)

    queued = ask_for(house, 2, min_)
    hear(kf)
    served = ask_for(house, 3, min_, "ZhouMin")
    ended = ask_for(house, 4, min_)
    hear(kf)

    assert {queued.state, served.state, ended.state} == {"done"}
    assert ended.address.session_state == 4
    assert any("正在为您转给同事" in one["text"] for one in shown(sandbox, "text"))
    assert len(shown(sandbox, "msgmenu")) == 1
    with scope(house), pytest.raises(RefusedError, match="不能这样转接"):
        address = Address.objects.select_related("account").get()
        channel_actions.request_session(address, 3, servicer=None, by=min_)


def test_what_the_provider_refuses_is_said_in_words_and_the_state_is_read(
    sandbox: Sandbox, house: Hospital, kf: Account, min_: Staff
) -> None:
    sandbox.person_does("wang", "kf-write", open_kfid=KF, text="请问什么时候复诊")
    fetch(kf)
    member = f"/control/corps/{CORP_ID}/members/ZhouMin"
    sandbox.post(f"{member}/kf-take", {"open_kfid": KF, "person": "wang"})

    # We have not heard yet that she took it.
    request = ask_for(house, 2, min_)

    assert (request.state, request.failure_code) == ("failed", "kf_change_refused")
    assert request.address.session_state == 3
    thread = thread_of(house)
    with scope(house):
        assert "不能这样转接" in words.moved_word(thread)


def test_servicers_are_told_one_by_one_and_a_failure_is_said(
    sandbox: Sandbox, house: Hospital, kf: Account, min_: Staff
) -> None:
    by = SystemActor(house.pk)
    doctor, stranger = make_staff(house, name="李医生"), make_staff(house, name="钱护士")
    doctor.wecom_userid, stranger.wecom_userid = "DrLi", "nobody"
    with scope(house):
        channel_actions.want_servicers(kf, [doctor, stranger], by=by)
    channels.keep_servicers.for_hospital(house.pk)  # type: ignore[attr-defined]
    synchronising.read_servicers(house.pk, kf.pk)
    sandbox.post(
        f"/control/corps/{CORP_ID}/members/ZhouMin/kf-pause", {"open_kfid": KF, "paused": True}
    )
    fetch(kf)

    with scope(house):
        rows = {one.userid: one for one in list_servicers(kf)}
        assert {name for name, one in rows.items() if one.is_listed} == {"DrLi", "ZhouMin"}
        assert rows["nobody"].failure_code == "member_gone"
        assert rows["ZhouMin"].is_paused
        assert [one.userid for one in list_receiving(kf)] == ["DrLi"]
        channel_actions.dismiss_servicer(rows["ZhouMin"], by=by)
        channel_actions.dismiss_servicer(rows["nobody"], by=by)
        with pytest.raises(RefusedError, match="最后一位"):
            channel_actions.dismiss_servicer(rows["DrLi"], by=by)
    channels.keep_servicers.for_hospital(house.pk)  # type: ignore[attr-defined]
    synchronising.read_servicers(house.pk, kf.pk)
    with scope(house):
        assert [one.userid for one in list_servicers(kf)] == ["DrLi"]


def test_the_pages_of_servicers_and_of_a_talk(
    sandbox: Sandbox, house: Hospital, kf: Account, min_: Staff
) -> None:
    sandbox.person_does("wang", "kf-write", open_kfid=KF, text="请问什么时候复诊")
    fetch(kf)
    synchronising.read_servicers(house.pk, kf.pk)
    admin, nurse = sign_in(make_staff(house, role=Staff.Role.ADMIN)), sign_in(min_)
    url = f"/settings/channels/{kf.key}/servicers/"

    assert "周敏" in admin.get(url).content.decode()
    assert admin.post(f"{url}new/", {"staff": ["x"]}).status_code == 422
    assert admin.post(f"{url}new/", {"staff": ["on_duty", min_.key]}).status_code == 302
    talk = f"/inbox/{thread_of(house).key}/"
    page = nurse.get(talk).content.decode()
    assert "转给 周敏" in page
    assert "放进企业微信的排队" in page
    assert nurse.post(f"{talk}session/", {"to": "nobody"}).status_code == 404
    assert nurse.post(f"{talk}session/", {"to": "end"}).status_code == 409
    assert nurse.post(f"{talk}session/", {"to": "queue"}).status_code == 302
    assert "正在转接" in nurse.get(talk).content.decode()
