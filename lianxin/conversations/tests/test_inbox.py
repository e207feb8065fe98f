from __future__ import annotations

import pytest
from django.test import Client

from lianxin.channels.models import Account, Address
from lianxin.conversations import actions
from lianxin.conversations.models import Message, Thread
from lianxin.core.errors import RefusedError
from lianxin.core.models import AccessEntry, Hospital
from lianxin.core.scope import scope
from lianxin.staff.models import Staff
from lianxin.testing.budget import query_budget
from lianxin.testing.conversations import (
    make_talking_address,
    make_thread,
    make_web_message,
    receive,
    reload,
)
from lianxin.testing.guarded import assert_guarded
from lianxin.testing.patients import make_holder, make_holding, make_patient

HTMX = {"HX-Request": "true"}


def text_of(client: Client, url: str, **headers: str) -> str:
    response = client.get(url, headers=headers)
    assert response.status_code == 200
    return str(response.content.decode())


def make_named_thread(hospital: Hospital, name: str = "王建国", text: str = "你好") -> Thread:
    address = make_talking_address(hospital)
    make_holding(make_patient(hospital, name=name), make_holder(hospital, address=address))
    return reload(receive(address, text).thread)


def test_the_list_shows_danger_first_and_masks_names(
    as_lin: Client, riverside: Hospital, admin: Staff
) -> None:
    make_named_thread(riverside, "张小明", "药怎么吃")
    make_named_thread(riverside, "赵玉兰", "胸口压得慌")

    page = text_of(as_lin, "/inbox/?tab=all")

    assert page.index("赵*兰") < page.index("张*明")
    assert "张小明" not in page
    assert "急症词" in page
    assert "先看 1 条急症词" in page


def test_somebody_in_danger_whom_nobody_took_is_in_every_tab(
    as_lin: Client, lin: Staff, riverside: Hospital
) -> None:
    make_named_thread(riverside, "赵玉兰", "胸口压得慌")
    mine = make_named_thread(riverside, "张小明", "药怎么吃")
    make_named_thread(riverside, "王建国", "什么时候复诊")
    with scope(riverside):
        actions.assign_thread(mine, lin, by=lin, expected_id=None)

    for tab in ("mine", "team", "unassigned", "all"):
        assert "赵*兰" in text_of(as_lin, f"/inbox/?tab={tab}")
    page = text_of(as_lin, "/inbox/?tab=mine")
    assert "张*明" in page
    assert "王*国" not in page


def test_without_a_tab_one_sees_ones_own_talks_or_all(
    as_lin: Client, lin: Staff, riverside: Hospital
) -> None:
    others = make_named_thread(riverside, "王建国", "什么时候复诊")
    assert "王*国" in text_of(as_lin, "/inbox/")

    mine = make_named_thread(riverside, "张小明", "药怎么吃")
    with scope(riverside):
        actions.assign_thread(mine, lin, by=lin, expected_id=None)

    page = text_of(as_lin, "/inbox/")
    assert mine.key in page
    assert others.key not in page


def test_an_empty_inbox_says_what_will_never_come(as_lin: Client) -> None:
    assert "企业微信里的一对一聊天不会出现" in text_of(as_lin, "/inbox/")


def test_opening_a_thread_is_in_the_access_log_and_reads_it(
    as_lin: Client, lin: Staff, riverside: Hospital
) -> None:
    thread = make_named_thread(riverside)

    page = text_of(as_lin, f"/inbox/{thread.key}/?tab=mine")

    with scope(riverside):
        looks = AccessEntry.objects.filter(by_id=lin.pk, patient_id=thread.patient_id)
        assert set(looks.values_list("page", flat=True)) == {"conversations:thread"}
    assert "王*国" in page
    assert reload(thread).unread_count == 0


def test_the_window_of_customer_service_is_in_sight(as_lin: Client, riverside: Hospital) -> None:
    page = text_of(as_lin, f"/inbox/{make_thread(riverside).key}/")

    assert "微信客服 5/5" in page
    assert "还有 47" in page


