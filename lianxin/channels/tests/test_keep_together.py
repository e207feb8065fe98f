"""Two workers and one live code, in a database where commits are commits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connections

from lianxin.channels import actions, synchronising
from lianxin.channels.actions.live_codes import CodeContent, RosterLine
from lianxin.channels.models import LiveCode
from lianxin.core.actor import SystemActor
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.staff.models import Staff
from lianxin.testing.channels import CORP_ID, make_account
from lianxin.testing.processes import Sandbox
from lianxin.testing.staff import make_staff

CONTACT = "/cgi-bin/externalcontact"


def make_member(house: Hospital, userid: str) -> Staff:
    staff = make_staff(house)
    with scope(house):
        Staff.objects.filter(pk=staff.pk).update(wecom_userid=userid)
        staff.refresh_from_db()
    return staff


def keep_twice_at_once(code: LiveCode) -> None:
    together = Barrier(2)

    def work() -> None:
        try:
            together.wait(timeout=20)
            synchronising.keep_live_code(code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(work), pool.submit(work)]:
            done.result(timeout=60)


def test_two_workers_at_once_make_one_code_and_change_it_once(
    sandbox: Sandbox, house: Hospital
) -> None:
    doctor, nurse = make_member(house, "DrLi"), make_member(house, "ZhouMin")
    by = SystemActor(house.pk)
    with scope(house):
        account = make_account(house, base_url=sandbox.wecom_url)
        code = actions.create_live_code(account, "李医生", staff=doctor, by=by)

    keep_twice_at_once(code)
    with scope(house):
        roster = (RosterLine(doctor), RosterLine(nurse))
        actions.change_live_code(code, CodeContent("李医生", roster=roster), seen=1, by=by)
    keep_twice_at_once(code)

    counts = sandbox.state()["counts"]
    assert counts[f"{CONTACT}/add_contact_way"]["calls"] == 1
    assert counts[f"{CONTACT}/update_contact_way"]["calls"] == 1
    (way,) = sandbox.state()["corps"][CORP_ID]["contact_ways"].values()
    assert sorted(way["body"]["user"]) == ["DrLi", "ZhouMin"]
