"""The pages of customer groups: what they say, what they never claim, and who may do what."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from lianxin.channels import group_kit
from lianxin.channels.models import (
    Account,
    Group,
    GroupCheck,
    GroupDay,
    GroupSync,
    GroupTransfer,
    GroupWelcome,
    JoinCode,
)
from lianxin.core import time
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.staff.models import Staff
from lianxin.testing.budget import query_budget
from lianxin.testing.channels import make_account, make_address, make_group
from lianxin.testing.staff import make_staff

PAGE = "/settings/groups/"


@pytest.fixture
def wecom(riverside: Hospital) -> Account:
    return make_account(riverside)


def text_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_says_that_nobody_hears_the_talk(as_admin: Client, wecom: Account) -> None:
    group = make_group(wecom)

    for path in (PAGE, f"{PAGE}{group.key}/"):
        assert "不会送到任何服务器" in text_of(as_admin, path)


def test_empty_pages_say_what_to_do(as_admin: Client, riverside: Hospital) -> None:
    assert "先接入一个企业微信账号" in text_of(as_admin, PAGE)
    make_account(riverside)
    assert "客户群只能由员工在企业微信客户端里建" in text_of(as_admin, PAGE)
    assert "还没有入群欢迎语" in text_of(as_admin, f"{PAGE}welcomes/")


def test_what_a_group_needs_is_said(as_admin: Client, wecom: Account) -> None:
    group = make_group(wecom, "高血压病友群", notice="欢迎，急症请拨打120")
    with scope(wecom.hospital_id):
        Group.objects.filter(pk=group.pk).update(status=1)

    page = text_of(as_admin, f"{PAGE}{group.key}/")

    assert "群名透露病情" in page
    assert "群主已离职，要移交" in page
    assert '<span class="lx-tag">群内不看病</span>' in page
    assert '<span class="lx-tag">急症拨打 120</span>' not in page
    assert "1 个群要有人处理" in text_of(as_admin, PAGE)


def test_a_group_in_order_needs_nothing(as_admin: Client, wecom: Account) -> None:
    group = make_group(wecom, notice=group_kit.load_kit().notice)

    page = text_of(as_admin, f"{PAGE}{group.key}/")

    assert "群里现在的公告写明了不看病、不急救和 120" in page
    assert "共 1 个客户群" in text_of(as_admin, PAGE)


def test_nobody_in_a_group_is_named_by_an_id(as_admin: Client, wecom: Account) -> None:
    address = make_address(wecom)
    group = make_group(wecom, external_ids=(address.external_id, f"wm{'x' * 30}"))

    page = text_of(as_admin, f"{PAGE}{group.key}/")

    assert address.external_id not in page
    assert "不是任何员工的联系人" in page
    assert "院外 2 人，0 人在「我的数据」里同意了加入患者群" in page


def test_the_checklist_is_ticked_and_unticked(as_admin: Client, wecom: Account) -> None:
    group = make_group(wecom)
    tick = f"{PAGE}{group.key}/tick/"

    assert as_admin.post(tick, {"code": "notice", "is_done": "on"}).status_code == 302
    assert as_admin.post(tick, {"code": "notice", "is_done": "on"}).status_code == 302
    assert "1/6" in text_of(as_admin, PAGE)
    assert as_admin.post(tick, {"code": "notice"}).status_code == 302
    with scope(wecom.hospital_id):
        assert not GroupCheck.objects.exists()
    assert as_admin.post(tick, {"code": "nonsense", "is_done": "on"}).status_code == 409


def test_a_code_is_made_changed_and_closed(as_admin: Client, wecom: Account) -> None:
    group = make_group(wecom)
    given = {"name": "院外群", "groups": [group.key], "rolls_over": "on", "base_name": "院外"}
    made = as_admin.post(f"{PAGE}codes/new/", given | {"base_number": "2"})
    assert made.status_code == 302
    path = made["Location"]
    assert "自动进“院外2”" in text_of(as_admin, path)

    changed = given | {"base_number": "5", "seen": "1"}
    assert as_admin.post(f"{path}edit/", changed).status_code == 302
    assert as_admin.post(f"{path}edit/", changed).status_code == 409
    assert as_admin.post(f"{path}close/", {"seen": "2"}).status_code == 302
    with scope(wecom.hospital_id):
        assert not JoinCode.objects.get().is_active
    assert "已停用" in text_of(as_admin, path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "糖尿病群"}, "会透露病情"),
        ({"base_name": "肿瘤康复"}, "会透露病情"),
        ({"base_name": ""}, "群名前缀"),
        ({"groups": []}, "必"),
        ({"groups": ["nobody"]}, ""),
        ({"base_number": "x"}, ""),
    ],
)
def test_a_bad_code_is_shown_again(
    as_admin: Client, wecom: Account, change: dict[str, object], words: str
) -> None:
    group = make_group(wecom)
    given = {
        "name": "院外群",
        "groups": [group.key],
        "rolls_over": "on",
        "base_name": "院外",
        "base_number": "1",
    }

    answer = as_admin.post(f"{PAGE}codes/new/", given | change)

    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_a_welcome_passes_the_guard_or_is_shown_again(as_admin: Client, wecom: Account) -> None:
    path = f"{PAGE}welcomes/new/"
    bad = as_admin.post(path, {"account": wecom.key, "text": "入群包治百病，保证根治"})
    assert bad.status_code == 422
    assert "不能发给患者" in bad.content.decode()

    assert as_admin.post(path, {"account": wecom.key, "text": "欢迎入群"}).status_code == 302

    with scope(wecom.hospital_id):
        welcome = GroupWelcome.objects.get()
    one = f"{PAGE}welcomes/{welcome.key}/"
    given = {"account": wecom.key, "text": "您好", "seen": "1"}
    assert as_admin.post(f"{one}edit/", given).status_code == 302
    assert as_admin.post(f"{one}edit/", given).status_code == 409
    assert as_admin.post(f"{one}remove/").status_code == 302
    assert as_admin.post(f"{one}remove/").status_code == 404


def test_a_group_is_handed_over_to_somebody_who_is_there(
    as_admin: Client, riverside: Hospital, wecom: Account
) -> None:
    group, taker = make_group(wecom), make_staff(riverside, role=Staff.Role.NURSE)
    with scope(riverside):
        Staff.objects.filter(pk=taker.pk).update(wecom_userid="ZhouMin")
        taker.refresh_from_db()
    path = f"{PAGE}{group.key}/"

    assert as_admin.post(f"{path}transfer/", {"to": "nobody"}).status_code == 422
    assert as_admin.post(f"{path}transfer/", {"to": taker.key}).status_code == 302
    assert as_admin.post(f"{path}transfer/", {"to": taker.key}).status_code == 409

    assert "正在移交" in text_of(as_admin, path)
    with scope(riverside):
        assert GroupTransfer.objects.get().kind == "on_job"


def test_comparing_and_reading_again_are_asked_for(as_admin: Client, wecom: Account) -> None:
    group = make_group(wecom)

    assert as_admin.post(f"{PAGE}compare/").status_code == 302
    assert as_admin.post(f"{PAGE}{group.key}/look/").status_code == 302

    with scope(wecom.hospital_id):
        assert GroupSync.objects.get().state == "open"
        assert Group.objects.get().read_due_at is not None
    assert "正在核对客户群" in text_of(as_admin, PAGE)


def test_the_chart_names_whose_numbers_it_shows(as_admin: Client, wecom: Account) -> None:
    group = make_group(wecom)
    path = f"{PAGE}{group.key}/"
    assert "平台不提供" in text_of(as_admin, path)
    today = time.today(wecom.hospital)
    with scope(wecom.hospital_id):
        GroupDay.objects.bulk_create(
            GroupDay(
                hospital_id=wecom.hospital_id,
                account=wecom,
                owner_userid="DrLi",
                day=today - timedelta(days=ago),
                group_count=1,
                member_count=10 + ago,
                new_member_count=1,
                message_count=5,
            )
            for ago in range(1, 4)
        )

    page = text_of(as_admin, path)

    assert page.count("<rect") == 3
    assert "平台只按群主统计" in page
    assert "群成员从 13 人到 11 人" in page


def test_the_list_costs_the_same_for_one_and_for_many(as_admin: Client, wecom: Account) -> None:
    make_group(wecom)
    as_admin.get(PAGE)
    with CaptureQueriesContext(connection) as one:
        as_admin.get(PAGE)
    for _number in range(5):
        make_group(wecom)
    with query_budget(len(one)):
        as_admin.get(PAGE)