def test_a_session_taken_in_the_client_is_read_only_and_says_why(
    as_lin: Client, riverside: Hospital
) -> None:
    thread = make_thread(riverside)
    with scope(riverside):
        Address.objects.filter(pk=thread.last_address_id or 0).update(session_state=3)

    page = text_of(as_lin, f"/inbox/{thread.key}/")

    assert "这里只能看" in page
    assert "打电话" in page
    assert "is-read-only" in page


def test_a_new_message_brings_its_way_of_answering(as_lin: Client, riverside: Hospital) -> None:
    thread = make_thread(riverside)
    before = text_of(as_lin, f"/inbox/{thread.key}/messages/?state=open")
    with scope(riverside):
        Account.objects.create(hospital=riverside, kind=Account.Kind.WEBCHAT, name="网页")
    make_web_message(thread.holder, "改在网页上问")
    after = text_of(as_lin, f"/inbox/{thread.key}/messages/?state=open")

    assert "<b>微信客服 5/5</b>" in before
    assert "<b>网页</b>" in after
    assert 'id="lx-ib-ways"' in after
    assert 'id="lx-ib-composer"' not in after, "the draft stays as it is"


def test_a_composer_that_was_closed_opens_with_the_new_message(
    as_lin: Client, riverside: Hospital
) -> None:
    thread = make_thread(riverside)

    page = text_of(as_lin, f"/inbox/{thread.key}/messages/?state=read-only")

    assert 'id="lx-ib-composer"' in page
    assert 'hx-swap-oob="true"' in page
    assert "is-read-only" not in page


def test_an_answer_by_htmx_empties_the_composer(as_lin: Client, riverside: Hospital) -> None:
    thread = make_thread(riverside)

    response = as_lin.post(f"/inbox/{thread.key}/replies/", {"text": "好的"}, headers=HTMX)

    assert response.status_code == 200
    assert response["HX-Trigger-After-Settle"] == "message-said"
    assert "正在发送" in text_of(as_lin, f"/inbox/{thread.key}/messages/")


def test_an_answer_that_would_be_cut_is_refused_and_stays_typed(
    as_lin: Client, lin: Staff, riverside: Hospital
) -> None:
    thread = make_thread(riverside)
    typed = "🌷" * 520

    response = as_lin.post(f"/inbox/{thread.key}/replies/", {"text": typed}, headers=HTMX)

    page = response.content.decode()
    assert response.status_code == 422
    assert "超出 32 字节" in page
    assert typed in page
    with scope(riverside):
        with pytest.raises(RefusedError, match="超出 32 字节"):
            actions.send_reply(thread, typed, by=lin)
        assert not Message.objects.filter(sender_kind=Message.Sender.STAFF).exists()
    # A note goes nowhere: no carrier counts its bytes.
    noted = as_lin.post(f"/inbox/{thread.key}/notes/", {"text": typed}, headers=HTMX)
    assert noted.status_code == 200


def test_an_answer_without_a_script_leads_back(as_lin: Client, riverside: Hospital) -> None:
    thread = make_thread(riverside)

    response = as_lin.post(f"/inbox/{thread.key}/replies/", {"text": "好的"})

    assert response.status_code == 302


def test_forbidden_words_are_marked_and_stop_the_button(
    as_lin: Client, riverside: Hospital
) -> None:
    thread = make_thread(riverside)

    response = as_lin.post(f"/inbox/{thread.key}/wording/", {"text": "别担心，保证治好。"})

    page = response.content.decode()
    assert "<u>" in page
    assert "改好" in page
    assert "disabled" in page
    assert "替换" in page


def test_a_refusal_is_shown_with_reason_and_alternatives(
    as_lin: Client, riverside: Hospital
) -> None:
    thread = make_thread(riverside)
    as_lin.post(f"/inbox/{thread.key}/replies/", {"text": "好的"})
    with scope(riverside):
        Message.objects.filter(sender_kind="staff").update(
            delivery_state="refused", reason_code="kf_time", reason_facts={"hours": 48}
        )

    page = text_of(as_lin, f"/inbox/{thread.key}/messages/")

    assert "没有发出" in page
    assert "已超过 48 小时" in page
    assert "等患者再发一条消息" in page


