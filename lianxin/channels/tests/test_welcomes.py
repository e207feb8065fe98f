"""Which welcome goes: one and only one, for any time and any person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from lianxin.channels import actions, queries, rules
from lianxin.channels.actions.live_codes import CodeContent, RosterLine
from lianxin.channels.adapters.base import Inbound
from lianxin.channels.models import Account, Arrival, LiveCode
from lianxin.channels.queries import facts_of
from lianxin.channels.rules import Circumstance, DutyHours, Welcome, choose_welcome
from lianxin.core import time
from lianxin.core.errors import RefusedError
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.staff.models import Staff
from lianxin.testing.channels import make_account

MONDAY_TEN = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
NIGHTS = tuple(DutyHours(day, 20 * 60, 8 * 60) for day in range(7))
# Wednesday, at the hospital: eight hours ahead.
NOON, NIGHT = datetime(2026, 3, 4, 4, 0, tzinfo=UTC), datetime(2026, 3, 4, 14, 0, tzinfo=UTC)

minutes = st.integers(0, 24 * 60 - 1)
stretches = st.builds(DutyHours, st.integers(0, 6), minutes, minutes)
welcomes = st.lists(
    st.builds(
        Welcome,
        st.text(min_size=1, max_size=5),
        st.sampled_from([rules.ANYONE, rules.FIRST, rules.RETURNING]),
        st.sampled_from([rules.ALWAYS, rules.IN_HOURS, rules.NOBODY_ON_DUTY]),
        st.lists(stretches, max_size=3).map(tuple),
    ),
    max_size=rules.MOST_WELCOMES,
)
circumstances = st.builds(
    Circumstance,
    st.integers(0, 7 * 24 * 60).map(lambda minute: MONDAY_TEN + timedelta(minutes=minute)),
    st.booleans(),
    st.booleans(),
)


@settings(deadline=None)
@given(welcomes, circumstances)
def test_exactly_one_welcome_goes(found: list[Welcome], circumstance: Circumstance) -> None:
    chosen = choose_welcome("default", found, circumstance)

    fitting = [n for n, one in enumerate(found, start=1) if one.fits(circumstance)]
    assert chosen.number == (fitting[0] if fitting else 0)
    assert chosen.text == (found[chosen.number - 1].text if chosen.number else "default")


@settings(deadline=None)
@given(circumstances)
def test_without_circumstances_the_default_goes(circumstance: Circumstance) -> None:
    assert choose_welcome("default", (), circumstance) == (0, "default")


@settings(deadline=None)
@given(welcomes, circumstances)
def test_first_and_returning_never_get_each_others(
    found: list[Welcome], circumstance: Circumstance
) -> None:
    number = choose_welcome("default", found, circumstance).number
    whom = found[number - 1].whom if number else rules.ANYONE

    assert whom != (rules.FIRST if circumstance.is_returning else rules.RETURNING)


@pytest.mark.parametrize(
    ("hour", "is_returning", "is_on_duty", "text"),
    [
        (10, False, True, "default"),
        (10, True, True, "back"),
        (10, False, False, "nobody"),
        (21, False, True, "night"),
        (3, False, True, "night"),  # past midnight
        (8, False, True, "default"),  # the end is not in it
        (21, True, False, "back"),  # the first that fits
    ],
)
def test_the_first_that_fits_goes(
    hour: int, is_returning: bool, is_on_duty: bool, text: str
) -> None:
    found = (
        Welcome("back", whom=rules.RETURNING),
        Welcome("night", when=rules.IN_HOURS, hours=NIGHTS),
        Welcome("nobody", when=rules.NOBODY_ON_DUTY),
    )
    at = MONDAY_TEN.replace(hour=hour)

    assert choose_welcome("default", found, Circumstance(at, is_returning, is_on_duty)).text == text


# ---- through the pages --------------------------------------------------------------------


@pytest.fixture
def wecom(riverside: Hospital) -> Account:
    return make_account(riverside)


@pytest.fixture
def code(wecom: Account, zhou: Staff, admin: Staff) -> LiveCode:
    with scope(wecom.hospital_id):
        return actions.create_live_code(wecom, "门诊", staff=zhou, by=admin, welcome_text="您好。")


def post(client: Client, code: LiveCode, zhou: Staff, *lines: dict[str, Any]) -> Any:
    data: dict[str, Any] = {
        "seen": code.revision,
        "name": code.name,
        "welcome_text": "您好。",
        "roster-TOTAL_FORMS": 1,
        "roster-INITIAL_FORMS": 0,
        "roster-0-staff": zhou.key,
        "roster-0-days": ["0", "1", "2", "3", "4"],
        "roster-0-starts": "08:00",
        "roster-0-ends": "18:00",
        "welcomes-TOTAL_FORMS": len(lines),
        "welcomes-INITIAL_FORMS": 0,
    }
    for number, line in enumerate(lines):
        data |= {f"welcomes-{number}-{name}": value for name, value in line.items()}
    return client.post(f"/settings/codes/{code.key}/edit/", data)


BACK = {"text": "欢迎回来。", "whom": "returning", "when": "always"}
OFF = {"text": "现在没有人值班，上班后回复您。", "whom": "anyone", "when": "nobody_on_duty"}
EVENING = {
    "text": "晚上好。",
    "whom": "first",
    "when": "in_hours",
    "days": ["2"],
    "starts": "18:00",
    "ends": "23:00",
}


def fresh(code: LiveCode) -> LiveCode:
    with scope(code.hospital_id):
        return LiveCode.objects.select_related("hospital", "staff").get(pk=code.pk)


def test_welcomes_are_saved_in_their_order_and_shown(
    as_admin: Client, code: LiveCode, zhou: Staff
) -> None:
    assert post(as_admin, code, zhou, BACK, EVENING, OFF, {"text": ""}).status_code == 302

    saved = fresh(code)
    assert [one["text"] for one in saved.welcomes] == [BACK["text"], EVENING["text"], OFF["text"]]
    assert saved.welcomes[1]["hours"] == [[2, 1080, 1380]]
    edit = as_admin.get(f"/settings/codes/{code.key}/edit/").content.decode()
    assert edit.count('name="welcomes-') >= 4
    assert 'value="18:00"' in edit


def test_the_page_says_which_would_go_now_and_why(
    as_admin: Client, code: LiveCode, zhou: Staff
) -> None:
    post(as_admin, code, zhou, BACK, EVENING, OFF)

    with time_machine.travel(NOON, tick=False):
        page = as_admin.get(f"/settings/codes/{code.key}/").content.decode()
    assert "现在是周三 12:00，有人值班" in page
    assert page.index("现在回来的人收到这条") < page.index("欢迎回来。")
    assert page.index("其他情况（默认）") < page.index("现在第一次来的人收到这条")

    with time_machine.travel(NIGHT, tick=False):
        page = as_admin.get(f"/settings/codes/{code.key}/").content.decode()
    assert "现在是周三 22:00，没有人值班" in page
    assert page.index("现在第一次来的人收到这条") < page.index("晚上好。")


def test_versions_keep_the_welcomes(as_admin: Client, code: LiveCode, zhou: Staff) -> None:
    post(as_admin, code, zhou, OFF)
    post(as_admin, fresh(code), zhou)

    page = as_admin.get(f"/settings/codes/{code.key}/").content.decode()
    assert f"<del>所有人，没有人值班时：{OFF['text']}</del>" in page
    assert f"<ins>所有人，没有人值班时：{OFF['text']}</ins>" in page
    assert fresh(code).welcomes == []


def test_a_page_without_welcomes_leaves_them(as_admin: Client, code: LiveCode, zhou: Staff) -> None:
    post(as_admin, code, zhou, OFF)
    data = {
        "seen": 2,
        "name": "新名称",
        "roster-TOTAL_FORMS": 1,
        "roster-INITIAL_FORMS": 0,
        "roster-0-staff": zhou.key,
    }

    assert as_admin.post(f"/settings/codes/{code.key}/edit/", data).status_code == 302

    assert [one["text"] for one in fresh(code).welcomes] == [OFF["text"]]


def test_a_welcome_at_two_times_of_day_is_shown_as_two_lines(
    as_admin: Client, code: LiveCode, zhou: Staff, admin: Staff
) -> None:
    hours = (DutyHours(0, 360, 480), DutyHours(1, 360, 480), DutyHours(0, 1200, 1320))
    both = Welcome("早晚好。", when=rules.IN_HOURS, hours=hours)
    content = CodeContent("门诊", welcomes=(both,), roster=(RosterLine(zhou),))
    with scope(code.hospital_id):
        actions.change_live_code(code, content, seen=1, by=admin)

    page = as_admin.get(f"/settings/codes/{code.key}/edit/").content.decode()

    assert page.count("早晚好。") == 2
    assert 'value="06:00"' in page
    assert 'value="20:00"' in page


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ({"text": "您好", "whom": "anyone", "when": "always"}, "请写在默认欢迎语里"),
        ({"text": "您好"}, "请写在默认欢迎语里"),
        ({"text": "", "whom": "first"}, "还没有写欢迎语"),
        (BACK | {"days": ["1"]}, "选定的时间"),
        (BACK | {"when": "in_hours"}, "请填星期或时间"),
        (EVENING | {"ends": ""}, "两头都填"),
        (EVENING | {"starts": "25:99"}, "lx-field-error"),
        (EVENING | {"days": ["7"]}, "lx-field-error"),
        (BACK | {"whom": "everybody"}, "lx-field-error"),
        (BACK | {"text": "字" * 601}, "lx-field-error"),
        (BACK | {"text": "我们保证治好您的病"}, "不能发给患者"),
    ],
)
def test_a_bad_welcome_is_shown_again(
    as_admin: Client, code: LiveCode, zhou: Staff, line: dict[str, Any], sentence: str
) -> None:
    answer = post(as_admin, code, zhou, line)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert fresh(code).revision == 1


@pytest.mark.parametrize("total", ["9999999", "x", "-1", "11"])
def test_more_than_ten_are_refused(
    as_admin: Client, code: LiveCode, zhou: Staff, total: str
) -> None:
    data: dict[str, Any] = {
        "seen": 1,
        "name": "门诊",
        "roster-TOTAL_FORMS": 1,
        "roster-INITIAL_FORMS": 0,
    }
    data |= {"roster-0-staff": zhou.key, "welcomes-TOTAL_FORMS": total}
    data |= {f"welcomes-{n}-text": "您好" for n in range(11)}
    data |= {f"welcomes-{n}-whom": "first" for n in range(11)}

    answer = as_admin.post(f"/settings/codes/{code.key}/edit/", data)

    assert answer.status_code == 422
    assert "lx-notice is-danger" in answer.content.decode()
    assert fresh(code).revision == 1


def test_the_action_refuses_what_no_form_has_read(
    code: LiveCode, zhou: Staff, admin: Staff
) -> None:
    def change(*found: Welcome) -> None:
        content = CodeContent("门诊", welcomes=found, roster=(RosterLine(zhou),))
        actions.change_live_code(code, content, seen=1, by=admin)

    with scope(code.hospital_id):
        with pytest.raises(RefusedError, match="默认欢迎语"):
            change(Welcome("您好"))
        with pytest.raises(RefusedError, match="最多 10 条"):
            change(*[Welcome("您好", whom=rules.FIRST)] * 11)
        with pytest.raises(RefusedError, match="不能发给患者"):
            change(Welcome("保证治好", whom=rules.FIRST))


# ---- who has come before ------------------------------------------------------------------


def arrive(account: Account, event: str, kind: str, minute: int, person: str = "wmWang") -> None:
    inbound = Inbound(
        event=event,
        arrival_key=f"{event}:{person}:{minute}",
        occurred_at=NOON + timedelta(minutes=minute),
        received_at=NOON + timedelta(minutes=minute),
        kind=kind,
        external_id=person,
        staff_userid="DrLi",
    )
    actions.take_in(facts_of(account), [inbound])


def returned(account: Account) -> list[bool]:
    added = Arrival.objects.filter(account=account, event="contact.added").order_by("occurred_at")
    return [
        queries.has_come_before(one.hospital_id, one.address_id, one.occurred_at) for one in added
    ]


def test_who_left_and_comes_again_is_known(wecom: Account) -> None:
    with scope(wecom.hospital_id):
        arrive(wecom, "contact.added", "full", 0, "wmOther")
        arrive(wecom, "contact.added", "half", 1)
        arrive(wecom, "contact.added", "full", 2)
        arrive(wecom, "contact.removed", "by_patient", 3)
        arrive(wecom, "contact.added", "full", 4)

        assert returned(wecom) == [False, False, False, True]


def test_a_late_goodbye_does_not_change_the_welcome_of_before(wecom: Account) -> None:
    with scope(wecom.hospital_id):
        arrive(wecom, "contact.added", "full", 2)
        arrive(wecom, "contact.removed", "by_patient", 9)

        assert returned(wecom) == [False]


def test_the_choice_for_an_arrival_stays_the_same(
    as_admin: Client, code: LiveCode, wecom: Account, zhou: Staff
) -> None:
    post(as_admin, code, zhou, BACK, OFF)
    with scope(wecom.hospital_id):
        arrive(wecom, "contact.added", "full", 0)
        arrival = Arrival.objects.get()
        for moment in (NOON, NIGHT, time.now()):
            with time_machine.travel(moment, tick=False):
                assert queries.welcome_for_arrival(fresh(code), arrival.pk) == (0, "您好。")
