from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from lianxin.content import actions
from lianxin.content.models import Item, Reading, Revision
from lianxin.core import time
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.patients.models import Holding
from lianxin.staff.models import Staff
from lianxin.testing.budget import query_budget
from lianxin.testing.content import (
    make_author,
    make_draft,
    make_published,
    make_reviewer,
)
from lianxin.testing.guarded import assert_guarded, sign_in
from lianxin.testing.patients import make_holding, make_patient, sign_in_phone
from lianxin.testing.staff import make_staff

BODY = "## 量两遍\n\n两遍之间隔 1 分钟，都记下来。"


def body(response: object) -> str:
    return response.content.decode()  # type: ignore[attr-defined, no-any-return]


@pytest.fixture
def item(riverside: Hospital) -> Item:
    return make_published(riverside, title="在家量血压", body=BODY)


@pytest.fixture
def holding(riverside: Hospital) -> Holding:
    return make_holding(make_patient(riverside, name="张桂兰"))


@pytest.fixture
def phone(holding: Holding) -> Client:
    client: Client = sign_in_phone(Client(), holding.holder)
    return client


def readings(hospital: Hospital) -> list[Reading]:
    with scope(hospital):
        return list(Reading.objects.order_by("pk"))


def test_a_stranger_reads_what_is_published_and_leaves_no_name(
    client: Client, item: Item, riverside: Hospital
) -> None:
    response = client.get(reverse("content:read", args=[item.key]), {"d": "forwarded"})

    page = body(response)
    assert response.status_code == 200
    for words in (
        "在家量血压",
        "仅供参考",
        "何运营",
        "陈审核",
        "《家庭血压监测指南》",
        "听这篇文章",
    ):
        assert words in page
    assert "lx-tabs" not in page
    [reading] = readings(riverside)
    assert (reading.holder_id, reading.patient_id, reading.delivery_key) == (None, None, "")
    with scope(riverside):
        assert not Event.objects.filter(name="content.opened").exists()


def test_a_known_reader_is_counted_once_per_delivery(
    phone: Client, item: Item, holding: Holding, riverside: Hospital
) -> None:
    address = reverse("content:read", args=[item.key])
    for _ in range(3):
        phone.get(address, {"d": "delivery1"})
    phone.get(address, {"d": "delivery2"})

    assert [r.delivery_key for r in readings(riverside)] == ["delivery1", "delivery2"]
    with scope(riverside):
        events = Event.objects.filter(name="content.opened", patient_id=holding.patient_id)
        assert events.count() == 2
        assert {event.data["delivery_key"] for event in events} == {"delivery1", "delivery2"}


def test_robots_and_previews_are_no_readers(
    client: Client, item: Item, riverside: Hospital
) -> None:
    address = reverse("content:read", args=[item.key])
    client.get(address, headers={"user-agent": "SomeBot/1.0"})
    client.get(address, headers={"sec-purpose": "prefetch;prerender"})
    client.head(address)

    assert readings(riverside) == []


def test_the_depth_only_grows(phone: Client, item: Item, riverside: Hospital) -> None:
    phone.get(reverse("content:read", args=[item.key]))
    address = reverse("content:depth", args=[item.key])
    key = readings(riverside)[0].key

    for depth in (60, 20):
        response = phone.post(address, {"reading": key, "depth": depth})
        assert response.status_code == 204

    assert readings(riverside)[0].depth == 60


@pytest.mark.parametrize("typed", [{}, {"reading": "x", "depth": 101}, {"depth": "half"}])
def test_a_depth_that_is_none_is_refused(
    phone: Client, item: Item, typed: dict[str, object]
) -> None:
    assert phone.post(reverse("content:depth", args=[item.key]), typed).status_code == 422


def test_nobody_writes_into_anothers_reading(
    phone: Client, client: Client, item: Item, riverside: Hospital
) -> None:
    phone.get(reverse("content:read", args=[item.key]))
    typed = {"reading": readings(riverside)[0].key, "depth": 90}

    assert client.post(reverse("content:depth", args=[item.key]), typed).status_code == 404
    assert client.get(reverse("content:depth", args=[item.key])).status_code == 405


def test_drafts_and_unknown_pages_are_not_there(client: Client, riverside: Hospital) -> None:
    draft = make_draft(riverside)

    for key in (draft.item.key, "nosuchpage22"):
        assert client.get(reverse("content:read", args=[key])).status_code == 404
    assert client.post(reverse("content:read", args=[draft.item.key])).status_code == 405


def test_a_phone_of_another_hospital_reads_as_a_stranger(
    item: Item, elsewhere: Hospital, riverside: Hospital
) -> None:
    other: Client = sign_in_phone(Client(), make_holding(make_patient(elsewhere)).holder)

    assert other.get(reverse("content:read", args=[item.key])).status_code == 200
    assert readings(riverside)[0].holder_id is None


def test_a_correction_stands_on_top_of_the_page(
    client: Client, riverside: Hospital, admin: Staff
) -> None:
    item = make_published(riverside, body="两遍之间隔 5 分钟。")
    with scope(riverside):
        words = actions.Words(
            title="在家量血压",
            body="两遍之间隔 1 分钟。",
            sources=("指南",),
            review_due_on=time.today(riverside) + timedelta(days=300),
            correction_note="间隔写错了",
        )
        fix = actions.start_revision(item, words, by=make_author(riverside), is_correction=True)
        actions.submit_revision(fix, by=fix.author)
        actions.approve_revision(fix, seen_hash=fix.content_hash, by=make_reviewer(riverside))
        actions.publish_revision(fix, by=admin)

    page = body(client.get(reverse("content:read", args=[item.key])))

    assert "<del>两遍之间隔 5 分钟。</del>" in page
    assert "<ins>两遍之间隔 1 分钟。</ins>" in page
    assert "间隔写错了" in page