def test_script_in_a_message_stays_text(as_lin: Client, riverside: Hospital) -> None:
    thread = make_thread(riverside, "<script>alert(1)</script> 胸痛")

    page = text_of(as_lin, f"/inbox/{thread.key}/")

    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_taking_closing_and_settling_by_the_buttons(
    as_lin: Client, lin: Staff, riverside: Hospital, admin: Staff
) -> None:
    thread = make_thread(riverside, "胸口疼")
    url = f"/inbox/{thread.key}/"

    as_lin.post(f"{url}assignee/", {"staff": lin.key, "expected": ""})
    as_lin.post(f"{url}danger/settled/")
    done = as_lin.post(f"{url}closing/", {"kind": "admin", "outcome": "answered"})

    thread = reload(thread)
    assert done.status_code == 302
    assert (thread.assignee_id, thread.urgency_category, thread.state) == (lin.pk, "", "closed")


def test_taking_what_a_colleague_took_is_refused(
    as_lin: Client, lin: Staff, zhou: Staff, riverside: Hospital
) -> None:
    thread = make_thread(riverside)
    url = f"/inbox/{thread.key}/assignee/"
    as_lin.post(url, {"staff": zhou.key, "expected": ""})

    response = as_lin.post(url, {"staff": lin.key, "expected": ""}, headers=HTMX)

    assert response.status_code == 409


@pytest.mark.parametrize("tab", ["mine", "team", "unassigned", "all", "nonsense"])
@pytest.mark.parametrize("show", ["", "unread", "closing", "closed", "nonsense"])
def test_every_filter_answers(as_lin: Client, riverside: Hospital, tab: str, show: str) -> None:
    make_thread(riverside)

    text_of(as_lin, f"/inbox/lines/?tab={tab}&show={show}&page=x&since=never")


def test_the_pages_speak_english(as_lin: Client, riverside: Hospital) -> None:
    thread = make_named_thread(riverside)
    as_lin.cookies["lx_language"] = "en"

    page = text_of(as_lin, f"/inbox/{thread.key}/")

    assert "Private note" in page
    assert "内部备注" not in page


PATHS = [
    ("", "GET", "message.read", None),
    ("messages/", "GET", "message.read", None),
    ("replies/", "POST", "message.send", {"text": ""}),
    ("notes/", "POST", "message.send", {"text": ""}),
    ("wording/", "POST", "message.send", None),
    ("assignee/", "POST", "message.send", None),
    ("closing/", "POST", "message.send", {"outcome": "nonsense"}),
    ("reading/", "POST", "message.read", None),
    ("danger/settled/", "POST", "message.send", None),
]


@pytest.mark.parametrize(("path", "method", "permission", "bad"), PATHS)
def test_every_endpoint_is_guarded(
    riverside: Hospital, path: str, method: str, permission: str, bad: dict[str, str] | None
) -> None:
    url = f"/inbox/{make_thread(riverside).key}/{path}"

    assert_guarded(url, method, hospital=riverside, permission=permission, bad=bad)


@pytest.mark.parametrize("url", ["/inbox/", "/inbox/lines/"])
def test_the_lists_are_guarded(riverside: Hospital, url: str) -> None:
    assert_guarded(url, "GET", hospital=riverside, permission="message.read", has_object=False)


def test_the_list_costs_the_same_for_one_and_for_forty(as_lin: Client, riverside: Hospital) -> None:
    make_named_thread(riverside)
    with query_budget(LINES_QUERIES):
        as_lin.get("/inbox/lines/?tab=all")
    for _ in range(39):
        make_named_thread(riverside)
    with query_budget(LINES_QUERIES):
        as_lin.get("/inbox/lines/?tab=all")


# Nine for who asks and in which hospital, two to leave it; threads, the keys of talks and patients,
# the patients, the team, the counts, the access log.
LINES_QUERIES = 17
