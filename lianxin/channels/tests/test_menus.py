"""The menu of an Official Account: what the provider takes, and the page that edits it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from lianxin.channels.adapters.reactions import read_limits
from lianxin.channels.catalog import proposed_menu
from lianxin.channels.models import Account, OfficialMenu
from lianxin.channels.rules import menus as rules
from lianxin.channels.wording import refused_words
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.testing.channels import make_account

LIMITS = read_limits()["menu"]


@pytest.fixture
def official(riverside: Hospital) -> Account:
    return make_account(riverside, Account.Kind.OFFICIAL_ACCOUNT)


def button(name: str = "咨询", kind: str = "page", value: str = "/p/chat/") -> dict[str, Any]:
    return {"name": name, "kind": kind, "value": value}


@pytest.mark.parametrize(
    ("one", "is_sub", "fault"),
    [
        (button(), False, ""),
        (button(""), False, "no_name"),
        (button("五个汉字好"), False, ""),
        (button("六个汉字太长"), False, "long_name"),
        (button("六个汉字太长"), True, ""),
        (button("字" * 21), True, "long_name"),
        (button(value=""), False, "no_value"),
        (button(value="/settings/"), False, "no_page"),
        (button(kind="url", value="http://example.org"), False, "no_url"),
        (button(kind="url", value="https://example.org/" + "a" * 1024), False, "long_url"),
        (button(kind="url", value="javascript:alert(1)"), False, "no_url"),
        (button(kind="answer", value="急症请拨 120"), True, ""),
        (button(kind="answer", value="字" * 683), True, "long_answer"),
        (button(kind="group") | {"sub": [button()]}, True, "nested"),
        (button(kind="group") | {"sub": []}, False, "sub_count"),
        (button(kind="group") | {"sub": [button()] * 6}, False, "sub_count"),
    ],
)
def test_what_the_provider_would_not_take(one: dict[str, Any], is_sub: bool, fault: str) -> None:
    assert rules.find_fault(one, LIMITS, is_sub=is_sub) == fault


@given(st.text(min_size=1), st.text())
def test_a_key_finds_its_own_words_only(text: str, other: str) -> None:
    menu = [button(kind="group") | {"sub": [button(kind="answer", value=text)]}]

    assert rules.find_answer(menu, rules.answer_key(text)) == text
    if other != text:
        assert rules.find_answer(menu, rules.answer_key(other)) == ""
    assert rules.find_answer(menu, other) == ""


@pytest.mark.parametrize("language", ["zh-hans", "en", "xx"])
def test_the_proposed_menu_may_be_published(in_riverside: Hospital, language: str) -> None:
    menu = proposed_menu(language)

    for one in menu:
        assert not rules.find_fault(one, LIMITS, is_sub=False)
        assert not any(rules.find_fault(sub, LIMITS, is_sub=True) for sub in one.get("sub", ()))
    answers = [one["value"] for one in rules.walk(menu) if one["kind"] == "answer"]
    assert answers
    assert not any(refused_words(in_riverside.pk, text) for text in answers)


def test_the_page_proposes_saves_and_refuses(
    as_admin: Client, official: Account, riverside: Hospital
) -> None:
    url = f"/settings/channels/{official.key}/menu/"
    page = as_admin.get(url).content.decode()
    assert "我的连接" in page
    given = {
        "revision": "0",
        "b1-name": "咨询",
        "b1-kind": "page",
        "b1-page": "/p/chat/",
        "b2-name": "服务",
        "b2-kind": "group",
        "b2-1-name": "急症怎么办",
        "b2-1-kind": "answer",
        "b2-1-value": "急症请拨 120。",
    }

    assert as_admin.post(url, given).status_code == 302
    with scope(riverside):
        menu = OfficialMenu.objects.get(account=official)
    assert [one["name"] for one in menu.buttons] == ["咨询", "服务"]
    bad = given | {"b2-1-value": "保证治好", "b1-name": "名字太长了吧", "revision": "1"}
    refused = as_admin.post(url, bad)
    assert refused.status_code == 422
    assert "不能发给患者" in refused.content.decode()
    assert "最多 5 个汉字" in refused.content.decode()
    # Somebody else has saved meanwhile.
    assert as_admin.post(url, given | {"revision": "7"}).status_code == 409
    assert as_admin.post(url, {"revision": "x"}).status_code == 422
    assert "正在发布" in as_admin.get(url).content.decode()


def test_other_accounts_have_no_menu(as_admin: Client, riverside: Hospital) -> None:
    kf = make_account(riverside, Account.Kind.WECOM_KF)

    assert as_admin.get(f"/settings/channels/{kf.key}/menu/").status_code == 404
