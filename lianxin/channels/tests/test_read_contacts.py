"""Single contacts: looked at after a callback, because a callback says so little."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from lianxin.channels import actions, jobs, queries, rules, sending, synchronising
from lianxin.channels.adapters.base import Inbound, Outbound, Sent
from lianxin.channels.adapters.wecom.adapter import WeCom
from lianxin.channels.models import Account, Address, Arrival, MemberTask, Relation, TaskShare
from lianxin.core import time
from lianxin.core.models import Event, Hospital
from lianxin.testing.channels import CORP_ID, contact_xml, make_account, open_windows
from lianxin.testing.jobs import run_periodic
from lianxin.testing.processes import Sandbox

GET = "/cgi-bin/externalcontact/get"


@pytest.fixture
def wecom(sandbox: Sandbox, in_riverside: Hospital) -> Account:
    open_windows()
    return make_account(in_riverside, base_url=sandbox.wecom_url)


def relate(sandbox: Sandbox, person: str = "wang", userid: str = "DrLi", add_way: int = 1) -> None:
    row = {"corp_id": CORP_ID, "userid": userid, "person": person, "add_way": add_way}
    sandbox.post("/control/seed", {"relations": [row | {"added_at": 1_790_000_000}]})


def call_back(
    account: Account, external_id: str, change: str = "add_external_contact", created: int = 0
) -> None:
    """Let one callback come in, translated as the job does it."""
    xml = contact_xml(change, person=external_id, member="DrLi", created=created or 1_790_000_000)
    facts = queries.facts_of(account)
    (inbound,) = WeCom().parse(facts, xml)
    received: Inbound = inbound.__class__(**{**vars(inbound), "received_at": time.now()})
    actions.take_in(facts, [received])


def test_a_callback_is_followed_by_a_look(sandbox: Sandbox, wecom: Account) -> None:
    relate(sandbox, add_way=203)  # a number nobody has described
    call_back(wecom, sandbox.external_id("wang", CORP_ID))

    run_periodic(jobs.__name__, "read_contacts", wecom.hospital_id)
    run_periodic(jobs.__name__, "read_contacts", wecom.hospital_id)

    address = Address.objects.get()
    assert (address.union_id, address.read_due_at) == ("u-wang", None)
    assert Relation.objects.get().add_way == 203
    assert sandbox.state()["counts"][GET]["calls"] == 1
    assert Event.objects.filter(name="address.identified").count() == 1


def test_an_edit_makes_the_contact_be_looked_at_again(sandbox: Sandbox, wecom: Account) -> None:
    relate(sandbox)
    external_id = sandbox.external_id("wang", CORP_ID)
    call_back(wecom, external_id)
    synchronising.read_contacts(wecom.hospital_id, wecom.pk)

    call_back(wecom, external_id, "edit_external_contact", 1_790_000_500)
    call_back(wecom, external_id, "edit_external_contact", 1_790_000_400)  # late

    relation = Relation.objects.get()
    assert relation.edited_at == datetime.fromtimestamp(1_790_000_500, UTC)
    assert synchronising.read_contacts(wecom.hospital_id, wecom.pk) == 1
    assert Arrival.objects.count() == 1


def test_an_edit_of_somebody_unknown_is_nothing(wecom: Account) -> None:
    call_back(wecom, "wmNobody", "edit_external_contact")

    assert not Address.objects.exists()


def test_an_edit_during_the_look_is_not_forgotten(sandbox: Sandbox, wecom: Account) -> None:
    relate(sandbox)
    external_id = sandbox.external_id("wang", CORP_ID)
    call_back(wecom, external_id)
    (seen,) = queries.list_contacts_to_read(wecom.hospital_id, wecom.pk)
    call_back(wecom, external_id, "edit_external_contact")

    actions.settle_contact(queries.facts_of(wecom), seen, [], read_at=time.now())

    assert queries.count_contacts_to_read(wecom.hospital_id, wecom.pk) == 1


def test_who_uses_wecom_elsewhere_has_neither_union_id_nor_welcome(
    sandbox: Sandbox, wecom: Account
) -> None:
    sandbox.put("/control/persons/wecom-tan", {"name": "谭（同行）", "union_id": "u-tan"})
    relate(sandbox, "wecom-tan")
    external_id = sandbox.external_id("wecom-tan", CORP_ID)
    call_back(wecom, external_id)

    synchronising.read_contacts(wecom.hospital_id, wecom.pk)

    address = Address.objects.get()
    assert external_id.startswith("wo")
    assert (address.union_id, address.read_due_at) == ("", None)
    assert Arrival.objects.get().welcome == "none"


def test_a_person_whom_more_than_five_hundred_follow_is_read_to_the_end(
    sandbox: Sandbox, wecom: Account
) -> None:
    members = [{"userid": f"m{n}", "name": f"员工{n}"} for n in range(510)]
    sandbox.put(f"/control/corps/{CORP_ID}", {"members": members})
    rows = [{"corp_id": CORP_ID, "userid": one["userid"], "person": "wang"} for one in members]
    sandbox.post("/control/seed", {"relations": rows})
    relate(sandbox)
    call_back(wecom, sandbox.external_id("wang", CORP_ID))

    synchronising.read_contacts(wecom.hospital_id, wecom.pk)

    assert Relation.objects.count() == 511
    assert sandbox.state()["counts"][GET]["calls"] == 2


def test_nobody_knows_them_any_more(sandbox: Sandbox, wecom: Account) -> None:
    call_back(wecom, sandbox.external_id("wang", CORP_ID))

    assert synchronising.read_contacts(wecom.hospital_id, wecom.pk) == 1
    assert synchronising.read_contacts(wecom.hospital_id, wecom.pk) == 0


def test_a_busy_provider_leaves_them_waiting_and_the_page_says_so(
    sandbox: Sandbox, wecom: Account, as_admin: Client
) -> None:
    relate(sandbox)
    call_back(wecom, sandbox.external_id("wang", CORP_ID))
    sandbox.add_fault("api_rate_limited", path=GET)

    assert synchronising.read_contacts(wecom.hospital_id, wecom.pk) == 0

    page = as_admin.get(f"/settings/channels/{wecom.key}/").content.decode()
    assert "1 位联系人有变动" in page


# ---- who left without our hearing ---------------------------------------------------------


def make_task(sandbox: Sandbox, account: Account) -> str:
    """Have Dr Li asked to send something to Wang; returns the task."""
    outbound = Outbound(
        client_key="notice",
        carrier_kind="staff_task",
        text="门诊时间有变。",
        staff_userid="DrLi",
        external_ids=(sandbox.external_id("wang", CORP_ID),),
    )
    [made] = sending.send(account.hospital_id, account.pk, [outbound])
    assert isinstance(made, Sent)
    return made.provider_message_id


def confirm(sandbox: Sandbox, account: Account, task: str) -> None:
    """Let Dr Li send it, and the result come in; what follows from that follows."""
    sandbox.post(f"/control/corps/{CORP_ID}/members/DrLi/confirm-mass", {"msgid": task})
    MemberTask.objects.update(next_poll_at=time.now())
    for name in ("settle_tasks", "read_contacts", "read_contacts"):
        run_periodic(jobs.__name__, name, account.hospital_id)


def told_removals() -> list[str]:
    rows = Event.objects.filter(name="contact.removed")
    return [event.data["kind"] for event in rows]


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        # Her deleting leaves her in his list, so the look alone would not tell.
        (("persons/wang/delete-member", {"corp_id": CORP_ID, "userid": "DrLi"}), "by_patient"),
        ((f"corps/{CORP_ID}/members/DrLi/delete-contact", {"person": "wang"}), "unlisted"),
    ],
)
def test_a_message_that_found_no_friend_tells_of_an_unheard_goodbye(
    sandbox: Sandbox, wecom: Account, act: tuple[str, dict[str, str]], kind: str
) -> None:
    relate(sandbox)
    call_back(wecom, sandbox.external_id("wang", CORP_ID))
    task = make_task(sandbox, wecom)
    sandbox.post(f"/control/{act[0]}", act[1])
    assert Relation.objects.get().state == "active"

    confirm(sandbox, wecom, task)

    relation = Relation.objects.get()
    assert (relation.state, relation.removed_by) == ("removed", kind)
    assert relation.removed_at == TaskShare.objects.get().sent_at
    assert (relation.doubt, relation.doubted_at) == ("", None)
    assert told_removals() == [kind]
    # The list still has whom she deleted; she stays gone until she comes again.
    Account.objects.update(reconciled_at=None)
    run_periodic(jobs.__name__, "reconcile", wecom.hospital_id)
    relation.refresh_from_db()
    assert relation.state == "removed"


def test_a_half_contact_was_never_a_friend(sandbox: Sandbox, wecom: Account) -> None:
    relate(sandbox)
    call_back(wecom, sandbox.external_id("wang", CORP_ID), "add_half_external_contact")
    task = make_task(sandbox, wecom)
    sandbox.person_does("wang", "delete-member", corp_id=CORP_ID, userid="DrLi")

    confirm(sandbox, wecom, task)

    assert TaskShare.objects.get().outcome == "not_a_contact"
    assert Relation.objects.get().state == "half"
    assert told_removals() == []


def test_a_look_that_was_refused_ends_nothing(sandbox: Sandbox, wecom: Account) -> None:
    relate(sandbox)
    call_back(wecom, sandbox.external_id("wang", CORP_ID))
    task = make_task(sandbox, wecom)
    sandbox.person_does("wang", "delete-member", corp_id=CORP_ID, userid="DrLi")
    sandbox.add_fault("api_rate_limited", path=GET)

    confirm(sandbox, wecom, task)

    relation = Relation.objects.get()
    assert (relation.state, relation.doubt) == ("active", "no_friend")
    assert queries.count_contacts_to_read(wecom.hospital_id, wecom.pk) == 1


@pytest.mark.parametrize(
    ("doubt", "met_days_after", "by"),
    [
        ("no_friend", -5, "by_patient"),
        ("no_friend", 0, "by_patient"),
        ("no_friend", 1, ""),  # they have met anew since
        ("no_friend", None, "unlisted"),
        ("no_relation", -5, ""),  # the list knows better
        ("no_relation", None, "unlisted"),
    ],
)
def test_a_look_and_a_doubt_say_who_ended_it(
    doubt: str, met_days_after: int | None, by: str
) -> None:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    met_at = None if met_days_after is None else at + timedelta(days=met_days_after)

    assert rules.read_doubt(doubt, at, met_at) == by
