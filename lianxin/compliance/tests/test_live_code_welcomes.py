"""A welcome that would be stopped at sending is refused when it is saved, word by word."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from lianxin.channels import actions
from lianxin.channels.actions.live_codes import CodeContent, RosterLine
from lianxin.channels.models import Account, LiveCode
from lianxin.channels.printing import LANGUAGES, load_words
from lianxin.compliance.queries import check_wording
from lianxin.compliance.rules.guard import is_blocked
from lianxin.core.errors import RefusedError
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.staff.models import Staff
from lianxin.testing.channels import make_account

BAD = "您好，我们保证治好您的病，治愈率 100%。"
GOOD = "您好，有事请在这里留言。"


@pytest.fixture
def wecom(riverside: Hospital) -> Account:
    return make_account(riverside)


@pytest.fixture
def code(wecom: Account, zhou: Staff, admin: Staff) -> LiveCode:
    with scope(wecom.hospital_id):
        return actions.create_live_code(wecom, "门诊", staff=zhou, by=admin, welcome_text=GOOD)


def blocked_words(hospital: Hospital, text: str) -> list[str]:
    findings = check_wording(hospital.pk, text, "automatic")
    return [one.words for one in findings if one.severity == "block"]


def edit_data(code: LiveCode, zhou: Staff, welcome: str) -> dict[str, object]:
    return {
        "seen": code.revision,
        "name": code.name,
        "welcome_text": welcome,
        "roster-TOTAL_FORMS": 1,
        "roster-INITIAL_FORMS": 0,
        "roster-0-staff": zhou.key,
    }


def test_an_edit_names_every_refused_word_and_why(
    as_admin: Client, riverside: Hospital, code: LiveCode, zhou: Staff
) -> None:
    answer = as_admin.post(f"/settings/codes/{code.key}/edit/", edit_data(code, zhou, BAD))

    words = blocked_words(riverside, BAD)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert len(words) >= 2
    assert all(f"「{one}」不能发给患者" in page for one in words)
    assert "承诺疗效" in page
    with scope(riverside):
        assert LiveCode.objects.get(pk=code.pk).welcome_text == GOOD


def test_a_new_code_with_refused_words_is_not_made(
    as_admin: Client, riverside: Hospital, wecom: Account, zhou: Staff
) -> None:
    data = {"name": "海报", "account": wecom.key, "staff": zhou.key, "welcome_text": BAD}

    answer = as_admin.post("/settings/codes/new/", data)

    assert answer.status_code == 422
    assert "不能发给患者" in answer.content.decode()
    with scope(riverside):
        assert not LiveCode.objects.exists()


def test_the_action_refuses_what_no_form_has_read(
    wecom: Account, code: LiveCode, zhou: Staff, admin: Staff
) -> None:
    content = CodeContent("门诊", welcome_text=BAD, roster=(RosterLine(zhou),))

    with scope(wecom.hospital_id):
        with pytest.raises(RefusedError, match="不能发给患者"):
            actions.change_live_code(code, content, seen=1, by=admin)
        with pytest.raises(RefusedError, match="不能发给患者"):
            actions.create_live_code(wecom, "海报", staff=zhou, by=admin, welcome_text=BAD)
        assert LiveCode.objects.get().revision == 1


def test_a_welcome_of_the_time_before_is_pointed_at(
    as_admin: Client, riverside: Hospital, code: LiveCode
) -> None:
    assert "中性欢迎语" not in as_admin.get(f"/settings/codes/{code.key}/").content.decode()
    with scope(riverside):
        LiveCode.objects.filter(pk=code.pk).update(welcome_text=BAD)

    page = as_admin.get(f"/settings/codes/{code.key}/").content.decode()

    assert "现在发的是核准的中性欢迎语" in page
    assert f"「{blocked_words(riverside, BAD)[0]}」不能发给患者" in page


def test_saving_and_sending_read_by_the_same_rules(
    as_admin: Client, riverside: Hospital, code: LiveCode, zhou: Staff
) -> None:
    texts = [GOOD, BAD, "您被诊断为高血压", "这不是诊断，请看医生", "请每天吃两片药"]

    for text in texts:
        with scope(riverside):
            code.refresh_from_db()
        answer = as_admin.post(f"/settings/codes/{code.key}/edit/", edit_data(code, zhou, text))
        stopped = is_blocked(check_wording(riverside.pk, text, "automatic"))
        assert answer.status_code == (422 if stopped else 302), text


@pytest.mark.parametrize("kind", [Account.Kind.WECOM_KF, Account.Kind.OFFICIAL_ACCOUNT])
def test_a_welcome_that_its_carrier_would_cut_is_refused_with_the_number_of_bytes(
    as_admin: Client, riverside: Hospital, zhou: Staff, admin: Staff, kind: str
) -> None:
    account = make_account(riverside, kind)
    data = {"name": "海报", "account": account.key, "staff": zhou.key, "welcome_text": "🌷" * 500}

    answer = as_admin.post("/settings/codes/new/", data)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "🌷" * 500 in page
    found = re.search(r"超出 (\d+) 字节", page)
    assert found
    excess = int(found[1])
    assert 0 < excess < 1000
    with scope(riverside):
        with pytest.raises(RefusedError, match=f"超出 {excess} 字节"):
            actions.create_live_code(account, "海报", staff=zhou, by=admin, welcome_text="🌷" * 500)
        assert not LiveCode.objects.exists()
    # What was said is true: so many bytes fewer go.
    shorter = data | {"welcome_text": "🌷" * (500 - excess // 4 - 1)}
    assert as_admin.post("/settings/codes/new/", shorter).status_code == 302
    with scope(riverside):
        made = LiveCode.objects.get()
    edit = edit_data(made, zhou, "🌷" * 500) | {"staff": zhou.key}
    answer = as_admin.post(f"/settings/codes/{made.key}/edit/", edit)
    assert (answer.status_code, f"超出 {excess} 字节" in answer.content.decode()) == (422, True)


def texts_of(words: object) -> list[str]:
    if isinstance(words, str):
        return [words]
    parts = words.values() if isinstance(words, dict) else words
    return [text for part in parts for text in texts_of(part)]  # type: ignore[attr-defined]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_printed_passes_the_guard(riverside: Hospital, language: str) -> None:
    texts = texts_of(load_words()[language])

    assert len(texts) > 30
    for text in texts:
        assert not is_blocked(check_wording(riverside.pk, text, "automatic")), text
