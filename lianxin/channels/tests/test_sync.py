"""Comparing everything the provider lists: from the sandbox's pages to rows, killed anywhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from lianxin.channels import actions, jobs, queries, rules, synchronising
from lianxin.channels.actions.strangers import as_added, take_in_strangers
from lianxin.channels.actions.syncs import SyncClaim
from lianxin.channels.adapters.wecom.contacts import Contact, ContactPage
from lianxin.channels.models import Account, Address, Arrival, ContactSync, Relation
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.errors import RefusedError
from lianxin.core.models import Event, Hospital
from lianxin.staff.models import Staff
from lianxin.testing.channels import CORP_ID, make_account, open_windows
from lianxin.testing.jobs import run_jobs, run_periodic
from lianxin.testing.processes import Sandbox
from lianxin.testing.staff import make_staff

LIST = "/cgi-bin/externalcontact/batch/get_by_user"


@pytest.fixture
def wecom(sandbox: Sandbox, in_riverside: Hospital) -> Account:
    open_windows()
    return make_account(in_riverside, base_url=sandbox.wecom_url)


def seed(sandbox: Sandbox, count: int, *, userid: str = "DrLi", start: int = 0) -> None:
    people = range(start, start + count)
    sandbox.post(
        "/control/seed",
        {
            "persons": [{"id": f"p{n}", "name": f"患者{n}", "union_id": f"u{n}"} for n in people],
            "relations": [
                {
                    "corp_id": CORP_ID,
                    "userid": userid,
                    "person": f"p{n}",
                    "added_at": 1_790_000_000,
                    "add_way": 16,
                }
                for n in people
            ],
        },
    )


def open_sync(account: Account) -> ContactSync:
    return actions.request_sync(account, by=SystemActor(account.hospital_id))


def claim(account: Account, sync: ContactSync) -> SyncClaim:
    found = actions.claim_sync(account.hospital_id, sync.pk)
    assert found is not None
    return found


def test_a_long_list_is_taken_in_page_by_page_and_again_changes_nothing(
    sandbox: Sandbox, wecom: Account
) -> None:
    seed(sandbox, 230)

    assert synchronising.sync_now(wecom.hospital_id, wecom.pk) == (230, 0)
    assert synchronising.sync_now(wecom.hospital_id, wecom.pk) == (0, 0)

    assert sandbox.state()["counts"][LIST]["calls"] == 6
    sync = ContactSync.objects.latest("id")
    assert (sync.state, sync.seen_count, sync.members_done_count) == ("done", 230, 2)
    assert Event.objects.filter(name="contact.added").count() == 230
    assert set(Relation.objects.values_list("add_way", flat=True)) == {16}
    assert Address.objects.filter(union_id="").count() == 0


def test_who_is_no_longer_listed_is_ended_and_comes_back(sandbox: Sandbox, wecom: Account) -> None:
    seed(sandbox, 3)
    synchronising.sync_now(wecom.hospital_id, wecom.pk)
    sandbox.post(f"/control/corps/{CORP_ID}/members/DrLi/delete-contact", {"person": "p1"})

    assert synchronising.sync_now(wecom.hospital_id, wecom.pk) == (0, 1)
    assert Address.objects.get(state="removed").union_id == "u1"
    seed(sandbox, 3)  # the list has her again, with the time she was first added
    assert synchronising.sync_now(wecom.hospital_id, wecom.pk) == (1, 0)

    assert not Relation.objects.filter(state="removed").exists()


def test_who_deleted_the_member_is_not_taken_for_new(sandbox: Sandbox, wecom: Account) -> None:
    seed(sandbox, 1)
    synchronising.sync_now(wecom.hospital_id, wecom.pk)
    relation = Relation.objects.get()
    Relation.objects.update(state="removed", removed_by="by_patient", removed_at=time.now())
    sandbox.person_does("p0", "delete-member", corp_id=CORP_ID, userid="DrLi")

    assert synchronising.sync_now(wecom.hospital_id, wecom.pk) == (0, 0)

    relation.refresh_from_db()
    assert relation.state == "removed"


def test_a_dead_workers_run_goes_on_after_its_last_page(sandbox: Sandbox, wecom: Account) -> None:
    seed(sandbox, 250)
    sync = open_sync(wecom)
    facts = queries.facts_of(wecom)
    dead = actions.begin_sync(claim(wecom, sync), ["DrLi", "ZhouMin"])
    assert dead is not None
    at = time.now() - timedelta(days=1)
    ids = [sandbox.external_id(f"p{n}", CORP_ID) for n in range(100)]
    page = ContactPage(tuple(Contact("DrLi", one, "", "", at) for one in ids), "c100")
    assert actions.store_contacts(dead, facts, page) is not None

    assert actions.claim_sync(wecom.hospital_id, sync.pk) is None  # it may still be alive
    with time_machine.travel(time.now() + timedelta(minutes=5), tick=False):
        synchronising.run_sync(wecom.hospital_id, sync.pk)

    sync.refresh_from_db()
    assert (sync.state, sync.seen_count, sync.added_count, sync.ended_count) == (
        "done",
        250,
        250,
        0,
    )
    assert sandbox.state()["counts"][LIST]["calls"] == 2
    assert actions.store_contacts(dead, facts, page) is None  # the dead one wakes up


def test_a_page_is_stored_by_one_worker_only(sandbox: Sandbox, wecom: Account) -> None:
    seed(sandbox, 1)
    sync = open_sync(wecom)
    slow = actions.begin_sync(claim(wecom, sync), ["DrLi"])
    assert slow is not None
    page = ContactPage((Contact("DrLi", "wmNobody", "", "", time.now()),))
    with time_machine.travel(time.now() + timedelta(minutes=5), tick=False):
        quick = claim(wecom, sync)

        assert actions.store_contacts(slow, queries.facts_of(wecom), page) is None
        assert actions.store_contacts(quick, queries.facts_of(wecom), page) is not None

    assert Relation.objects.count() == 1


def test_a_cursor_that_died_begins_its_batch_anew(sandbox: Sandbox, wecom: Account) -> None:
    seed(sandbox, 150)
    sync = open_sync(wecom)
    begun = actions.begin_sync(claim(wecom, sync), ["DrLi", "ZhouMin"])
    assert begun is not None
    ContactSync.objects.update(cursor="of-yesterday", leased_until=None)

    synchronising.run_sync(wecom.hospital_id, sync.pk)

    sync.refresh_from_db()
    assert (sync.state, sync.added_count) == ("done", 150)


def test_members_without_a_licence_lose_nobody(
    sandbox: Sandbox, wecom: Account, as_admin: Client
) -> None:
    seed(sandbox, 2)
    seed(sandbox, 2, userid="ZhouMin", start=2)
    synchronising.sync_now(wecom.hospital_id, wecom.pk)
    sandbox.put(
        f"/control/corps/{CORP_ID}", {"members": [{"userid": "DrLi", "has_licence": False}]}
    )

    assert synchronising.sync_now(wecom.hospital_id, wecom.pk) == (0, 0)

    page = as_admin.get(f"/settings/channels/{wecom.key}/").content.decode()
    assert "1 位员工没有互通许可" in page
    assert "DrLi" in page


def test_nobody_has_contacts_is_an_empty_list(sandbox: Sandbox, wecom: Account) -> None:
    assert synchronising.sync_now(wecom.hospital_id, wecom.pk) == (0, 0)


def test_who_came_by_a_callback_meanwhile_is_not_ended(wecom: Account) -> None:
    sync = open_sync(wecom)
    begun = actions.begin_sync(claim(wecom, sync), ["DrLi"])
    assert begun is not None
    facts = queries.facts_of(wecom)
    listed = actions.store_contacts(begun, facts, ContactPage())
    assert listed is not None
    late = Contact("DrLi", "wmLate", "", "", time.now() + timedelta(seconds=2))
    actions.take_in(facts, [as_added(late)])

    actions.end_unlisted(listed, facts)

    assert Relation.objects.get().state == "active"


def test_many_lost_ones_are_ended_a_part_at_a_time(wecom: Account) -> None:
    facts = queries.facts_of(wecom)
    at = time.now() - timedelta(days=1)
    there = [Contact("DrLi", f"wm{n}", "", "", at) for n in range(230)]
    actions.take_in(facts, [as_added(one) for one in there])
    step = actions.begin_sync(claim(wecom, open_sync(wecom)), ["DrLi"])
    assert step is not None
    step = actions.store_contacts(step, facts, ContactPage())
    assert step is not None

    step = actions.end_unlisted(step, facts)
    assert step is not None
    assert (step.sync.is_ending, step.sync.ended_count) == (True, 200)
    step = actions.end_unlisted(step, facts)

    assert step is not None
    assert (step.sync.is_ending, step.sync.ended_count, step.batch) == (False, 230, [])
    assert Address.objects.filter(state="removed").count() == 230


def test_a_busy_provider_is_asked_again_later(sandbox: Sandbox, wecom: Account) -> None:
    seed(sandbox, 1)
    sandbox.add_fault("api_rate_limited", path=LIST)
    sync = open_sync(wecom)
    run_periodic(jobs.__name__, "keep_syncs", wecom.hospital_id)
    run_jobs()

    sync.refresh_from_db()
    assert (sync.state, sync.failure_code) == ("running", "rate_limited")
    run_periodic(jobs.__name__, "keep_syncs", wecom.hospital_id)
    assert run_jobs() == []
    open_windows()
    with time_machine.travel(time.now() + timedelta(minutes=2), tick=False):
        run_periodic(jobs.__name__, "keep_syncs", wecom.hospital_id)
        run_jobs()

    sync.refresh_from_db()
    assert (sync.state, sync.added_count, sync.failure_code) == ("done", 1, "")


def test_a_refusal_ends_the_run_and_says_why(
    sandbox: Sandbox, wecom: Account, as_admin: Client
) -> None:
    app = {"agent_id": 1000002, "secret": "app-secret", "rights": ["message"]}
    sandbox.put(f"/control/corps/{CORP_ID}", {"apps": [app]})
    open_sync(wecom)
    run_periodic(jobs.__name__, "keep_syncs", wecom.hospital_id)
    run_jobs()

    assert ContactSync.objects.get().failure_code == "not_permitted"
    assert "没有完成" in as_admin.get(f"/settings/channels/{wecom.key}/").content.decode()
    run_periodic(jobs.__name__, "reconcile", wecom.hospital_id)
    assert ContactSync.objects.count() == 1  # not again before its time


def test_the_page_starts_shows_and_stops_a_run(
    sandbox: Sandbox, wecom: Account, as_admin: Client, admin: Staff
) -> None:
    seed(sandbox, 120)
    url = f"/settings/channels/{wecom.key}/"
    assert "还没有核对过" in as_admin.get(url).content.decode()

    assert as_admin.post(f"{url}sync/start/").status_code == 302
    assert as_admin.post(f"{url}sync/start/").status_code == 302
    sync = ContactSync.objects.get()
    assert sync.requested_by_id == admin.pk
    begun = actions.begin_sync(claim(wecom, sync), ["DrLi", "ZhouMin"])
    assert begun is not None
    page = ContactPage((Contact("DrLi", "wmOne", "", "", time.now()),), "c100")
    stored = actions.store_contacts(begun, queries.facts_of(wecom), page)
    assert stored is not None
    assert "已核对 0/2 位员工，1 位联系人" in as_admin.get(url).content.decode()

    assert as_admin.post(f"{url}sync/cancel/").status_code == 302
    assert as_admin.post(f"{url}sync/cancel/").status_code == 409
    assert actions.store_contacts(stored, queries.facts_of(wecom), page) is None
    assert "已停止" in as_admin.get(url).content.decode()
    fragment = as_admin.get(f"{url}sync/", headers={"HX-Request": "true"}).content.decode()
    assert "现在核对" in fragment
    names = set(Event.objects.filter(subject="contact_sync").values_list("name", flat=True))
    assert names == {"contact_sync.requested", "contact_sync.cancelled"}


def test_the_page_says_what_a_run_found(sandbox: Sandbox, wecom: Account, as_admin: Client) -> None:
    seed(sandbox, 3)
    synchronising.sync_now(wecom.hospital_id, wecom.pk)

    page = as_admin.get(f"/settings/channels/{wecom.key}/").content.decode()

    assert "已核对 2/2 位员工，3 位联系人" in page
    assert "补上 3 位，结束 0 位" in page


def test_only_wecom_accounts_have_a_list(in_riverside: Hospital) -> None:
    account = make_account(in_riverside, Account.Kind.WECOM_KF)

    with pytest.raises(RefusedError):
        open_sync(account)


def test_old_runs_are_forgotten(sandbox: Sandbox, wecom: Account) -> None:
    for _run in range(22):
        synchronising.sync_now(wecom.hospital_id, wecom.pk)

    assert ContactSync.objects.count() == 20


@pytest.mark.parametrize(
    ("state", "removed_by", "is_after", "meaning"),
    [
        ("active", "", False, rules.KNOWN),
        ("half", "", False, rules.KNOWN),
        ("removed", "by_patient", False, rules.KNOWN),
        ("removed", "by_staff", False, rules.KNOWN),
        ("removed", "by_patient", True, rules.ADDED),  # they met again, and the callback was lost
        ("removed", "unlisted", False, rules.BACK),
        ("removed", "unlisted", True, rules.ADDED),
    ],
)
def test_what_a_line_of_the_list_means(
    state: str, removed_by: str, is_after: bool, meaning: str
) -> None:
    at = time.now()
    known = rules.KnownRelation(state, removed_by, at if state == "removed" else None)
    added_at = at + timedelta(hours=1 if is_after else -1)

    assert rules.read_listed(known, added_at) == meaning
    assert rules.read_listed(None, added_at) == rules.ADDED


def shape_of(account: Account) -> list[tuple[object, ...]]:
    """Return what an account knows, short of ids and of when it was written."""
    relations = Relation.objects.filter(address__account=account)
    known = relations.values_list(
        "address__external_id",
        "address__union_id",
        "address__state",
        "address__staff__wecom_userid",
        "address__added_at",
        "staff_userid",
        "staff__wecom_userid",
        "state",
        "added_at",
    )
    arrivals = Arrival.objects.filter(account=account)
    told = Event.objects.filter(name="contact.added", data__account_id=account.pk)
    return [
        *sorted(known, key=str),
        *sorted(arrivals.values_list("arrival_key", "kind", "welcome", "occurred_at"), key=str),
        *sorted(told.values_list("data__kind", "data__is_new"), key=str),
    ]


def test_strangers_at_once_leave_what_one_by_one_leaves(in_riverside: Hospital) -> None:
    one_by_one, at_once = make_account(in_riverside), make_account(in_riverside)
    Staff.objects.filter(pk=make_staff(in_riverside).pk).update(wecom_userid="DrLi")
    at = time.now() - timedelta(days=3)
    people = [
        Contact("DrLi", f"wm{n}", f"u{n}" if n % 2 else "", "", at + timedelta(hours=n), 1)
        for n in range(12)
    ]
    # The same person twice in one page, by two members; and one known by a callback already.
    people += [Contact("ZhouMin", "wm3", "u3", "", at, 1)]
    for account in (one_by_one, at_once):
        half = replace(as_added(people[5]), kind="half", arrival_key="half:wm5")
        actions.take_in(queries.facts_of(account), [half])

    # A list says nothing new of whom we know.
    strangers = [as_added(one) for one in people if one is not people[5]]
    actions.take_in(queries.facts_of(one_by_one), strangers)
    step = actions.begin_sync(claim(at_once, open_sync(at_once)), ["DrLi"])
    assert step is not None
    actions.store_contacts(step, queries.facts_of(at_once), ContactPage(tuple(people)))

    assert shape_of(at_once) == shape_of(one_by_one)
    assert len(shape_of(at_once)) > 30


def test_who_was_erased_is_no_stranger_again(wecom: Account) -> None:
    facts = queries.facts_of(wecom)
    one = Contact("DrLi", "wm1", "u1", "", time.now() - timedelta(days=1))
    take_in_strangers(facts, [one])
    actions.forget_addresses(
        wecom.hospital_id, [Address.objects.get().pk], by=SystemActor(wecom.hospital_id)
    )

    taken, told = take_in_strangers(facts, [one])

    assert (list(taken), told) == ([], [])
    assert Relation.objects.get().state == "removed"
