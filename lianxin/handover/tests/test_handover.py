"""From the word that somebody left to the last contact taken over; nothing is lost on the way."""

from __future__ import annotations

import pytest

from lianxin.channels import actions as channel_actions
from lianxin.channels import queries as channels
from lianxin.channels.actions.live_codes import RosterLine
from lianxin.channels.adapters.base import Inbound
from lianxin.channels.models import (
    Account,
    CodeMember,
    Group,
    GroupTransfer,
    MemberLeave,
    StaffNotice,
    Transfer,
)
from lianxin.conversations.models import Thread
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.core.models import Event, Hospital
from lianxin.handover import actions, queries, rules
from lianxin.handover.models import Handover
from lianxin.patients.models import Holder
from lianxin.staff.models import CareTeamMember, Staff
from lianxin.tasks.models import StaffTask
from lianxin.testing.channels import make_account, make_address
from lianxin.testing.conversations import make_thread
from lianxin.testing.jobs import run_jobs
from lianxin.testing.staff import make_staff, make_team
from lianxin.testing.tasks import make_task


@pytest.fixture
def wecom(in_riverside: Hospital) -> Account:
    return make_account(in_riverside)


@pytest.fixture
def leaver(wecom: Account) -> Staff:
    """Give somebody three people added."""
    leaver = make_staff(wecom.hospital, name="要走的护士")
    for _number in range(3):
        make_address(wecom, staff_userid=leaver.wecom_userid)
    return leaver


def tell_left(account: Account, staff: Staff) -> None:
    left = Inbound(
        event="member.left",
        arrival_key=f"unsubscribe:{staff.wecom_userid}",
        occurred_at=time.now(),
        kind="unsubscribe",
        staff_userid=staff.wecom_userid,
    )
    channel_actions.take_in(channels.facts_of(account), [left])


def settle(state: str) -> None:
    """Let the provider end every open transfer so, as the job would write it."""
    rows = Transfer.objects.filter(state__in=Transfer.OPEN)
    ids = list(rows.values_list("pk", flat=True))
    rows.update(state=state, settled_at=time.now())
    (hospital_id,) = set(Transfer.objects.values_list("hospital_id", flat=True))
    actions.follow_transfers(hospital_id, ids, by=SystemActor(hospital_id))


def counts(handover: Handover) -> dict[str, int]:
    return dict(queries.count_standings(queries.list_lines(handover)))


def test_a_word_from_wecom_opens_the_handover_and_tells_the_administrator(
    wecom: Account, leaver: Staff, admin: Staff
) -> None:
    tell_left(wecom, leaver)
    run_jobs()
    tell_left(wecom, leaver)
    run_jobs()

    handover = Handover.objects.get()
    assert (handover.staff, handover.kind, handover.opened_by) == (leaver, "leaving", None)
    assert counts(handover) == {rules.NOBODY: 3}
    notice = StaffNotice.objects.get()
    assert notice.staff == admin
    assert handover.key in notice.path
    assert leaver.name not in notice.text


def test_everything_of_a_leaver_becomes_somebodys(
    wecom: Account, leaver: Staff, lin: Staff, admin: Staff
) -> None:
    code = channel_actions.create_live_code(
        wecom, "门诊", staff=leaver, roster=[RosterLine(leaver)], by=admin
    )
    thread, task = make_thread(wecom.hospital), make_task(wecom.hospital)
    Thread.objects.filter(pk=thread.pk).update(assignee=leaver)
    StaffTask.objects.filter(pk=task.pk).update(assignee=leaver)
    Holder.objects.filter(pk=thread.holder_id).update(staff=leaver)
    team = make_team(wecom.hospital, leaver, leaver)
    group = Group.objects.create(
        hospital=wecom.hospital,
        account=wecom,
        chat_id="wrGroup",
        owner_userid=leaver.wecom_userid,
        owner=leaver,
        created_at=time.now(),
    )
    handover = actions.open_handover(leaver, Handover.Kind.LEAVING, by=admin)

    assert actions.propose_takers(handover, [lin], most_each=0, by=admin) == 0
    assert actions.confirm_handover(handover, main_taker=lin, words="", by=admin) == 3

    assert counts(handover) == {rules.PLANNED: 3}
    assert Transfer.objects.filter(is_resigned=True, to_staff=lin, words="").count() == 3
    amounts = {one.work.code: one.count for one in queries.list_amounts(leaver)}
    assert amounts.pop("groups") == 1  # until WeCom has handed it over
    assert set(amounts.values()) == {0}
    assert GroupTransfer.objects.get(group=group).to == lin
    thread.refresh_from_db()
    task.refresh_from_db()
    team.refresh_from_db()
    code.refresh_from_db()
    assert (thread.assignee, task.assignee, team.lead, code.staff) == (lin, lin, lin, lin)
    assert Holder.objects.get(pk=thread.holder_id).staff == lin
    assert CodeMember.objects.get(live_code=code).staff == lin
    assert CareTeamMember.objects.get(team=team).staff == lin
    handover.refresh_from_db()
    assert handover.moved["threads"] == handover.moved["tasks"] == handover.moved["codes"] == 1

    settle(Transfer.State.DONE)
    handover.refresh_from_db()
    assert handover.state == Handover.State.DONE
    assert Event.objects.filter(name="handover.finished").count() == 1


