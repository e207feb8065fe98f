"""Changing, closing and deleting a live code, through its pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from lianxin.channels import actions, queries
from lianxin.channels.adapters.base import Inbound
from lianxin.channels.models import Account, LiveCode, LiveCodeVersion
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.errors import RefusedError
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.staff.models import Staff
from lianxin.testing.channels import make_account, make_address

Line = dict[str, Any]


def make_code(account: Account, staff: Staff | None, name: str = "李医生门诊") -> LiveCode:
    with scope(account.hospital_id):
        by = SystemActor(account.hospital_id)
        return actions.create_live_code(account, name, staff=staff, by=by)


@pytest.fixture
def wecom(riverside: Hospital) -> Account:
    return make_account(riverside)


@pytest.fixture
def code(wecom: Account, zhou: Staff) -> LiveCode:
    return make_code(wecom, zhou)


def form_of(code: LiveCode, lines: list[Line], **changes: Any) -> dict[str, Any]:
    data = {
        "seen": code.revision,
        "name": code.name,
        "adds_at_once": "on",
        "roster-TOTAL_FORMS": len(lines),
        "roster-INITIAL_FORMS": 0,
    }
    for number, line in enumerate(lines):
        data |= {f"roster-{number}-{name}": value for name, value in line.items()}
    return data | changes


def edit_url(code: LiveCode) -> str:
    return f"/settings/codes/{code.key}/edit/"


def fresh(code: LiveCode) -> LiveCode:
    with scope(code.hospital_id):
        return LiveCode.objects.get(pk=code.pk)


def roster_of(code: LiveCode) -> list[tuple[str, list[list[int]], int, bool]]:
    with scope(code.hospital_id):
        rows = code.members.order_by("rank").select_related("staff")
        return [(one.staff.name, one.hours, one.daily_cap, one.is_fallback) for one in rows]


def test_a_change_keeps_the_version_before_it(
    as_admin: Client, code: LiveCode, zhou: Staff, admin: Staff
) -> None:
    data = form_of(
        code, [{"staff": zhou.key}], name="新名称", tags="心内科，出院", welcome_text="您好"
    )

    assert as_admin.post(edit_url(code), data).status_code == 302

    now = fresh(code)
    assert (now.name, now.tag_names, now.welcome_text, now.revision) == (
        "新名称",
        ["心内科", "出院"],
        "您好",
        2,
    )
    with scope(code.hospital_id):
        old, new = LiveCodeVersion.objects.order_by("number")
        event = Event.objects.get(name="live_code.changed")
    assert (old.content["name"], new.content["name"]) == ("李医生门诊", "新名称")
    assert new.changed_by_id == admin.pk
    assert event.data["fields"] == ["name", "staff", "tag_names", "welcome_text"]
    page = as_admin.get(f"/settings/codes/{code.key}/").content.decode()
    assert "<del>李医生门诊</del>" in page
    assert admin.name in page


def test_two_people_who_edit_at_once_do_not_overwrite_each_other(
    as_admin: Client, code: LiveCode, zhou: Staff
) -> None:
    first = form_of(code, [{"staff": zhou.key}], name="先改")
    second = form_of(code, [{"staff": zhou.key}], name="后改")

    assert as_admin.post(edit_url(code), first).status_code == 302
    refused = as_admin.post(edit_url(code), second)

    assert refused.status_code == 422
    assert "刚才有同事改过" in refused.content.decode()
    assert "后改" in refused.content.decode()
    assert fresh(code).name == "先改"


def test_the_database_decides_who_was_first(code: LiveCode, admin: Staff) -> None:
    with scope(code.hospital_id):
        actions.close_live_code(code, seen=1, by=admin)

        with pytest.raises(RefusedError, match="刚才有同事改过"):
            actions.close_live_code(code, seen=1, by=admin)
        assert LiveCodeVersion.objects.count() == 2


def test_the_roster_has_hours_caps_and_a_fallback(
    as_admin: Client, code: LiveCode, zhou: Staff, lin: Staff
) -> None:
    lines: list[Line] = [
        {"staff": zhou.key, "days": ["0", "1"], "starts": "08:00", "ends": "12:00"},
        {"staff": zhou.key, "days": ["0"], "starts": "20:00", "ends": "06:00", "daily_cap": 30},
        {"staff": lin.key, "is_fallback": "on"},
        {"staff": ""},
    ]

    assert as_admin.post(edit_url(code), form_of(code, lines)).status_code == 302

    assert roster_of(code) == [
        ("周医生", [[0, 480, 720], [0, 1200, 360], [1, 480, 720]], 30, False),
        ("林护士", [], 0, True),
    ]
    page = as_admin.get(f"/settings/codes/{code.key}/").content.decode()
    assert "周一、周二 08:00–12:00；周一 20:00–06:00、每天最多 30 人" in page
    assert as_admin.get(edit_url(code)).content.decode().count("lx-roster-line") == 5


def test_the_page_says_who_answers_now_and_why(
    as_admin: Client, code: LiveCode, wecom: Account, zhou: Staff, lin: Staff
) -> None:
    lines: list[Line] = [{"staff": zhou.key, "daily_cap": 1}, {"staff": lin.key}]
    as_admin.post(edit_url(code), form_of(code, lines))
    url = f"/settings/codes/{code.key}/"
    assert "现在由 周医生、林护士 接待：值班时间内" in as_admin.get(url).content.decode()

    came = Inbound(
        event="contact.added",
        arrival_key="came",
        occurred_at=time.now(),
        kind="full",
        external_id="wmCame",
        staff_userid=zhou.wecom_userid,
        state=code.state_key,
    )
    with scope(code.hospital_id):
        actions.take_in(queries.facts_of(wecom), [came])

    page = as_admin.get(url).content.decode()
    assert "现在由 林护士 接待：值班时间内；周医生今天已满 1 人" in page
    assert "林护士" in as_admin.get("/settings/codes/").content.decode()


def test_a_code_whose_people_all_left_says_so(
    as_admin: Client, code: LiveCode, zhou: Staff
) -> None:
    with scope(code.hospital_id):
        Staff.objects.filter(pk=zhou.pk).update(is_active=False)

    page = as_admin.get(f"/settings/codes/{code.key}/").content.decode()

    assert "现在没有人能接待" in page
    assert "请尽快换人或停用" in page


@pytest.mark.parametrize(
    ("line", "changes", "sentence"),
    [
        ({"staff": ""}, {}, "至少要有一位员工接待"),
        ({"staff": "", "daily_cap": 3}, {}, "还没有选员工"),
        ({"starts": "08:00"}, {}, "两头都填"),
        ({"starts": "25:99", "ends": "x"}, {}, "lx-field-error"),
        ({"days": ["9"]}, {}, "lx-field-error"),
        ({"daily_cap": "9" * 400}, {}, "lx-field-error"),
        ({"staff": "nobody"}, {}, "lx-field-error"),
        ({}, {"name": ""}, "lx-field-error"),
        ({}, {"journey_key": "a b"}, "只用字母"),
        ({}, {"welcome_link_path": "//elsewhere"}, "/p/ 开头"),
        ({}, {"seen": "9" * 400}, "lx-notice"),
        ({}, {"roster-TOTAL_FORMS": "9999999"}, "lx-notice"),
        ({}, {"roster-TOTAL_FORMS": "x"}, "lx-notice"),
    ],
)
def test_a_bad_form_is_shown_again(
    as_admin: Client,
    code: LiveCode,
    zhou: Staff,
    line: Line,
    changes: dict[str, Any],
    sentence: str,
) -> None:
    data = form_of(code, [{"staff": zhou.key} | line], **changes)

    answer = as_admin.post(edit_url(code), data)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert fresh(code).revision == 1


def test_another_hospitals_member_cannot_be_chosen(
    as_admin: Client, code: LiveCode, mallory: Staff
) -> None:
    answer = as_admin.post(edit_url(code), form_of(code, [{"staff": mallory.key}]))

    assert answer.status_code == 422
    assert roster_of(code) == [("周医生", [], 0, False)]


def test_a_closed_code_is_opened_again_or_deleted(as_admin: Client, code: LiveCode) -> None:
    url = f"/settings/codes/{code.key}"
    assert as_admin.post(f"{url}/delete/").status_code == 409
    assert as_admin.post(f"{url}/close/", {"seen": 1}).status_code == 302
    assert "已停用" in as_admin.get(f"{url}/").content.decode()
    assert as_admin.post(f"{url}/reopen/", {"seen": 2}).status_code == 302
    assert fresh(code).is_active
    assert as_admin.post(f"{url}/close/", {"seen": 3}).status_code == 302

    assert as_admin.post(f"{url}/delete/").status_code == 302

    assert as_admin.get(f"{url}/").status_code == 404
    with scope(code.hospital_id):
        names = Event.objects.filter(subject="live_code").order_by("at", "id")
        assert list(names.values_list("name", flat=True)) == [
            "live_code.created",
            "live_code.closed",
            "live_code.reopened",
            "live_code.closed",
            "live_code.deleted",
        ]


@pytest.mark.parametrize("seen", ["", "0", "7", "x", "9" * 400])
def test_closing_what_was_not_seen_is_refused(as_admin: Client, code: LiveCode, seen: str) -> None:
    assert as_admin.post(f"/settings/codes/{code.key}/close/", {"seen": seen}).status_code == 409
    assert fresh(code).is_active


def test_a_code_that_brought_somebody_is_not_deleted(
    as_admin: Client, code: LiveCode, wecom: Account
) -> None:
    address = make_address(wecom)
    with scope(code.hospital_id):
        address.live_code = code
        address.save()
    as_admin.post(f"/settings/codes/{code.key}/close/", {"seen": 1})

    answer = as_admin.post(f"/settings/codes/{code.key}/delete/")

    assert answer.status_code == 409
    assert "不能删除" in answer.content.decode()
    assert fresh(code).pk == code.pk


def test_an_official_accounts_code_needs_nobody(as_admin: Client, riverside: Hospital) -> None:
    account = make_account(riverside, Account.Kind.OFFICIAL_ACCOUNT)
    code = make_code(account, None)
    url = f"/settings/codes/{code.key}/"

    answer = as_admin.post(f"{url}edit/", {"seen": 1, "name": "公众号海报"})

    assert answer.status_code == 302
    assert fresh(code).name == "公众号海报"
    assert "lx-roster-line" not in as_admin.get(f"{url}edit/").content.decode()
    as_admin.post(f"{url}close/", {"seen": 2})
    assert "平台不能收回" in as_admin.get(url).content.decode()


def test_many_codes_cost_no_more_queries_than_one(
    as_admin: Client, wecom: Account, zhou: Staff
) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert as_admin.get("/settings/codes/").status_code == 200
        return len(captured)

    make_code(wecom, zhou, "第一个")
    count()
    few = count()
    for number in range(20):
        make_code(wecom, zhou, f"活码 {number}")

    assert count() == few


def test_comparing_many_codes_costs_no_more_queries_than_one(wecom: Account, zhou: Staff) -> None:
    def count(expected: int) -> int:
        with scope(wecom.hospital_id), CaptureQueriesContext(connection) as captured:
            found = queries.list_codes_to_keep(wecom.hospital_id, time.now())
        assert len(found) == expected
        return len(captured)

    make_code(wecom, zhou, "第一个")
    few = count(1)
    for number in range(20):
        make_code(wecom, zhou, f"活码 {number}")

    assert count(21) == few
