"""The pages of handovers, through HTTP."""

from __future__ import annotations

from django.test import Client

from lianxin.channels.models import Account, MemberLeave, Transfer
from lianxin.core import time
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.handover.models import Handover
from lianxin.staff.models import Staff
from lianxin.testing.budget import query_budget
from lianxin.testing.channels import make_account, make_address
from lianxin.testing.staff import make_staff


def make_contacts(account: Account, staff: Staff, count: int) -> None:
    for _number in range(count):
        make_address(account, staff_userid=staff.wecom_userid)


def test_an_administrator_hands_a_leavers_patients_over_in_four_clicks(
    riverside: Hospital, as_admin: Client, lin: Staff, zhou: Staff
) -> None:
    make_contacts(make_account(riverside), zhou, 2)
    assert "还没有交接" in as_admin.get("/settings/handover/").content.decode()

    answer = as_admin.post("/settings/handover/new/", {"staff": zhou.key, "kind": "leaving"})
    page = answer["Location"]
    shown = as_admin.get(page).content.decode()
    assert "2 位患者无人接手" in shown
    assert "未登记的联系人" in shown

    as_admin.post(f"{page}proposals/", {"takers": [lin.key], "most_each": "1"})
    shown = as_admin.get(page).content.decode()
    assert "无人接手" in shown
    assert "待确认" in shown
    as_admin.post(f"{page}proposals/", {"takers": [lin.key]})
    answer = as_admin.post(f"{page}confirmation/", {"main_taker": lin.key}, follow=True)
    shown = answer.content.decode()
    assert "已开始：2 位患者" in shown
    assert "正在提交" in shown
    with scope(riverside):
        assert Transfer.objects.filter(to_staff=lin, is_resigned=True).count() == 2
        Transfer.objects.update(state="full", settled_at=time.now())
    shown = as_admin.get(f"{page}?show=troubled").content.decode()
    assert "对方已满" in shown
    assert "2 位患者还没有人接手" in as_admin.get("/settings/handover/").content.decode()


def test_bad_choices_are_answered_on_the_page(
    riverside: Hospital, as_admin: Client, lin: Staff, zhou: Staff, mallory: Staff
) -> None:
    make_contacts(make_account(riverside), zhou, 1)
    page = as_admin.post("/settings/handover/new/", {"staff": zhou.key, "kind": "on_job"})[
        "Location"
    ]
    with scope(riverside):
        line = Handover.objects.get().lines.get()

    none = as_admin.post(f"{page}proposals/", {"most_each": "0"})
    stranger = as_admin.post(f"{page}lines/{line.pk}/", {"taker": mallory.key})
    worded = as_admin.post(f"{page}confirmation/", {"words": "字" * 201})
    guarded = as_admin.post(f"{page}confirmation/", {"words": "保证治愈"})

    assert [one.status_code for one in (none, stranger, worded)] == [422, 422, 422]
    assert guarded.status_code == 409
    assert as_admin.post("/settings/handover/new/", {"staff": mallory.key}).status_code == 422
    assert as_admin.post(f"{page}lines/{line.pk}/", {"taker": lin.key}).status_code == 302


def test_a_managers_page_shows_and_changes_nothing(
    riverside: Hospital, as_admin: Client, zhou: Staff
) -> None:
    make_contacts(make_account(riverside), zhou, 1)
    page = as_admin.post("/settings/handover/new/", {"staff": zhou.key, "kind": "on_job"})[
        "Location"
    ]
    manager = make_staff(riverside, role=Staff.Role.MANAGER)
    client = Client()
    assert manager.sign_in is not None
    client.force_login(manager.sign_in, backend="django.contrib.auth.backends.ModelBackend")

    shown = client.get(page).content.decode()

    assert "无人接手" in shown
    assert '<form class="lx-form"' not in shown
    assert client.post(f"{page}cancellation/").status_code == 403


def test_a_member_nobody_knows_is_named_with_what_to_do(
    riverside: Hospital, as_admin: Client
) -> None:
    account = make_account(riverside)
    with scope(riverside):
        MemberLeave.objects.create(
            hospital=riverside,
            account=account,
            staff_userid="nobody-here",
            source="unassigned",
            seen_at=time.now(),
        )

    assert "nobody-here 已离开" in as_admin.get("/settings/handover/").content.decode()


def test_the_page_costs_the_same_for_one_and_for_forty(
    riverside: Hospital, as_admin: Client, zhou: Staff
) -> None:
    account = make_account(riverside)
    make_contacts(account, zhou, 1)
    page = as_admin.post("/settings/handover/new/", {"staff": zhou.key, "kind": "on_job"})[
        "Location"
    ]
    with query_budget(28):
        as_admin.get(page)
    make_contacts(account, zhou, 39)
    as_admin.post("/settings/handover/new/", {"staff": zhou.key, "kind": "on_job"})
    with query_budget(28):
        as_admin.get(page)


def test_a_leavers_sign_in_is_ended(riverside: Hospital, as_admin: Client, zhou: Staff) -> None:
    make_account(riverside)
    page = as_admin.post("/settings/handover/new/", {"staff": zhou.key, "kind": "leaving"})[
        "Location"
    ]

    as_admin.post(f"{page}access/")

    with scope(riverside):
        zhou.refresh_from_db()
    assert not zhou.is_active
    assert as_admin.get(page).status_code == 200
