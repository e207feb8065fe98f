"""Contacts moved over real HTTP: asked for once, settled after a day, refused, full, lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from lianxin.channels import actions, jobs, queries, synchronising
from lianxin.channels.actions.live_codes import RosterLine
from lianxin.channels.adapters.wecom.adapter import WeCom
from lianxin.channels.models import Account, Address, LiveCode, MemberLeave, Relation, Transfer
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.errors import RefusedError
from lianxin.core.models import Event, Hospital
from lianxin.staff.models import Staff
from lianxin.testing.channels import CORP_ID, contact_xml, make_account, open_windows
from lianxin.testing.jobs import run_periodic
from lianxin.testing.processes import Sandbox
from lianxin.testing.staff import make_staff

ASK = "/cgi-bin/externalcontact/transfer_customer"
ASK_RESIGNED = "/cgi-bin/externalcontact/resigned/transfer_customer"
WORDS = "您好，之后由我继续为您服务。"


@pytest.fixture
def wecom(sandbox: Sandbox, in_riverside: Hospital) -> Account:
    open_windows()
    return make_account(in_riverside, base_url=sandbox.wecom_url)


def bind(staff: Staff, userid: str) -> Staff:
    Staff.objects.filter(pk=staff.pk).update(wecom_userid=userid)
    staff.refresh_from_db()
    return staff


@pytest.fixture
def li(wecom: Account) -> Staff:
    return bind(make_staff(wecom.hospital, name="李医生"), "DrLi")


@pytest.fixture
def zhou_min(wecom: Account) -> Staff:
    return bind(make_staff(wecom.hospital, name="周敏"), "ZhouMin")


@pytest.fixture
def contacts(sandbox: Sandbox, wecom: Account, li: Staff, zhou_min: Staff) -> list[Relation]:
    """Give Dr Li two contacts."""
    sandbox.put("/control/persons/chen", {"name": "陈国强"})
    rows = [
        {"corp_id": CORP_ID, "userid": "DrLi", "person": person, "added_at": 1_790_000_000}
        for person in ("wang", "chen")
    ]
    sandbox.post("/control/seed", {"relations": rows})
    synchronising.sync_now(wecom.hospital_id, wecom.pk)
    return list(queries.list_relations_of_member(wecom.hospital_id, li))


def plan(contacts: list[Relation], taker: Staff, *, is_resigned: bool = False) -> list[Transfer]:
    by = SystemActor(taker.hospital_id)
    return actions.plan_transfers(contacts, taker, is_resigned=is_resigned, words=WORDS, by=by)


def keep(account: Account) -> None:
    run_periodic(jobs.__name__, "keep_transfers", account.hospital_id)


def go_on(sandbox: Sandbox, account: Account, clock: time_machine.Traveller) -> None:
    """Let a day go by on both sides, then ask what became of it."""
    sandbox.post("/control/clock", {"add_seconds": 24 * 3600})
    clock.shift(timedelta(days=1, minutes=6))
    keep(account)


def calls(sandbox: Sandbox, path: str) -> int:
    count: dict[str, Any] = sandbox.state()["counts"].get(path, {"calls": 0})
    return int(count["calls"])


def states() -> list[tuple[str, str]]:
    return sorted(Transfer.objects.values_list("state", "reason_code"))


def parse(account: Account, xml: str) -> None:
    facts = queries.facts_of(account)
    actions.take_in(facts, WeCom().parse(facts, xml))


def test_contacts_are_moved_after_a_day_with_one_call(
    sandbox: Sandbox, wecom: Account, contacts: list[Relation], zhou_min: Staff
) -> None:
    with time_machine.travel(time.now()) as clock:
        plan(contacts, zhou_min)
        assert plan(contacts, zhou_min) == []  # on the way already
        keep(wecom)
        keep(wecom)
        assert states() == [("waiting", "")] * 2
        go_on(sandbox, wecom, clock)

    assert calls(sandbox, ASK) == 1
    assert states() == [("done", "")] * 2
    standing = Relation.objects.exclude(state=Relation.State.REMOVED)
    assert set(standing.values_list("staff_userid", flat=True)) == {"ZhouMin"}
    gone = Relation.objects.filter(state=Relation.State.REMOVED)
    assert set(gone.values_list("removed_by", flat=True)) == {"transferred"}
    assert set(Address.objects.values_list("state", flat=True)) == {"active"}
    names = list(Event.objects.values_list("name", flat=True))
    assert names.count("transfer.done") == 2
    assert sandbox.state()["persons"]["wang"]["inbox"][-1]["body"]["text"] == WORDS


def test_the_callbacks_of_a_move_change_nothing_more(
    sandbox: Sandbox, wecom: Account, contacts: list[Relation], zhou_min: Staff
) -> None:
    with time_machine.travel(time.now()) as clock:
        plan(contacts[:1], zhou_min)
        keep(wecom)
        go_on(sandbox, wecom, clock)
        person, at = contacts[0].address.external_id, int(time.now().timestamp())
        before = Event.objects.count()

        gone = contact_xml("del_external_contact", person=person, member="DrLi", created=at)
        extra = "<Source><![CDATA[DELETE_BY_TRANSFER]]></Source></xml>"
        parse(wecom, gone.replace("</xml>", extra))
        parse(wecom, contact_xml(person=person, member="ZhouMin", created=at))

    assert Event.objects.count() == before
    relation = Relation.objects.get(address=contacts[0].address, staff_userid="DrLi")
    assert relation.removed_by == "transferred"


def test_a_refusal_is_asked_about_as_soon_as_it_is_told(
    sandbox: Sandbox, wecom: Account, contacts: list[Relation], zhou_min: Staff
) -> None:
    plan(contacts, zhou_min)
    keep(wecom)
    sandbox.post("/control/persons/wang/refuse-transfer", {"corp_id": CORP_ID, "userid": "ZhouMin"})
    keep(wecom)
    assert states() == [("waiting", "")] * 2  # nobody told us yet
    person = sandbox.external_id("wang", CORP_ID)

    parse(wecom, contact_xml("transfer_fail", person=person, member="ZhouMin"))
    keep(wecom)

    assert states() == [("refused", ""), ("waiting", "")]


def test_each_contact_has_a_fate_of_its_own(
    sandbox: Sandbox, wecom: Account, contacts: list[Relation], zhou_min: Staff
) -> None:
    sandbox.post(f"/control/corps/{CORP_ID}/members/DrLi/delete-contact", {"person": "wang"})
    with time_machine.travel(time.now()) as clock:
        plan(contacts, zhou_min)
        keep(wecom)
        assert states() == [("failed", "not_a_contact"), ("waiting", "")]
        members = [{"userid": "ZhouMin", "customer_limit": 1}]
        sandbox.put(f"/control/corps/{CORP_ID}", {"members": members})
        person = {"corp_id": CORP_ID, "userid": "ZhouMin", "person": "wang", "added_at": 1}
        sandbox.post("/control/seed", {"relations": [person]})
        go_on(sandbox, wecom, clock)

    assert states() == [("failed", "not_a_contact"), ("full", "")]


def test_an_answer_that_was_lost_is_asked_again_and_moves_nobody_twice(
    sandbox: Sandbox, wecom: Account, contacts: list[Relation], zhou_min: Staff
) -> None:
    sandbox.put("/control/settings", {"timeout_seconds": 0.1})
    sandbox.post("/control/faults", {"kind": "api_answer_lost", "path": ASK, "count": 3})
    with time_machine.travel(time.now()) as clock:
        plan(contacts, zhou_min)
        keep(wecom)
        assert {state for state, _why in states()} <= {"planned", "waiting"}
        clock.shift(timedelta(hours=2))
        keep(wecom)
        assert states() == [("waiting", "")] * 2
        go_on(sandbox, wecom, clock)

    assert states() == [("done", "")] * 2
    moved = sandbox.state()["corps"][CORP_ID]["transfers"]
    assert len(moved) == 2


def test_a_worker_that_died_leaves_its_call_to_the_next_and_one_asks_at_a_time(
    sandbox: Sandbox, wecom: Account, contacts: list[Relation], zhou_min: Staff, li: Staff
) -> None:
    with time_machine.travel(time.now()) as clock:
        plan(contacts[:1], zhou_min)
        dead = actions.claim_transfers(wecom.hospital_id, wecom.pk, Transfer.State.PLANNED)
        assert dead is not None
        plan(contacts[1:], zhou_min)
        keep(wecom)
        assert calls(sandbox, ASK) == 0  # somebody is asking for this member's contacts
        clock.shift(timedelta(minutes=3))
        keep(wecom)

        assert states() == [("waiting", "")] * 2
        actions.settle_asked(dead, {})
    assert states() == [("waiting", "")] * 2


def test_words_that_the_guard_stops_are_never_planned(
    wecom: Account, contacts: list[Relation], zhou_min: Staff
) -> None:
    by = SystemActor(wecom.hospital_id)
    with pytest.raises(RefusedError, match="不能发给患者"):
        actions.plan_transfers(
            contacts, zhou_min, is_resigned=False, words="保证治愈，请放心。", by=by
        )
    assert not Transfer.objects.exists()


def test_a_leaver_comes_off_the_codes_and_the_contacts_move_by_the_other_calls(
    sandbox: Sandbox, wecom: Account, contacts: list[Relation], li: Staff, zhou_min: Staff
) -> None:
    by = SystemActor(wecom.hospital_id)
    lines = [RosterLine(li), RosterLine(zhou_min)]
    code = actions.create_live_code(wecom, "门诊", staff=li, roster=lines, by=by)
    run_periodic(jobs.__name__, "make_live_codes", wecom.hospital_id)
    plan(contacts, zhou_min, is_resigned=True)
    keep(wecom)
    assert states() == [("planned", "not_resigned")] * 2  # not yet resigned at the provider

    sandbox.post(f"/control/corps/{CORP_ID}/members/DrLi/leave", {})
    created = int(time.now().timestamp())
    left = leave_xml("DrLi", created)
    parse(wecom, left)
    parse(wecom, left)
    run_periodic(jobs.__name__, "read_unassigned", wecom.hospital_id)
    run_periodic(jobs.__name__, "keep_live_codes", wecom.hospital_id)

    leave = MemberLeave.objects.get()
    assert (leave.staff, leave.source) == (li, "unsubscribe")
    assert Event.objects.filter(name="member.left").count() == 1
    fresh = LiveCode.objects.get(pk=code.pk)
    assert fresh.confirmed["userids"] == ["ZhouMin"]
    with time_machine.travel(time.now()) as clock:
        clock.shift(timedelta(hours=1, minutes=1))
        keep(wecom)
        assert states() == [("waiting", "")] * 2
        go_on(sandbox, wecom, clock)
    assert states() == [("done", "")] * 2
    assert calls(sandbox, ASK) == 0


def leave_xml(userid: str, created: int, event: str = "unsubscribe") -> str:
    return (
        f"<xml><ToUserName><![CDATA[{CORP_ID}]]></ToUserName>"
        f"<FromUserName><![CDATA[{userid}]]></FromUserName><CreateTime>{created}</CreateTime>"
        f"<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[{event}]]></Event>"
        "<AgentID>1000002</AgentID></xml>"
    )


def test_who_left_is_found_in_the_providers_list_without_any_callback(
    sandbox: Sandbox, wecom: Account, contacts: list[Relation], li: Staff
) -> None:
    sandbox.post(f"/control/corps/{CORP_ID}/members/DrLi/leave", {})

    run_periodic(jobs.__name__, "read_unassigned", wecom.hospital_id)
    run_periodic(jobs.__name__, "read_unassigned", wecom.hospital_id)

    leave = MemberLeave.objects.get()
    assert (leave.staff, leave.source, leave.ended_at) == (li, "unassigned", None)
    # Their contacts are still theirs: nothing is lost before somebody takes over.
    assert queries.list_relations_of_member(wecom.hospital_id, li).count() == 2


def test_late_words_of_leaving_and_coming_back_end_in_the_latest(wecom: Account, li: Staff) -> None:
    now = int(time.now().timestamp())
    parse(wecom, leave_xml("DrLi", now - 60))
    parse(wecom, leave_xml("DrLi", now - 30, "subscribe"))
    assert queries.gone_userids(wecom.hospital_id) == set()
    parse(wecom, leave_xml("DrLi", now - 61))
    assert queries.gone_userids(wecom.hospital_id) == set()

    change = leave_xml("sys", now, "change_contact").replace(
        "</xml>", "<ChangeType>delete_user</ChangeType><UserID>DrLi</UserID></xml>"
    )
    parse(wecom, change)
    assert queries.gone_userids(wecom.hospital_id) == {"DrLi"}
