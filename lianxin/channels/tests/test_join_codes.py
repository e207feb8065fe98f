"""Codes that lead into groups, welcomes for groups, and groups that change owners."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from lianxin.channels import actions, group_kit, printing, queries, synchronising
from lianxin.channels.actions import JoinCodeContent
from lianxin.channels.adapters.base import Attachment
from lianxin.channels.adapters.pictures import read_code
from lianxin.channels.models import (
    Account,
    Group,
    GroupDay,
    GroupMember,
    GroupTransfer,
    GroupWelcome,
    JoinCode,
    JoinCodeGroup,
    Media,
)
from lianxin.channels.printing import Print
from lianxin.channels.tests.test_groups import compare, does, look, make_group
from lianxin.channels.tests.test_translate import translate
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.errors import RefusedError
from lianxin.core.models import Event, Hospital
from lianxin.staff.models import Staff
from lianxin.testing.channels import (
    CORP_ID,
    PNG,
    group_xml,
    make_account,
    make_address,
    make_file,
    open_windows,
)
from lianxin.testing.jobs import run_periodic
from lianxin.testing.processes import Sandbox
from lianxin.testing.staff import make_staff

ADD = "/cgi-bin/externalcontact/groupchat/add_join_way"
JOBS = "lianxin.channels.jobs"


@pytest.fixture
def wecom(sandbox: Sandbox, in_riverside: Hospital) -> Account:
    open_windows()
    return make_account(in_riverside, base_url=sandbox.wecom_url)


@pytest.fixture
def group(sandbox: Sandbox, wecom: Account) -> Group:
    make_group(sandbox, "院外 1 群")
    compare(wecom)
    return Group.objects.get()


def keep(account: Account, times: int = 2) -> None:
    """Run the job as often as steps follow each other: made, then read."""
    for _time in range(times):
        run_periodic(JOBS, "keep_join_codes", account.hospital_id)


def system(account: Account) -> SystemActor:
    return SystemActor(account.hospital_id)


def make_code(group: Group, **more: object) -> JoinCode:
    content = JoinCodeContent("院外群", (group,), base_name="院外 ", base_number=2)
    for name, value in more.items():
        object.__setattr__(content, name, value)
    return actions.create_join_code(group.account, content, by=system(group.account))


def made_code(group: Group, **more: object) -> JoinCode:
    code = make_code(group, **more)
    keep(group.account)
    code.refresh_from_db()
    assert code.state == "ready", code.failure_code
    return code


def ways(sandbox: Sandbox) -> dict[str, dict[str, dict[str, object]]]:
    return dict(sandbox.state()["corps"][CORP_ID]["groups"]["join_ways"])


# ---- codes --------------------------------------------------------------------------------


def test_a_code_is_made_read_and_brings_people_into_the_group(
    sandbox: Sandbox, group: Group
) -> None:
    address = make_address(group.account, sandbox.external_id("wang", CORP_ID))
    code = made_code(group)

    assert code.qr_url.endswith(f"/qr/join/{code.config_id}.svg")
    run_periodic(JOBS, "read_code_pictures", group.hospital_id)
    code.refresh_from_db()
    assert code.qr_content.endswith(code.config_id)
    # What is printed says the same as the provider's picture.
    printed = read_code(printing.draw_png(Print(code)))
    sandbox.person_does("wang", "scan", code=printed)
    translate(group.account, group_xml("create", chat_id=group.chat_id))
    look(group.account)

    member = GroupMember.objects.get(address=address)
    assert (member.join_code, member.join_scene) == (code, 3)
    assert queries.count_by_join_code([code.pk]) == {code.pk: (1, 1)}
    assert Event.objects.get(name="group.joined").data["join_code_id"] == code.pk


def test_a_code_that_rolls_over_keeps_the_new_group_and_the_next_number(
    sandbox: Sandbox, group: Group
) -> None:
    sandbox.put(f"/control/corps/{CORP_ID}", {"group_size_limit": 1})
    code = made_code(group)
    new = sandbox.person_does("wang", "scan", code=code.qr_url)["chat_id"]

    translate(group.account, group_xml("create", chat_id=new))
    keep(group.account)
    look(group.account)

    code.refresh_from_db()
    lines = JoinCodeGroup.objects.filter(join_code=code).order_by("id")
    assert [(line.group.chat_id, line.is_made) for line in lines] == [
        (group.chat_id, False),
        (new, True),
    ]
    assert (code.base_number, code.finding) == (3, "")
    assert queries.details_of(Group.objects.get(chat_id=new)).name == "院外 2"
    [way] = ways(sandbox).values()
    assert way["body"]["room_base_id"] == 3
    assert queries.list_join_codes_to_keep(group.hospital_id, time.now()) == []


def test_what_somebody_changed_elsewhere_is_set_back_and_said(
    sandbox: Sandbox, group: Group
) -> None:
    code = made_code(group)
    token = synchronising_token(sandbox)
    path = "/wecom/cgi-bin/externalcontact/groupchat/update_join_way"
    body = {"config_id": code.config_id, "scene": 2, "chat_id_list": [group.chat_id]}
    sandbox.client.post(path, params={"access_token": token}, json=body)

    with time_machine.travel(time.now() + timedelta(days=2), tick=False):
        keep(group.account)

    code.refresh_from_db()
    assert code.finding == "drifted"
    [way] = ways(sandbox).values()
    assert way["body"]["state"] == code.state_key


def synchronising_token(sandbox: Sandbox) -> str:
    query = {"corpid": CORP_ID, "corpsecret": "app-secret"}
    answer = sandbox.client.get("/wecom/cgi-bin/gettoken", params=query).json()
    return str(answer["access_token"])


def test_a_way_that_is_gone_is_made_anew(sandbox: Sandbox, group: Group) -> None:
    code = made_code(group)
    token = synchronising_token(sandbox)
    path = "/wecom/cgi-bin/externalcontact/groupchat/del_join_way"
    sandbox.client.post(path, params={"access_token": token}, json={"config_id": code.config_id})

    with time_machine.travel(time.now() + timedelta(days=2), tick=False):
        keep(group.account, 3)

    fresh = JoinCode.objects.get()
    assert (fresh.finding, fresh.state) == ("lost", "ready")
    assert fresh.config_id != code.config_id


def test_closing_takes_the_way_back(sandbox: Sandbox, group: Group) -> None:
    code = made_code(group)

    actions.close_join_code(code, seen=1, by=system(group.account))
    keep(group.account)

    assert ways(sandbox) == {}
    with pytest.raises(RefusedError, match="刚才有同事改过"):
        actions.close_join_code(code, seen=1, by=system(group.account))


def test_an_answer_that_was_lost_leaves_one_code_that_works(sandbox: Sandbox, group: Group) -> None:
    fault = {"kind": "api_answer_lost", "path": ADD, "count": 1}
    sandbox.put("/control/settings", {"timeout_seconds": 0.1})
    sandbox.post("/control/faults", fault)
    code = make_code(group)

    keep(group.account)
    code.refresh_from_db()
    assert (code.state, code.failure_code) == ("making", "outcome_unknown")
    with time_machine.travel(time.now() + timedelta(minutes=2), tick=False):
        keep(group.account)

    code.refresh_from_db()
    assert (code.state, code.config_id in ways(sandbox)) == ("ready", True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "糖友控糖尿病群"}, "透露病情"),
        ({"base_name": "化疗交流"}, "透露病情"),
        ({"groups": ()}, "1 到 5"),
        ({"base_name": ""}, "前缀"),
    ],
)
def test_a_code_that_would_say_too_much_or_lead_nowhere_is_refused(
    group: Group, change: dict[str, object], words: str
) -> None:
    with pytest.raises(RefusedError, match=words):
        make_code(group, **change)


# ---- welcomes -----------------------------------------------------------------------------


def test_a_welcome_is_made_changed_and_deleted(sandbox: Sandbox, wecom: Account) -> None:
    welcome = actions.create_group_welcome(wecom, "%NICKNAME%，欢迎入群", by=system(wecom))
    keep(wecom, 1)
    welcome.refresh_from_db()
    actions.change_group_welcome(welcome, "%NICKNAME%，您好", seen=1, by=system(wecom))
    keep(wecom, 1)

    stored = sandbox.state()["corps"][CORP_ID]["groups"]["welcomes"]
    assert stored[welcome.template_id]["body"]["text"]["content"] == "%NICKNAME%，您好"
    assert sandbox.state()["corps"][CORP_ID]["staff_messages"] == []
    actions.remove_group_welcome(welcome, by=system(wecom))
    keep(wecom, 1)
    assert sandbox.state()["corps"][CORP_ID]["groups"]["welcomes"] == {}
    assert GroupWelcome.objects.get().state == "removed"


def test_a_welcome_carries_one_thing_and_tells_when_it_changes(
    sandbox: Sandbox, wecom: Account, in_riverside: Hospital
) -> None:
    files = [make_file(in_riverside, PNG + b"1"), make_file(in_riverside, PNG + b"2")]
    one, other = (Attachment("image", file=file.sha256) for file in files)
    by = system(wecom)
    with pytest.raises(RefusedError, match="只能带 1 个"):
        actions.create_group_welcome(wecom, "欢迎", attachments=[one, other], by=by)
    welcome = actions.create_group_welcome(wecom, "欢迎", attachments=[one], by=by)
    keep(wecom, 1)
    welcome.refresh_from_db()

    def stored() -> dict[str, Any]:
        body: dict[str, Any] = sandbox.state()["corps"][CORP_ID]["groups"]["welcomes"]
        return dict(body[welcome.template_id]["body"])

    first = stored()["image"]["media_id"]
    assert welcome.is_confirmed
    actions.change_group_welcome(welcome, "欢迎", attachments=[other], seen=1, by=by)
    Media.objects.update(media_id="never-was")
    keep(wecom, 1)
    assert stored()["image"]["media_id"] not in {first, "never-was"}
    welcome.refresh_from_db()
    actions.change_group_welcome(welcome, "欢迎", seen=2, by=by)
    keep(wecom, 1)
    assert stored() == {"text": {"content": "欢迎"}}


def test_a_welcome_is_guarded_and_counted_in_bytes(wecom: Account) -> None:
    with pytest.raises(RefusedError, match="3000"):
        actions.create_group_welcome(wecom, "好" * 1001, by=system(wecom))
    with pytest.raises(RefusedError, match="不能发给患者"):
        actions.create_group_welcome(wecom, "入群包治百病，保证根治", by=system(wecom))


def test_what_the_kit_prepares_passes_the_guard(wecom: Account) -> None:
    kit = group_kit.load_kit()
    texts = [kit.notice, *(one.answer for one in kit.keywords)]
    for text in texts:
        actions.create_group_welcome(wecom, text, by=system(wecom))

    assert GroupWelcome.objects.count() == len(texts)


# ---- owners -------------------------------------------------------------------------------


def staff_of(hospital: Hospital, userid: str) -> Staff:
    staff = make_staff(hospital, role=Staff.Role.NURSE)
    Staff.objects.filter(pk=staff.pk).update(wecom_userid=userid)
    staff.refresh_from_db()
    return staff


def hand_over(account: Account, times: int = 1) -> None:
    for _time in range(times):
        run_periodic(JOBS, "make_group_transfers", account.hospital_id)


def test_a_group_changes_hands_on_the_job(sandbox: Sandbox, group: Group) -> None:
    zhou = staff_of(group.hospital, "ZhouMin")
    transfer = actions.request_group_transfer(group, zhou, by=system(group.account))
    with pytest.raises(RefusedError, match="正在移交"):
        actions.request_group_transfer(group, zhou, by=system(group.account))

    hand_over(group.account)
    look(group.account)

    transfer.refresh_from_db()
    group.refresh_from_db()
    assert (transfer.kind, transfer.state) == ("on_job", "done")
    assert (group.owner_userid, group.owner) == ("ZhouMin", zhou)


def test_the_way_is_changed_when_the_provider_knows_that_the_owner_left(
    sandbox: Sandbox, group: Group
) -> None:
    zhou = staff_of(group.hospital, "ZhouMin")
    does(sandbox, "leave")
    transfer = actions.request_group_transfer(group, zhou, by=system(group.account))
    assert transfer.kind == "on_job"  # our list is a day old

    hand_over(group.account, 2)

    transfer.refresh_from_db()
    assert (transfer.kind, transfer.state) == ("left", "done")


def test_of_several_groups_one_may_fail_with_its_own_words(sandbox: Sandbox, group: Group) -> None:
    gone_id = make_group(sandbox, "另一群")
    compare(group.account)
    gone = Group.objects.get(chat_id=gone_id)
    zhou = staff_of(group.hospital, "ZhouMin")
    does(sandbox, "group-dismiss", chat_id=gone_id)
    for one in (group, gone):
        actions.request_group_transfer(one, zhou, by=system(group.account))

    hand_over(group.account)

    calls = sandbox.state()["counts"]["/cgi-bin/externalcontact/groupchat/onjob_transfer"]
    assert calls["calls"] == 1
    states = dict(GroupTransfer.objects.values_list("group_id", "state"))
    assert states == {group.pk: "done", gone.pk: "failed"}
    assert GroupTransfer.objects.get(group=gone).failure_code == "group_gone"


def test_silence_is_answered_by_the_group_itself(sandbox: Sandbox, group: Group) -> None:
    zhou = staff_of(group.hospital, "ZhouMin")
    sandbox.put("/control/settings", {"timeout_seconds": 0.1})
    path = "/cgi-bin/externalcontact/groupchat/onjob_transfer"
    sandbox.post("/control/faults", {"kind": "api_answer_lost", "path": path, "count": 1})
    transfer = actions.request_group_transfer(group, zhou, by=system(group.account))
    with time_machine.travel(time.now() + timedelta(minutes=1), tick=False):
        hand_over(group.account)
    transfer.refresh_from_db()
    assert (transfer.state, transfer.failure_code) == ("open", "outcome_unknown")

    for minutes in (3, 5):
        with time_machine.travel(time.now() + timedelta(minutes=minutes), tick=False):
            hand_over(group.account)
            look(group.account)
    with time_machine.travel(time.now() + timedelta(minutes=9), tick=False):
        hand_over(group.account)

    transfer.refresh_from_db()
    assert transfer.state == "done"
    assert sandbox.state()["counts"][path]["calls"] == 1


def test_a_leavers_groups_beyond_the_days_number_wait(group: Group) -> None:
    zhou = staff_of(group.hospital, "ZhouMin")
    Group.objects.filter(pk=group.pk).update(status=1)
    group.refresh_from_db()
    first = actions.request_group_transfer(group, zhou, by=system(group.account))
    GroupTransfer.objects.filter(pk=first.pk).update(state="done", asked_at=time.now())
    copies = [GroupTransfer(**first_row(first)) for _number in range(299)]
    GroupTransfer.objects.bulk_create(copies)
    again = actions.request_group_transfer(group, zhou, by=system(group.account))

    hand_over(group.account)

    again.refresh_from_db()
    assert (again.state, again.failure_code) == ("open", "day_quota_full")
    assert again.next_try_at is not None


def first_row(transfer: GroupTransfer) -> dict[str, object]:
    names = ("hospital_id", "account_id", "group_id", "kind", "from_userid", "to_id")
    same = {name: getattr(transfer, name) for name in names}
    return same | {"state": "done", "asked_at": time.now(), "requested_at": time.now()}


# ---- the provider's count -----------------------------------------------------------------


def test_the_days_are_counted_by_owner_and_each_once(sandbox: Sandbox, group: Group) -> None:
    does(sandbox, "group-write", chat_id=group.chat_id, text="大家好")
    sandbox.post("/control/clock", {"add_seconds": 2 * 86400})
    with time_machine.travel(time.now() + timedelta(days=2), tick=False):
        synchronising.count_group_days(group.account)
        synchronising.count_group_days(group.account)

    days = GroupDay.objects.order_by("day")
    assert {day.owner_userid for day in days} == {"DrLi"}
    assert days.count() == 30
    last = days[29]
    assert (last.group_count, last.member_count, last.message_count) == (1, 1, 1)
    path = "/cgi-bin/externalcontact/groupchat/statistic_group_by_day"
    assert sandbox.state()["counts"][path]["calls"] == 1
