"""The page of the allow-list: what leaves, under which words, and taking it back."""

from __future__ import annotations

import pytest
from django.test import Client

from lianxin.channels import actions, queries
from lianxin.channels.models import Account, CorpTag, Relation, RelationTag
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.staff.models import Staff
from lianxin.testing.channels import make_account, make_address
from lianxin.testing.staff import make_staff

GIVEN = {"code": "出院患者", "name": "连心 已出院", "group_name": "连心"}


@pytest.fixture
def wecom(riverside: Hospital) -> Account:
    return make_account(riverside)


def allow(account: Account, code: str = "出院患者") -> CorpTag:
    with scope(account.hospital_id):
        by = SystemActor(account.hospital_id)
        return actions.allow_tag(account, code=code, name=code, group_name="连心", by=by)


def test_the_exact_words_are_shown_before_anything_leaves(as_admin: Client, wecom: Account) -> None:
    given = GIVEN | {"account": wecom.key}

    shown = as_admin.post("/settings/tags/new/", given).content.decode()

    assert "连心 › 连心 已出院" in shown
    with scope(wecom.hospital_id):
        assert not CorpTag.objects.exists()


def test_a_confirmed_tag_stands_in_the_list_with_who_allowed_it(
    as_admin: Client, wecom: Account, admin: Staff
) -> None:
    given = GIVEN | {"account": wecom.key, "confirmed": "1"}

    assert as_admin.post("/settings/tags/new/", given).status_code == 302
    assert as_admin.post("/settings/tags/new/", given).status_code == 409

    with scope(wecom.hospital_id):
        assert CorpTag.objects.get().allowed_by_id == admin.pk
    page = as_admin.get("/settings/tags/").content.decode()
    assert "连心 › 连心 已出院" in page
    assert "1 个标签可以送出" in page


@pytest.mark.parametrize("field", ["code", "name", "group_name"])
def test_a_word_of_an_illness_is_refused_with_the_word(
    as_admin: Client, wecom: Account, field: str
) -> None:
    given = GIVEN | {"account": wecom.key, "confirmed": "1", field: "糖尿病随访"}

    answer = as_admin.post("/settings/tags/new/", given)

    assert answer.status_code == 422
    assert "会透露病情" in answer.content.decode()
    with scope(wecom.hospital_id):
        assert not CorpTag.objects.exists()


@pytest.mark.parametrize("given", [{}, {"account": "nobody", "code": "x" * 70, "name": "n" * 31}])
def test_a_bad_form_is_shown_again(as_admin: Client, wecom: Account, given: dict[str, str]) -> None:
    assert as_admin.post("/settings/tags/new/", given).status_code == 422


def test_the_list_counts_who_carries_a_tag_and_what_was_kept_out(
    as_admin: Client, wecom: Account
) -> None:
    tag = allow(wecom)
    make_address(wecom, staff_userid="DrLi")
    with scope(wecom.hospital_id):
        CorpTag.objects.update(state="ready", tag_id="et1", seen_name=tag.name)
        relation = Relation.objects.get()
        actions.note_seen(relation.pk, ["et1", "et2", "et3"], read_at=time.now())
        assert RelationTag.objects.get().is_on
        assert queries.count_kept_out(wecom.hospital_id) == 2

    page = as_admin.get("/settings/tags/").content.decode()

    assert '<td class="is-number">1</td>' in page
    assert "另外贴了 2 个标签" in page


def test_withdrawing_says_so_and_works_once(as_admin: Client, wecom: Account) -> None:
    tag = allow(wecom)

    assert as_admin.post(f"/settings/tags/{tag.key}/withdraw/").status_code == 302
    assert as_admin.post(f"/settings/tags/{tag.key}/withdraw/").status_code == 409

    assert "正在撤出" in as_admin.get("/settings/tags/").content.decode()


def test_nothing_leaves_is_what_the_empty_page_says(as_admin: Client, wecom: Account) -> None:
    assert "什么标签都不会离开连心" in as_admin.get("/settings/tags/").content.decode()


@pytest.mark.parametrize(("role", "status"), [("privacy", 200), ("manager", 403)])
def test_the_privacy_officer_may_allow_and_a_manager_only_looks(
    riverside: Hospital, wecom: Account, role: str, status: int
) -> None:
    staff = make_staff(riverside, role=role)
    client = Client()
    assert staff.sign_in
    backend = "django.contrib.auth.backends.ModelBackend"
    client.force_login(staff.sign_in, backend=backend)

    assert client.get("/settings/tags/").status_code == 200
    assert client.get("/settings/tags/new/").status_code == status


def test_another_hospitals_tag_is_not_there(as_admin: Client, elsewhere: Hospital) -> None:
    theirs = allow(make_account(elsewhere))

    assert as_admin.post(f"/settings/tags/{theirs.key}/withdraw/").status_code == 404
