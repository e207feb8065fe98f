"""Live codes kept in step with the provider: the sandbox, over real HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from lianxin.channels import actions, jobs, queries, synchronising
from lianxin.channels.actions.live_codes import CodeContent, RosterLine
from lianxin.channels.adapters.provider_http import Provider
from lianxin.channels.adapters.wecom import contact_ways
from lianxin.channels.adapters.wecom.contact_ways import ContactWay
from lianxin.channels.models import Account, LiveCode
from lianxin.channels.providers import load_facts, run_with
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.errors import RefusedError
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.staff.models import Staff
from lianxin.testing.channels import CORP_ID, make_account, open_windows
from lianxin.testing.processes import Sandbox

CONTACT = "/cgi-bin/externalcontact"


@pytest.fixture
def wecom(sandbox: Sandbox, in_riverside: Hospital) -> Account:
    open_windows()
    return make_account(in_riverside, base_url=sandbox.wecom_url)


def bind(staff: Staff, userid: str) -> Staff:
    with scope(staff.hospital_id):
        Staff.objects.filter(pk=staff.pk).update(wecom_userid=userid)
        staff.refresh_from_db()
    return staff


@pytest.fixture
def doctor(zhou: Staff) -> Staff:
    return bind(zhou, "DrLi")


@pytest.fixture
def nurse(lin: Staff) -> Staff:
    return bind(lin, "ZhouMin")


@pytest.fixture
def code(wecom: Account, doctor: Staff) -> LiveCode:
    made = make_code(wecom, doctor)
    keep(wecom)
    made.refresh_from_db()
    return made


def make_code(account: Account, staff: Staff) -> LiveCode:
    by = SystemActor(account.hospital_id)
    return actions.create_live_code(account, "李医生", staff=staff, by=by)


def keep(account: Account) -> None:
    jobs.keep_live_codes.for_hospital(account.hospital_id)  # type: ignore[attr-defined]


def read(account: Account) -> None:
    jobs.read_live_codes.for_hospital(account.hospital_id)  # type: ignore[attr-defined]


def change(code: LiveCode, *people: Staff, name: str = "李医生", caps: int = 0) -> LiveCode:
    roster = tuple(RosterLine(one, daily_cap=caps) for one in people)
    by = SystemActor(code.hospital_id)
    seen = LiveCode.objects.get(pk=code.pk).revision
    return actions.change_live_code(code, CodeContent(name, roster=roster), seen=seen, by=by)


def ways(sandbox: Sandbox) -> dict[str, Any]:
    found: dict[str, Any] = sandbox.state()["corps"][CORP_ID]["contact_ways"]
    return found


def body_of(sandbox: Sandbox) -> dict[str, Any]:
    (way,) = ways(sandbox).values()
    body: dict[str, Any] = way["body"]
    return body


def calls(sandbox: Sandbox, name: str) -> int:
    counts = sandbox.state()["counts"]
    return int(counts.get(f"{CONTACT}/{name}", {"calls": 0})["calls"])


def ask(account: Account, name: str, **body: Any) -> None:
    """Do something at the provider behind our back, as an administrator's script would."""
    facts = load_facts(account.hospital_id, account.pk)

    async def work(provider: Provider) -> None:
        await provider.post(f"{CONTACT}/{name}", body)

    run_with(facts, work)


def wait_over(code: LiveCode, **fields: Any) -> None:
    """Let the time pass that the code waits for."""
    LiveCode.objects.filter(pk=code.pk).update(**({"next_try_at": None} | fields))


def test_a_change_reaches_the_provider_once(
    sandbox: Sandbox, wecom: Account, code: LiveCode, doctor: Staff, nurse: Staff
) -> None:
    change(code, doctor, nurse, name="心内科")

    keep(wecom)
    keep(wecom)

    body = body_of(sandbox)
    assert (sorted(body["user"]), body["remark"]) == (["DrLi", "ZhouMin"], "心内科")
    assert (body["state"], body["skip_verify"]) == (code.state_key, True)
    assert calls(sandbox, "update_contact_way") == 1
    assert Event.objects.get(name="live_code.updated").data["members"] == 2


def test_a_remark_says_nothing_of_an_illness(
    sandbox: Sandbox, wecom: Account, code: LiveCode, doctor: Staff
) -> None:
    change(code, doctor, name="糖尿病随访")

    keep(wecom)

    assert body_of(sandbox)["remark"] == code.state_key


def test_nothing_is_said_while_nothing_differs(
    sandbox: Sandbox, wecom: Account, code: LiveCode
) -> None:
    keep(wecom)

    assert calls(sandbox, "update_contact_way") == 0
    assert calls(sandbox, "add_contact_way") == 1


def test_a_member_who_leaves_goes_out_of_the_way(
    sandbox: Sandbox, wecom: Account, code: LiveCode, doctor: Staff, nurse: Staff
) -> None:
    change(code, doctor, nurse)
    keep(wecom)
    Staff.objects.filter(pk=doctor.pk).update(is_active=False)

    keep(wecom)

    assert body_of(sandbox)["user"] == ["ZhouMin"]


