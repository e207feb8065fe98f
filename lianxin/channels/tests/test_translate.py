from __future__ import annotations

import pytest

from lianxin.channels import actions, jobs, queries
from lianxin.channels.models import Account, Address, Arrival, Callback, LiveCode, Relation
from lianxin.channels.sealing import CALLBACK_FIELD
from lianxin.core import keys, time
from lianxin.core.actor import SystemActor
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.staff.models import Staff
from lianxin.testing.channels import contact_xml, make_account
from lianxin.testing.jobs import list_job_names


def store(account: Account, xml: str, key: str = "k1") -> int:
    """Store a callback as the edge does."""
    return Callback.objects.create(
        hospital_id=account.hospital_id,
        account=account,
        event_key=key,
        body_sealed=keys.hospital_seal(account.hospital_id, xml, field=CALLBACK_FIELD),
        received_at=time.now(),
    ).pk


def translate(account: Account, *xmls: str) -> list[int]:
    with scope(account.hospital_id):
        ids = [store(account, xml, f"k{hash(xml)}") for xml in xmls]
        jobs.translate.func(hospital_id=account.hospital_id, callback_ids=ids)
        return ids


def names_of(hospital: Hospital) -> list[str]:
    with scope(hospital):
        rows = Event.objects.filter(hospital=hospital, subject__in=["address", "arrival"])
        return list(rows.order_by("at", "id").values_list("name", flat=True))


@pytest.fixture
def wecom(riverside: Hospital) -> Account:
    return make_account(riverside)


def make_code(account: Account, staff: Staff) -> LiveCode:
    with scope(account.hospital_id):
        by = SystemActor(account.hospital_id)
        return actions.create_live_code(account, "李医生", staff=staff, state_key="doc1", by=by)


def test_an_added_contact_becomes_an_address_with_its_code_and_staff(
    wecom: Account, lin: Staff, in_riverside: Hospital
) -> None:
    code = make_code(wecom, lin)

    translate(wecom, contact_xml(member=lin.wecom_userid, state="doc1", welcome_code="WC"))

    address = Address.objects.get()
    assert (address.live_code, address.staff) == (code, lin)
    event = Event.objects.get(name="contact.added")
    assert event.data["live_code_id"] == code.pk
    assert event.data["staff_id"] == lin.pk
    assert event.data["welcome_arrival_id"] == Arrival.objects.get().pk
    assert event.data["is_new"] is True


def test_the_same_callback_twice_changes_nothing(wecom: Account, in_riverside: Hospital) -> None:
    first = translate(wecom, contact_xml(welcome_code="WC"))

    jobs.translate.func(hospital_id=wecom.hospital_id, callback_ids=first)
    translate(wecom, contact_xml(welcome_code="WC") + " ")

    assert Arrival.objects.count() == 1
    assert names_of(in_riverside) == ["contact.added"]


@pytest.mark.parametrize(
    "order",
    [
        ("add_half_external_contact", "add_external_contact"),
        ("add_external_contact", "add_half_external_contact"),
        ("add_external_contact",),
    ],
)
def test_half_and_full_in_any_order_are_one_active_contact(
    wecom: Account, in_riverside: Hospital, order: tuple[str, ...]
) -> None:
    for change in order:
        translate(wecom, contact_xml(change))

    assert Relation.objects.get().state == "active"
    assert names_of(in_riverside) == ["contact.added"]


def test_a_half_contact_alone_is_half(wecom: Account, in_riverside: Hospital) -> None:
    translate(wecom, contact_xml("add_half_external_contact"))

    assert Relation.objects.get().state == "half"
    assert (
        queries.reach_of(wecom.hospital_id, [Address.objects.get().pk])[
            Address.objects.get().pk
        ].staff_userids
        == ()
    )


def test_the_last_loss_removes_the_address(wecom: Account, in_riverside: Hospital) -> None:
    translate(wecom, contact_xml(created=1000), contact_xml(member="staff2", created=1000))

    translate(wecom, contact_xml("del_follow_user", created=2000))
    assert Address.objects.get().state == "active"
    translate(wecom, contact_xml("del_external_contact", member="staff2", created=2000))

    assert Address.objects.get().state == "removed"
    assert [e.data["is_last"] for e in Event.objects.filter(name="contact.removed")] in (
        [False, True],
        [True, False],
    )


def test_a_late_loss_does_not_undo_a_newer_add(wecom: Account, in_riverside: Hospital) -> None:
    translate(wecom, contact_xml(created=3000))

    translate(wecom, contact_xml("del_follow_user", created=2000))

    assert Relation.objects.get().state == "active"
    assert "contact.removed" not in names_of(in_riverside)


def test_somebody_who_comes_back_is_added_again(wecom: Account, in_riverside: Hospital) -> None:
    translate(wecom, contact_xml(created=1000), contact_xml("del_follow_user", created=2000))

    translate(wecom, contact_xml(created=3000))

    assert Address.objects.get().state == "active"
    assert names_of(in_riverside).count("contact.added") == 2
    added = Event.objects.filter(name="contact.added").order_by("at", "id").last()
    assert added is not None
    assert added.data["is_new"] is False


@pytest.mark.parametrize(
    ("xml", "state"),
    [
        ("<xml><MsgType>event</MsgType><Event>never_heard_of</Event></xml>", "unknown"),
        (contact_xml("change_of_tomorrow"), "unknown"),
        (contact_xml(person=""), "unknown"),
        ("not xml at all", "failed"),
    ],
)
def test_what_we_do_not_know_is_kept_and_marked(
    wecom: Account, in_riverside: Hospital, xml: str, state: str
) -> None:
    translate(wecom, xml)

    assert Callback.objects.get().state == state
    assert bytes(Callback.objects.get().body_sealed)
    assert not Arrival.objects.exists()


def test_one_unreadable_callback_does_not_stop_the_others(
    wecom: Account, in_riverside: Hospital
) -> None:
    translate(wecom, contact_xml(), "<xml><broken>", contact_xml(person="wm2"))

    assert sorted(Callback.objects.values_list("state", flat=True)) == [
        "failed",
        "translated",
        "translated",
    ]
    assert Address.objects.count() == 2


def test_the_raw_text_goes_once_it_is_understood(wecom: Account, in_riverside: Hospital) -> None:
    translate(wecom, contact_xml())

    assert bytes(Callback.objects.get().body_sealed) == b""


def test_a_customer_service_notice_asks_for_one_sync(
    riverside: Hospital, in_riverside: Hospital
) -> None:
    account = make_account(riverside, Account.Kind.WECOM_KF, open_kfid="wk1")
    notice = (
        "<xml><CreateTime>1</CreateTime><MsgType>event</MsgType><Event>kf_msg_or_event</Event>"
        "<Token>{}</Token><OpenKfId>wk1</OpenKfId></xml>"
    )

    translate(account, notice.format("t1"), notice.format("t2"))

    assert list_job_names() == ["channels.jobs.sync_messages"]


def test_a_callback_of_another_hospital_is_not_there(wecom: Account, elsewhere: Hospital) -> None:
    with scope(wecom.hospital_id):
        callback_id = store(wecom, contact_xml())

    jobs.translate.func(hospital_id=elsewhere.pk, callback_ids=[callback_id])

    with scope(wecom.hospital_id):
        assert Callback.objects.get().state == "received"
