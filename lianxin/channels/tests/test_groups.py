"""Customer groups: told by callbacks, seen by looks, compared with the list."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from lianxin.channels import actions, jobs, queries
from lianxin.channels.actions import group_syncs, groups
from lianxin.channels.adapters.wecom.groups import SeenGroup, SeenMember
from lianxin.channels.models import Account, Address, Group, GroupMember, GroupSync
from lianxin.channels.tests.test_translate import translate
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import Event, Hospital
from lianxin.testing.channels import CORP_ID, group_xml, make_account, make_address, open_windows
from lianxin.testing.jobs import run_jobs, run_periodic
from lianxin.testing.processes import Sandbox

GET = "/cgi-bin/externalcontact/groupchat/get"
LIST = "/cgi-bin/externalcontact/groupchat/list"
MEMBERS = f"/control/corps/{CORP_ID}/members"


@pytest.fixture
def wecom(sandbox: Sandbox, in_riverside: Hospital) -> Account:
    open_windows()
    return make_account(in_riverside, base_url=sandbox.wecom_url)


def does(sandbox: Sandbox, verb: str, userid: str = "DrLi", **data: object) -> dict[str, str]:
    return dict(sandbox.post(f"{MEMBERS}/{userid}/{verb}", data))


def make_group(sandbox: Sandbox, name: str = "院外交流群", *persons: str) -> str:
    return str(does(sandbox, "group-create", name=name, persons=list(persons))["chat_id"])


def compare(account: Account) -> GroupSync:
    """Compare with the list, then look at what it asked for."""
    sync = actions.request_group_sync(account, by=SystemActor(account.hospital_id))
    run_periodic("lianxin.channels.jobs", "keep_group_syncs", account.hospital_id)
    run_jobs()
    look(account)
    sync.refresh_from_db()
    return sync


def look(account: Account) -> None:
    later = time.now() + timedelta(seconds=5)
    with time_machine.travel(later, tick=False):
        run_periodic("lianxin.channels.jobs", "read_groups", account.hospital_id)


def present(group: Group) -> set[str]:
    return set(queries.list_present(group).values_list("member_id", flat=True))


def told(name: str) -> list[Event]:
    return list(Event.objects.filter(name=name).order_by("at", "id"))


def test_the_list_finds_groups_and_a_look_tells_who_is_in_them(
    sandbox: Sandbox, wecom: Account
) -> None:
    address = make_address(wecom, sandbox.external_id("wang", CORP_ID))
    chat_id = make_group(sandbox, "糖尿病群", "wang")
    does(sandbox, "group-notice", chat_id=chat_id, text="群内不看病、不急救，急症拨打 120")

    sync = compare(wecom)

    group = Group.objects.get()
    assert (sync.state, sync.seen_count, sync.found_count) == ("done", 1, 1)
    assert (group.owner_userid, group.chat_id) == ("DrLi", chat_id)
    assert queries.details_of(group).name == "糖尿病群"
    assert (group.has_illness_name, group.has_safety_notice) == (True, True)
    outside = GroupMember.objects.get(kind="outside")
    assert (outside.address, outside.join_scene) == (address, 1)
    [joined] = told("group.joined")
    assert (joined.subject_id, joined.data["group_id"]) == (address.pk, group.pk)
    assert "糖尿病" not in str([one.data for one in Event.objects.all()])


def test_comparing_again_changes_nothing_and_asks_for_no_group(
    sandbox: Sandbox, wecom: Account
) -> None:
    make_group(sandbox, "一群", "wang")
    compare(wecom)
    before = Event.objects.filter(name__startswith="group.").count()

    compare(wecom)

    assert sandbox.state()["counts"][GET]["calls"] == 1
    assert Event.objects.filter(name__startswith="group.").count() == before


def test_a_long_list_is_taken_in_by_pages_from_the_stored_cursor(
    sandbox: Sandbox, wecom: Account
) -> None:
    for number in range(3):
        make_group(sandbox, f"{number}群")
    sync = actions.request_group_sync(wecom, by=SystemActor(wecom.hospital_id))
    slow = group_syncs.claim_group_sync(wecom.hospital_id, sync.pk)
    assert slow is not None
    assert group_syncs.claim_group_sync(wecom.hospital_id, sync.pk) is None
    # The worker died after a page that ended at 2; the next one goes on there.
    GroupSync.objects.filter(pk=sync.pk).update(cursor="2", leased_until=None)

    compare(wecom)

    assert Group.objects.count() == 1
    assert group_syncs.restart_list(slow) is None


def test_a_dead_cursor_and_a_large_corp_begin_anew(sandbox: Sandbox, wecom: Account) -> None:
    make_group(sandbox)
    sync = actions.request_group_sync(wecom, by=SystemActor(wecom.hospital_id))
    GroupSync.objects.filter(pk=sync.pk).update(cursor="nonsense")
    members = [{"userid": f"m{n}", "name": f"员工{n}"} for n in range(1000)]
    sandbox.put(f"/control/corps/{CORP_ID}", {"members": members})

    compare(wecom)

    errors = sandbox.state()["counts"][LIST]["errors"]
    assert set(errors) <= {"50100", "81017"}
    assert errors["81017"] == 1
    sync.refresh_from_db()
    assert (sync.state, len(sync.owners), Group.objects.count()) == ("done", 1002, 1)


def test_a_group_that_the_list_no_longer_has_is_looked_at_and_ended(
    sandbox: Sandbox, wecom: Account
) -> None:
    make_address(wecom, sandbox.external_id("wang", CORP_ID))
    chat_id = make_group(sandbox, "一群", "wang")
    compare(wecom)
    does(sandbox, "group-dismiss", chat_id=chat_id)

    with time_machine.travel(time.now() + timedelta(minutes=5), tick=False):
        compare(wecom)

    group = Group.objects.get()
    assert group.dismissed_at is not None
    assert present(group) == set()
    assert told("group.left")[0].data["how"] == "dismissed"


# ---- events -------------------------------------------------------------------------------


def read_group(wecom: Account, sandbox: Sandbox, *persons: str) -> Group:
    make_group(sandbox, "一群", *persons)
    compare(wecom)
    return Group.objects.get()


def xml(group: Group, detail: str, person: str, current: str, **scene: int) -> str:
    versions = (group.member_version, current)
    return group_xml(
        detail=detail, chat_id=group.chat_id, ids=(person,), versions=versions, scene=scene
    )


def test_an_event_that_begins_where_we_stand_is_counted_without_asking(
    sandbox: Sandbox, wecom: Account
) -> None:
    group = read_group(wecom, sandbox)
    address = make_address(wecom, f"wm{'p' * 30}")

    # 1 is no scene that anybody has described.
    translate(wecom, xml(group, "add_member", address.external_id, "v2", JoinScene=1))

    group.refresh_from_db()
    assert group.member_version == "v2"
    member = GroupMember.objects.get(address=address)
    assert (member.told_join_scene, member.join_scene, member.left_at) == (1, None, None)
    translate(wecom, xml(group, "del_member", address.external_id, "v3", QuitScene=1))
    member.refresh_from_db()
    assert member.left_at is not None
    assert [one.data.get("how") for one in told("group.left")] == ["by_staff"]
    assert sandbox.state()["counts"][GET]["calls"] == 1


def test_the_same_event_twice_and_a_late_one_count_once(sandbox: Sandbox, wecom: Account) -> None:
    group = read_group(wecom, sandbox)
    address = make_address(wecom, f"wm{'p' * 30}")
    came = xml(group, "add_member", address.external_id, "v2", JoinScene=3)

    translate(wecom, came)
    translate(wecom, came + " ")

    assert len(told("group.joined")) == 1
    stale = group_xml(
        detail="del_member",
        chat_id=group.chat_id,
        ids=(address.external_id,),
        versions=("v-older", "v-old"),
    )
    translate(wecom, stale)
    assert address.external_id in present(group)
    look(wecom)  # the provider never heard of this person
    assert address.external_id not in present(group)
    assert told("group.left")[0].data["how"] == "unseen"


def test_a_lost_callback_is_made_up_for_by_a_look(sandbox: Sandbox, wecom: Account) -> None:
    make_address(wecom, sandbox.external_id("wang", CORP_ID))
    group = read_group(wecom, sandbox)
    does(sandbox, "group-invite", chat_id=group.chat_id, person="wang")  # nobody told us
    does(sandbox, "group-rename", chat_id=group.chat_id, name="新名字")

    translate(wecom, group_xml(detail="change_name", chat_id=group.chat_id))
    run_periodic("lianxin.channels.jobs", "read_groups", wecom.hospital_id)
    assert queries.details_of(Group.objects.get()).name == "一群"  # it has not settled yet
    look(wecom)

    group = Group.objects.get()
    assert queries.details_of(group).name == "新名字"
    assert sandbox.external_id("wang", CORP_ID) in present(group)
    assert told("group.changed")[0].data["fields"] == ["name"]


def test_a_new_group_is_looked_at_and_an_ended_one_ends(sandbox: Sandbox, wecom: Account) -> None:
    chat_id = make_group(sandbox)
    translate(wecom, group_xml("create", chat_id=chat_id))
    look(wecom)
    assert Group.objects.get().owner_userid == "DrLi"

    translate(wecom, group_xml("dismiss", chat_id=chat_id))
    translate(wecom, group_xml("dismiss", chat_id=chat_id, created=1_790_000_001))

    assert len(told("group.dismissed")) == 1
    assert not queries.list_present(Group.objects.get()).exists()


def deliver(sandbox: Sandbox, account: Account) -> None:
    """Take in what the provider wrote about groups, in the order it wrote it, byte for byte."""
    log = sandbox.client.get("/control/log").json()["log"]
    told = [one["plain"] for one in log if one["name"] == "change_external_chat"]
    assert told
    translate(account, *told)


def test_what_the_provider_itself_writes_is_counted(sandbox: Sandbox, wecom: Account) -> None:
    address = make_address(wecom, sandbox.external_id("wang", CORP_ID))
    group = read_group(wecom, sandbox)
    does(sandbox, "group-invite", chat_id=group.chat_id, person="wang")
    sandbox.person_does("wang", "group-leave", corp_id=CORP_ID, chat_id=group.chat_id)
    does(sandbox, "group-invite", chat_id=group.chat_id, person="wang")

    deliver(sandbox, wecom)

    assert [one.data.get("told_scene") for one in told("group.joined")] == [0, 0]
    assert [one.data["how"] for one in told("group.left")] == ["by_patient"]
    assert address.external_id in present(group)
    # The versions fitted: it was counted from what was told, without asking.
    assert sandbox.state()["counts"][GET]["calls"] == 1


def test_who_comes_back_starts_anew_and_a_repeated_line_counts_once(
    sandbox: Sandbox, wecom: Account
) -> None:
    address = make_address(wecom, f"wm{'p' * 30}")
    group = read_group(wecom, sandbox)
    translate(wecom, xml(group, "add_member", address.external_id, "v2", JoinScene=3))
    group.refresh_from_db()
    translate(wecom, xml(group, "del_member", address.external_id, "v3", QuitScene=0))
    claim = groups.claim_look(due(group))
    assert claim is not None
    again = SeenMember(address.external_id, is_outside=True, joined_at=time.now(), join_scene=2)
    owner = SeenMember("DrLi", is_outside=False, joined_at=time.now())
    members = (owner, again, again)

    groups.settle_look(claim, SeenGroup("一群", "", "DrLi", time.now(), (), "v4", members))

    member = GroupMember.objects.get(address=address)
    assert (member.join_scene, member.told_join_scene, member.left_at) == (2, None, None)
    assert len(told("group.joined")) == 2


def due(group: Group) -> Group:
    Group.objects.filter(pk=group.pk).update(read_due_at=time.now())
    group.refresh_from_db()
    return group


def test_an_id_that_could_be_anybodys_is_left_to_a_look(sandbox: Sandbox, wecom: Account) -> None:
    group = read_group(wecom, sandbox)

    translate(wecom, xml(group, "add_member", "wongmei", "v2", JoinScene=0))

    assert "wongmei" not in present(group)
    group.refresh_from_db()
    assert group.read_due_at is not None


# ---- looks --------------------------------------------------------------------------------


def test_one_group_is_looked_at_by_one_worker(sandbox: Sandbox, wecom: Account) -> None:
    group = read_group(wecom, sandbox)
    actions.look_again(group, by=SystemActor(wecom.hospital_id))

    first = groups.claim_look(group)

    assert first is not None
    assert groups.claim_look(group) is None
    with time_machine.travel(time.now() + timedelta(minutes=3), tick=False):
        second = groups.claim_look(group)
        assert second is not None
        groups.settle_look(first, None)  # the slow one wakes up
    assert Group.objects.get().dismissed_at is None


def test_a_look_that_an_event_overtook_is_taken_again(sandbox: Sandbox, wecom: Account) -> None:
    group = read_group(wecom, sandbox)
    address = make_address(wecom, f"wm{'p' * 30}")
    actions.look_again(group, by=SystemActor(wecom.hospital_id))
    claim = groups.claim_look(group)
    assert claim is not None
    translate(wecom, xml(group, "add_member", address.external_id, "v2", JoinScene=3))
    owner = SeenMember("DrLi", is_outside=False, joined_at=time.now())
    old = SeenGroup("一群", "", "DrLi", time.now(), (), claim.group.member_version, (owner,))

    groups.settle_look(claim, old)

    assert address.external_id in present(group)
    assert Group.objects.get().member_version == "v2"
    assert Group.objects.get().read_due_at is not None


def test_a_busy_provider_is_asked_again_later(sandbox: Sandbox, wecom: Account) -> None:
    group = read_group(wecom, sandbox)
    sandbox.post("/control/faults", {"kind": "api_busy", "path": GET})
    actions.look_again(group, by=SystemActor(wecom.hospital_id))

    look(wecom)

    group.refresh_from_db()
    assert (group.failure_code, group.leased_until) == ("provider_busy", None)
    assert group.next_try_at is not None
    sandbox.client.delete("/control/faults/api_busy")
    with time_machine.travel(time.now() + timedelta(minutes=2), tick=False):
        look(wecom)
    group.refresh_from_db()
    assert (group.failure_code, group.read_due_at) == ("", None)


def test_who_is_erased_is_in_no_group(sandbox: Sandbox, wecom: Account) -> None:
    address = make_address(wecom, sandbox.external_id("wang", CORP_ID))
    group = read_group(wecom, sandbox, "wang")
    assert address.external_id in present(group)

    actions.forget_addresses(wecom.hospital_id, [address.pk], by=SystemActor(wecom.hospital_id))

    member = GroupMember.objects.get(address=Address.objects.get(pk=address.pk))
    assert sandbox.external_id("wang", CORP_ID) not in member.member_id
    assert member.left_at is not None


def test_comparing_by_hand_asks_for_groups_too(sandbox: Sandbox, wecom: Account) -> None:
    make_group(sandbox)

    jobs.reconcile_account(wecom)

    assert (GroupSync.objects.get().found_count, Group.objects.count()) == (1, 1)


def test_the_nightly_comparison_asks_for_groups_too(sandbox: Sandbox, wecom: Account) -> None:
    make_group(sandbox)

    jobs.reconcile.for_hospital(wecom.hospital_id)  # type: ignore[attr-defined]
    run_periodic("lianxin.channels.jobs", "keep_group_syncs", wecom.hospital_id)
    run_jobs()

    assert GroupSync.objects.get().state == "done"