def test_who_is_full_for_today_goes_out_until_tomorrow(
    sandbox: Sandbox, wecom: Account, code: LiveCode, doctor: Staff, nurse: Staff
) -> None:
    roster = (RosterLine(doctor, daily_cap=1), RosterLine(nurse))
    by = SystemActor(code.hospital_id)
    actions.change_live_code(code, CodeContent("李医生", roster=roster), seen=1, by=by)
    keep(wecom)
    sandbox.person_does("wang", "scan", code=code.state_key)
    synchronising.sync_now(wecom.hospital_id, wecom.pk)

    keep(wecom)

    assert body_of(sandbox)["user"] == ["ZhouMin"]
    fresh = queries.find_live_code(code.hospital_id, code.pk)
    assert fresh is not None
    tomorrow = time.now() + timedelta(days=1)
    found = queries.answering_of(code.hospital_id, [fresh], tomorrow)[code.pk]
    assert [one.userid for one in found.members] == ["DrLi", "ZhouMin"]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("api_busy", "provider_busy"),
        ("api_rate_limited", "rate_limited"),
        ("api_garbage", "provider_garbage"),
    ],
)
def test_a_bad_day_of_the_provider_ends_in_a_later_try(
    sandbox: Sandbox,
    wecom: Account,
    code: LiveCode,
    doctor: Staff,
    nurse: Staff,
    fault: str,
    reason: str,
) -> None:
    change(code, doctor, nurse)
    sandbox.add_fault(fault, path=f"{CONTACT}/update_contact_way", count=None)

    keep(wecom)
    before = calls(sandbox, "update_contact_way")
    keep(wecom)

    code.refresh_from_db()
    assert (code.failure_code, code.leased_until) == (reason, None)
    assert code.next_try_at is not None
    assert calls(sandbox, "update_contact_way") == before
    sandbox.answer("DELETE", f"/control/faults/{fault}", None)
    open_windows()
    wait_over(code)
    keep(wecom)
    assert sorted(body_of(sandbox)["user"]) == ["DrLi", "ZhouMin"]
    code.refresh_from_db()
    assert code.failure_code == ""


def test_silence_about_a_new_code_is_no_reason_to_make_two(
    sandbox: Sandbox, wecom: Account, doctor: Staff
) -> None:
    code = make_code(wecom, doctor)
    sandbox.add_fault("api_garbage", path=f"{CONTACT}/add_contact_way", count=1)
    keep(wecom)
    code.refresh_from_db()
    assert (code.state, code.failure_code) == ("making", "outcome_unknown")
    assert code.asked_at is not None

    wait_over(code)
    keep(wecom)

    assert LiveCode.objects.filter(pk=code.pk, state="ready", asked_at=None).exists()
    assert len(ways(sandbox)) == 1


def make_and_die(code: LiveCode) -> str:
    """Have the code made by a worker that dies before it can say so; returns its config id."""
    claim = actions.claim_code(code)
    assert claim is not None
    facts = load_facts(code.hospital_id, code.account_id)

    async def work(provider: Provider) -> ContactWay:
        return await contact_ways.add_contact_way(provider, claim.content)

    return run_with(facts, work).config_id


def test_what_a_dead_worker_made_is_found_again(
    sandbox: Sandbox, wecom: Account, doctor: Staff
) -> None:
    code = make_code(wecom, doctor)
    config_id = make_and_die(code)
    keep(wecom)
    code.refresh_from_db()
    assert code.state == "making"

    wait_over(code, leased_until=time.now())
    keep(wecom)

    code.refresh_from_db()
    assert (code.state, code.config_id) == ("ready", config_id)
    assert list(ways(sandbox)) == [config_id]


def test_who_lost_the_lease_settles_nothing(wecom: Account, code: LiveCode, nurse: Staff) -> None:
    change(code, nurse)
    slow = actions.claim_code(code)
    assert slow is not None
    assert actions.claim_code(code) is None
    wait_over(code, leased_until=time.now())
    fast = actions.claim_code(code)
    assert fast is not None

    actions.settle_updated(slow)

    code.refresh_from_db()
    assert code.leased_until == fast.lease
    assert code.confirmed["userids"] == ["DrLi"]


def test_what_somebody_changed_at_the_provider_is_set_back(
    sandbox: Sandbox, wecom: Account, code: LiveCode
) -> None:
    ask(wecom, "update_contact_way", config_id=code.config_id, user=["ZhouMin"], remark="别的")
    wait_over(code, read_at=time.now() - timedelta(days=2))

    read(wecom)
    keep(wecom)

    assert (body_of(sandbox)["user"], body_of(sandbox)["remark"]) == (["DrLi"], "李医生")
    code.refresh_from_db()
    assert code.finding == "drifted"
    event = Event.objects.get(name="live_code.drifted")
    assert sorted(event.data["fields"]) == ["remark", "userids"]