def test_the_whole_way_in_the_console(
    as_admin: Client, as_zhou: Client, riverside: Hospital, client: Client
) -> None:
    typed = {
        "code": "new-piece",
        "language": "zh-hans",
        "classification": "EDU",
        "dimension": "education",
        "title": "新的一篇",
        "body": BODY,
        "sources": "《指南》",
        "review_due_on": f"{time.today(riverside) + timedelta(days=300)}",
    }
    answer = as_admin.post(reverse("content:new"), typed)
    assert answer.status_code == 302
    with scope(riverside):
        draft = Revision.objects.select_related("item").get()
    path = [draft.item.key, draft.number]
    as_admin.post(reverse("content:submit", args=path))
    page = body(as_zhou.get(reverse("content:item", args=[draft.item.key])))
    assert draft.content_hash in page
    tick = {"seen_hash": draft.content_hash, "fits_sources": "on", "no_advice": "on"}
    as_zhou.post(reverse("content:comment", args=path), {"note": "写得清楚"})
    assert as_zhou.post(reverse("content:approve", args=path), tick).status_code == 302
    assert as_admin.post(reverse("content:publish", args=path)).status_code == 302

    assert client.get(reverse("content:read", args=[draft.item.key])).status_code == 200
    assert "写得清楚" in body(as_admin.get(reverse("content:item", args=[draft.item.key])))


def test_a_reviewer_who_ticks_nothing_approves_nothing(
    as_zhou: Client, riverside: Hospital
) -> None:
    draft = make_draft(riverside)
    with scope(riverside):
        actions.submit_revision(draft, by=draft.author)

    answer = as_zhou.post(
        reverse("content:approve", args=[draft.item.key, 1]), {"seen_hash": draft.content_hash}
    )

    assert answer.status_code == 422
    with scope(riverside):
        assert Revision.objects.get().state == "in_review"


def test_an_invalid_piece_comes_back_with_its_mistakes(as_admin: Client) -> None:
    answer = as_admin.post(reverse("content:new"), {"code": "No Good", "title": ""})

    assert answer.status_code == 422
    assert "lx-field-error" in body(answer)


def test_returning_and_withdrawing_need_a_reason(
    as_zhou: Client, as_admin: Client, item: Item
) -> None:
    assert (
        as_admin.post(reverse("content:withdraw", args=[item.key]), {"note": ""}).status_code == 409
    )
    answer = as_admin.post(reverse("content:withdraw", args=[item.key]), {"note": "有误"})
    assert answer.status_code == 302
    assert (
        as_zhou.post(reverse("content:return", args=[item.key, 1]), {"note": "x"}).status_code
        == 409
    )


def test_the_list_costs_the_same_for_one_and_for_ten(as_admin: Client, riverside: Hospital) -> None:
    make_draft(riverside)
    as_admin.get(reverse("content:list"))
    with CaptureQueriesContext(connection) as for_one:
        as_admin.get(reverse("content:list"))
    for _ in range(9):
        make_draft(riverside)
    with query_budget(len(for_one)):
        as_admin.get(reverse("content:list"))


@pytest.mark.parametrize("query", ["?state=draft", "?q=血压", "?page=99", "?state=%27"])
def test_the_list_takes_any_question(as_admin: Client, item: Item, query: str) -> None:
    assert as_admin.get(reverse("content:list") + query).status_code == 200
    assert as_admin.get(reverse("content:item", args=[item.key]) + "?version=1").status_code == 200
    assert as_admin.get(reverse("content:item", args=[item.key]) + "?version=7").status_code == 404


def test_every_page_is_guarded(riverside: Hospital, item: Item) -> None:
    first = [item.key, 1]
    pages: list[tuple[str, list[object], str, tuple[str, ...], dict[str, str] | None]] = [
        ("item", [item.key], "content.read", ("GET",), None),
        ("edit", [item.key], "content.edit", ("GET", "POST"), {"title": ""}),
        ("withdraw", [item.key], "content.publish", ("POST",), {"note": "x" * 2001}),
        ("submit", first, "content.edit", ("POST",), None),
        ("comment", first, "content.read", ("POST",), {"note": "x" * 2001}),
        ("return", first, "content.review", ("POST",), {"note": "x" * 2001}),
        ("approve", first, "content.review", ("POST",), {"seen_hash": "x"}),
        ("publish", first, "content.publish", ("POST",), None),
    ]
    for name, args, permission, methods, bad in pages:
        assert_guarded(
            reverse(f"content:{name}", args=args),
            methods[0],
            hospital=riverside,
            permission=permission,
            bad=bad,
            methods=methods,
        )
    for name in ("list", "new"):
        assert_guarded(
            reverse(f"content:{name}"),
            "GET",
            hospital=riverside,
            permission="content.read" if name == "list" else "content.edit",
            has_object=False,
            methods=("GET",) if name == "list" else ("GET", "POST"),
        )


def test_somebody_who_only_reads_gives_no_opinion(item: Item, riverside: Hospital) -> None:
    manager = sign_in(make_staff(riverside, role=Staff.Role.MANAGER))

    answer = manager.post(reverse("content:comment", args=[item.key, 1]), {"note": "x"})

    assert answer.status_code == 403
