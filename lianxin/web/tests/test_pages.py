"""The pages that belong to no room, and what every answer carries."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse


def test_every_answer_carries_the_policy(client: Client, db: None) -> None:
    policy = client.get(reverse("account_login")).headers["Content-Security-Policy"]

    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "frame-ancestors" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(("language", "word"), [("zh-hans", "登录工作台"), ("en", "Sign in to")])
def test_the_sign_in_page_speaks_both_languages(
    client: Client, db: None, language: str, word: str
) -> None:
    client.cookies["lx_language"] = language

    page = client.get(reverse("account_login")).content.decode()

    assert word in page
    assert f'lang="{"en" if language == "en" else "zh-Hans"}"' in page


def test_the_language_is_chinese_until_chosen(client: Client, db: None) -> None:
    page = client.get(reverse("account_login"), headers={"Accept-Language": "en-GB"})

    assert "登录工作台" in page.content.decode()


def test_a_switch_is_remembered_and_leads_back(client: Client, db: None) -> None:
    answer = client.post(reverse("web:theme"), {"theme": "dark", "next": "/today/"})

    assert answer.headers["Location"] == "/today/"
    assert answer.cookies["lx_theme"].value == "dark"


@pytest.mark.parametrize("target", ["https://elsewhere.example/", "//elsewhere.example/", ""])
def test_a_switch_never_leads_to_another_site(client: Client, db: None, target: str) -> None:
    answer = client.post(reverse("web:language"), {"language": "en", "next": target})

    assert answer.headers["Location"] == "/"


def test_switches_only_post(client: Client, db: None) -> None:
    for name in ("web:theme", "web:language", "web:elder"):
        assert client.get(reverse(name)).status_code == 405


def test_a_wrong_password_is_explained_at_the_form(client: Client, db: None) -> None:
    answer = client.post(reverse("account_login"), {"login": "nobody", "password": "wrong-wrong"})

    assert "lx-notice is-danger" in answer.content.decode()


def test_the_offline_page_needs_nobody(client: Client, db: None) -> None:
    assert "tel:120" in client.get(reverse("web:offline")).content.decode()


def test_a_missing_page_is_told_in_words(client: Client, db: None) -> None:
    assert "没有找到这一页" in client.get("/no/such/page/").content.decode()
    assert "请回到「今日」重新进入" in client.get("/p/no/such/page/").content.decode()


def test_the_component_page_shows_every_component(as_lin: Client) -> None:
    page = as_lin.get(reverse("web:components")).content.decode()

    for css in ("lx-row", "lx-pill", "lx-chip", "lx-tile", "lx-pager", "lx-empty", "lx-dialog"):
        assert css in page
    assert "林护士" in page


def test_the_component_page_is_for_staff(client: Client, db: None) -> None:
    assert client.get(reverse("web:components")).status_code == 302


@pytest.mark.parametrize("name", ["mfa_index", "account_logout"])
def test_account_pages_stand_in_our_frame(as_lin: Client, name: str) -> None:
    page = as_lin.get(reverse(name), follow=True).content.decode()

    assert "web/console.css" in page