@pytest.mark.parametrize("is_found_by_reading", [True, False])
def test_what_somebody_deleted_at_the_provider_is_made_anew(
    *,
    sandbox: Sandbox,
    wecom: Account,
    code: LiveCode,
    nurse: Staff,
    is_found_by_reading: bool,
) -> None:
    old = code.config_id
    ask(wecom, "del_contact_way", config_id=old)
    if is_found_by_reading:
        wait_over(code, read_at=time.now() - timedelta(days=2))
        read(wecom)
    else:
        change(code, nurse)
        keep(wecom)

    keep(wecom)

    code.refresh_from_db()
    assert code.config_id not in ("", old)
    assert list(ways(sandbox)) == [code.config_id]
    assert (code.state, code.finding) == ("ready", "lost")
    assert Event.objects.filter(name="live_code.lost").count() == 1


def test_the_provider_is_not_read_again_the_same_day(
    sandbox: Sandbox, wecom: Account, code: LiveCode
) -> None:
    read(wecom)

    assert calls(sandbox, "get_contact_way") == 0


def test_a_closed_code_is_closed_at_the_provider_and_comes_back_as_a_new_one(
    sandbox: Sandbox, wecom: Account, code: LiveCode, admin: Staff
) -> None:
    old = code.config_id
    closed = actions.close_live_code(code, seen=1, by=admin)
    keep(wecom)
    keep(wecom)
    assert ways(sandbox) == {}
    assert calls(sandbox, "del_contact_way") == 1
    closed.refresh_from_db()
    assert (closed.config_id, closed.qr_url) == ("", "")

    actions.reopen_live_code(closed, seen=2, by=admin)
    keep(wecom)

    (config_id,) = ways(sandbox)
    assert config_id != old
    assert body_of(sandbox)["state"] == code.state_key


def test_closing_what_is_gone_already_is_done(
    sandbox: Sandbox, wecom: Account, code: LiveCode, admin: Staff
) -> None:
    ask(wecom, "del_contact_way", config_id=code.config_id)
    actions.close_live_code(code, seen=1, by=admin)

    keep(wecom)

    code.refresh_from_db()
    assert (code.config_id, code.failure_code) == ("", "")


def test_a_code_closed_while_nobody_knew_whether_it_exists_leaves_nothing(
    sandbox: Sandbox, wecom: Account, doctor: Staff, admin: Staff
) -> None:
    code = make_code(wecom, doctor)
    make_and_die(code)
    actions.close_live_code(code, seen=1, by=admin)
    wait_over(code, leased_until=time.now())

    keep(wecom)

    assert ways(sandbox) == {}
    code.refresh_from_db()
    assert code.asked_at is None


def test_a_code_made_for_one_keeps_one(
    sandbox: Sandbox, wecom: Account, code: LiveCode, doctor: Staff, nurse: Staff
) -> None:
    """Codes of the time before rosters were made for one person; the provider holds them to it."""
    ask(
        wecom,
        "add_contact_way",
        type=1,
        scene=2,
        user=["DrLi"],
        state=code.state_key,
    )
    ask(wecom, "del_contact_way", config_id=code.config_id)
    (config_id,) = ways(sandbox)
    wait_over(code, config_id=config_id, read_at=None)
    read(wecom)
    change(code, nurse, doctor)

    keep(wecom)

    code.refresh_from_db()
    assert code.is_single
    assert body_of(sandbox)["user"] == ["ZhouMin"]


def test_a_temporary_code_ends_here_and_at_the_provider(
    sandbox: Sandbox, wecom: Account, doctor: Staff
) -> None:
    by = SystemActor(wecom.hospital_id)
    words = "这个码已到期。需要帮助请拨打医院总机，急症请拨 120。"
    code = actions.create_live_code(wecom, "床旁", by=by, staff=doctor, days=3, closing_text=words)
    keep(wecom)

    body = body_of(sandbox)
    assert body["is_temp"] is True
    assert timedelta(days=3, minutes=-10) < timedelta(seconds=body["expires_in"])
    assert body["chat_expires_in"] == body["expires_in"] <= 3 * 24 * 3600
    assert body["conclusions"]["text"]["content"] == words
    with time_machine.travel(time.now() + timedelta(days=3, minutes=1)):
        keep(wecom)
        keep(wecom)
        code.refresh_from_db()
        assert (code.is_active, code.config_id, ways(sandbox)) == (False, "", {})
        with pytest.raises(RefusedError):
            actions.reopen_live_code(code, seen=code.revision, by=by)
    assert Event.objects.filter(name="live_code.ended", subject_id=code.pk).count() == 1


@pytest.mark.parametrize(("kind", "days"), [("wecom", 15), ("official_account", 3)])
def test_what_the_provider_has_no_temporary_code_for_is_refused(
    in_riverside: Hospital, doctor: Staff, kind: str, days: int
) -> None:
    account = make_account(in_riverside, kind)
    by = SystemActor(in_riverside.pk)
    with pytest.raises(RefusedError):
        actions.create_live_code(account, "床旁", by=by, staff=doctor, days=days)
    assert not LiveCode.objects.exists()