def test_who_has_no_taker_stays_in_sight_until_somebody_takes_over(
    wecom: Account, leaver: Staff, lin: Staff, zhou: Staff, admin: Staff
) -> None:
    handover = actions.open_handover(leaver, Handover.Kind.LEAVING, by=admin)
    left = actions.propose_takers(handover, [lin], most_each=2, by=admin)
    assert left == 1
    actions.confirm_handover(handover, main_taker=None, words="", by=admin)
    assert counts(handover) == {rules.PLANNED: 2, rules.NOBODY: 1}

    settle(Transfer.State.REFUSED)
    handover.refresh_from_db()
    assert handover.state == Handover.State.MOVING
    assert counts(handover) == {rules.REFUSED: 2, rules.NOBODY: 1}

    assert actions.propose_takers(handover, [zhou], most_each=0, by=admin) == 0
    assert counts(handover) == {rules.PROPOSED: 3}
    assert actions.confirm_handover(handover, main_taker=None, words="", by=admin) == 3
    settle(Transfer.State.DONE)
    handover.refresh_from_db()
    assert handover.state == Handover.State.DONE


def test_on_the_job_only_contacts_move_and_words_go_along(
    wecom: Account, leaver: Staff, lin: Staff, admin: Staff
) -> None:
    task = make_task(wecom.hospital)
    StaffTask.objects.filter(pk=task.pk).update(assignee=leaver)
    handover = actions.open_handover(leaver, Handover.Kind.ON_JOB, by=admin)
    (line, *_others) = queries.list_lines(handover)
    actions.assign_line(line, lin, by=admin)

    with pytest.raises(RefusedError, match="不能发给患者"):
        actions.confirm_handover(handover, main_taker=None, words="保证治愈。", by=admin)
    actions.confirm_handover(handover, main_taker=None, words="您好，之后由我服务。", by=admin)

    transfer = Transfer.objects.get()
    assert (transfer.is_resigned, transfer.words) == (False, "您好，之后由我服务。")
    task.refresh_from_db()
    assert task.assignee == leaver
    assert not MemberLeave.objects.exists()
    line.refresh_from_db()
    with pytest.raises(RefusedError, match="不支持撤回"):
        actions.assign_line(line, None, by=admin)


def test_a_line_read_before_the_confirmation_is_not_given_to_somebody_else(
    wecom: Account, leaver: Staff, lin: Staff, zhou: Staff, admin: Staff
) -> None:
    Staff.objects.filter(pk=zhou.pk).update(wecom_userid="zhou")
    handover = actions.open_handover(leaver, Handover.Kind.ON_JOB, by=admin)
    (line, *_others) = queries.list_lines(handover)
    actions.assign_line(line, lin, by=admin)
    (stale, *_others) = queries.list_lines(handover)
    actions.confirm_handover(handover, main_taker=None, words="", by=admin)

    with pytest.raises(RefusedError, match="不支持撤回"):
        actions.assign_line(stale, zhou, by=admin)

    line.refresh_from_db()
    assert line.taker == lin


def test_who_did_not_leave_stays_and_answers_again(
    wecom: Account, leaver: Staff, lin: Staff, admin: Staff
) -> None:
    handover = actions.open_handover(leaver, Handover.Kind.LEAVING, by=admin)
    actions.propose_takers(handover, [lin], most_each=0, by=admin)
    actions.confirm_handover(handover, main_taker=None, words="", by=admin)
    asked = Transfer.objects.order_by("pk")[0]
    Transfer.objects.filter(pk=asked.pk).update(state="waiting", asked_at=time.now())
    assert channels.gone_userids(wecom.hospital_id) == {leaver.wecom_userid}

    actions.cancel_handover(handover, by=admin)

    assert channels.gone_userids(wecom.hospital_id) == set()
    states = sorted(Transfer.objects.values_list("state", flat=True))
    assert states == ["cancelled", "cancelled", "waiting"]  # what has begun cannot be taken back
    with pytest.raises(RefusedError, match="已经结束"):
        actions.propose_takers(handover, [lin], most_each=0, by=admin)


def test_only_the_administrator_hands_over(leaver: Staff, lin: Staff, admin: Staff) -> None:
    with pytest.raises(ForbiddenError):
        actions.open_handover(leaver, Handover.Kind.ON_JOB, by=lin)
    handover = actions.open_handover(leaver, Handover.Kind.ON_JOB, by=admin)
    with pytest.raises(ForbiddenError):
        actions.confirm_handover(handover, main_taker=None, words="", by=lin)
    assert actions.open_handover(leaver, Handover.Kind.ON_JOB, by=admin) == handover
