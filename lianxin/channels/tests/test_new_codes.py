"""A new live code gets its roster and its journey at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from lianxin.channels.models import Account, LiveCode, LiveCodeVersion
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.staff.models import Staff
from lianxin.testing.channels import make_account

NEW = "/settings/codes/new/"


@pytest.fixture
def wecom(riverside: Hospital) -> Account:
    return make_account(riverside)


def form_of(channel: Account, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    data: dict[str, Any] = {
        "name": "门诊海报",
        "account": channel.key,
        "roster-TOTAL_FORMS": len(lines),
        "roster-INITIAL_FORMS": 0,
    }
    for number, line in enumerate(lines):
        data |= {f"roster-{number}-{name}": value for name, value in line.items()}
    return data | more


def made(account: Account) -> tuple[LiveCode, list[tuple[str, list[list[int]], int, bool]]]:
    with scope(account.hospital_id):
        code = LiveCode.objects.select_related("staff").get()
        rows = code.members.order_by("rank").select_related("staff")
        return code, [(one.staff.name, one.hours, one.daily_cap, one.is_fallback) for one in rows]


def test_the_roster_is_filled_in_at_once(
    as_admin: Client, wecom: Account, zhou: Staff, lin: Staff
) -> None:
    data = form_of(
        wecom,
        {"staff": lin.key, "days": ["0"], "starts": "08:00", "ends": "12:00", "daily_cap": 5},
        {"staff": zhou.key, "is_fallback": "on"},
        {"staff": ""},
        journey_key="discharge-30",
    )

    assert as_admin.post(NEW, data).status_code == 302

    code, roster = made(wecom)
    assert roster == [("林护士", [[0, 480, 720]], 5, False), ("周医生", [], 0, True)]
    assert code.staff_id == lin.pk
    assert code.journey_key == "discharge-30"
    with scope(wecom.hospital_id):
        (version,) = LiveCodeVersion.objects.all()
    assert [line["staff"] for line in version.content["roster"]] == ["林护士", "周医生"]


def test_who_is_responsible_need_not_answer(
    as_admin: Client, wecom: Account, zhou: Staff, lin: Staff
) -> None:
    data = form_of(wecom, {"staff": lin.key}, staff=zhou.key)

    assert as_admin.post(NEW, data).status_code == 302

    code, roster = made(wecom)
    assert code.staff_id == zhou.pk
    assert roster == [("林护士", [], 0, False)]


def test_without_a_roster_the_responsible_member_answers(
    as_admin: Client, wecom: Account, zhou: Staff
) -> None:
    assert as_admin.post(NEW, form_of(wecom, {"staff": ""}, staff=zhou.key)).status_code == 302

    assert made(wecom)[1] == [("周医生", [], 0, False)]


def test_with_nobody_at_all_it_is_refused(as_admin: Client, wecom: Account) -> None:
    answer = as_admin.post(NEW, form_of(wecom, {"staff": ""}))

    assert answer.status_code == 409
    assert "已绑定企业微信的员工" in answer.content.decode()


def test_an_official_accounts_code_has_no_roster(
    as_admin: Client, riverside: Hospital, zhou: Staff
) -> None:
    account = make_account(riverside, Account.Kind.OFFICIAL_ACCOUNT)

    assert as_admin.post(NEW, form_of(account, {"staff": zhou.key})).status_code == 302

    assert made(account)[1] == []


@pytest.mark.parametrize(
    ("line", "more", "sentence"),
    [
        ({"starts": "08:00"}, {}, "两头都填"),
        ({"staff": "nobody"}, {}, "lx-field-error"),
        ({"staff": "", "daily_cap": 3}, {}, "还没有选员工"),
        ({}, {"journey_key": "a b"}, "只用字母"),
        ({}, {"roster-TOTAL_FORMS": "x"}, "lx-notice is-danger"),
        ({}, {"roster-TOTAL_FORMS": "9999999"}, "lx-notice is-danger"),
        ({}, {"account": "nobody"}, "lx-field-error"),
        ({}, {"name": ""}, "lx-field-error"),
    ],
)
def test_a_bad_form_is_shown_again_with_what_was_typed(
    as_admin: Client,
    wecom: Account,
    zhou: Staff,
    line: dict[str, Any],
    more: dict[str, Any],
    sentence: str,
) -> None:
    data = form_of(wecom, {"staff": zhou.key} | line, **more)

    answer = as_admin.post(NEW, data)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    with scope(wecom.hospital_id):
        assert not LiveCode.objects.exists()


def test_another_hospitals_member_cannot_be_chosen(
    as_admin: Client, wecom: Account, mallory: Staff
) -> None:
    assert as_admin.post(NEW, form_of(wecom, {"staff": mallory.key})).status_code == 422


def test_a_code_may_be_for_some_days(as_admin: Client, wecom: Account, lin: Staff) -> None:
    too_long = as_admin.post(NEW, form_of(wecom, {"staff": lin.key}, days=15))
    assert too_long.status_code == 422
    assert "临时活码最多用 14 天。" in too_long.content.decode()

    data = form_of(wecom, {"staff": lin.key}, days=3, closing_text="有事请拨打医院总机。")
    assert as_admin.post(NEW, data).status_code == 302

    code, _roster = made(wecom)
    assert code.ends_at is not None
    assert (code.ends_at - code.created_at).days == 3
    page = as_admin.get(f"/settings/codes/{code.key}/").content.decode()
    assert "临时活码，用到" in page
