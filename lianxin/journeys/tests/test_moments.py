"""A moment: written by one, approved by another, published by hand, and read on its page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from lianxin.channels import jobs
from lianxin.channels.models import MediaFile, Moment
from lianxin.channels.tests.conftest import set_up
from lianxin.core import time
from lianxin.core.models import Event, Hospital
from lianxin.journeys.models import MomentDraft
from lianxin.journeys.rules.moments import MomentFacts, why_not_approve
from lianxin.staff.models import Staff
from lianxin.testing.channels import CORP_ID, make_account, open_windows
from lianxin.testing.content import make_published
from lianxin.testing.guarded import assert_guarded, sign_in
from lianxin.testing.journeys import PICTURE, make_moment_draft, make_sender
from lianxin.testing.processes import Sandbox, sandbox_process
from lianxin.testing.staff import make_staff

LIST = "/journeys/moments/"


@pytest.fixture(scope="module")
def sandbox_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with sandbox_process(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(sandbox_server: Sandbox) -> Sandbox:
    open_windows()
    sandbox_server.post("/control/reset", {"all": True})
    set_up(sandbox_server)
    relation = {"corp_id": CORP_ID, "userid": "DrLi", "person": "wang", "added_at": 1_790_000_000}
    sandbox_server.post("/control/seed", {"relations": [relation]})
    return sandbox_server


@pytest.fixture
def operator(in_riverside: Hospital) -> Client:
    return sign_in(make_staff(in_riverside, role=Staff.Role.OPERATOR, name="周敏"))


def as_role(hospital: Hospital, role: str) -> Client:
    return sign_in(make_staff(hospital, role=role))


def work(hospital: Hospital, times: int) -> Moment:
    for _ in range(times):
        Moment.objects.update(next_step_at=time.now())
        jobs.keep_moments.for_hospital(hospital.pk)  # type: ignore[attr-defined]
    return Moment.objects.get()


def test_the_pages_are_guarded(riverside: Hospital) -> None:
    assert_guarded(LIST, "GET", hospital=riverside, permission="journey.read", has_object=False)


def test_a_moment_from_the_form_to_the_phone(
    sandbox: Sandbox, operator: Client, in_riverside: Hospital
) -> None:
    account = make_account(in_riverside, base_url=sandbox.wecom_url)
    item = make_published(in_riverside, title="在家怎么量得准")
    sender = make_sender(in_riverside)
    form = {
        "account": account.key,
        "text": "天气转凉，出门添衣。",
        "item": item.key,
        "senders": [sender.key],
        "picture": SimpleUploadedFile("张三.png", PICTURE),
    }
    written = operator.post(f"{LIST}new/", form, follow=True).content.decode()
    draft = MomentDraft.objects.get()
    assert "待批准" in written
    assert "在家怎么量得准" in written
    assert operator.get(f"{LIST}{draft.key}/picture/").content == PICTURE

    as_role(in_riverside, "reviewer").post(f"{LIST}{draft.key}/approval/")
    moment = work(in_riverside, 4)
    assert "1 位里 0 位已发表" in operator.get(LIST).content.decode()
    verb = f"/control/corps/{CORP_ID}/members/DrLi/publish-moment"
    sandbox.post(verb, {"moment_id": moment.provider_moment_id})
    work(in_riverside, 1)

    page = operator.get(f"{LIST}{draft.key}/").content.decode()
    assert "1 位里 1 位已发表" in page
    assert "都已发表" in page
    [made] = sandbox.state()["corps"][CORP_ID]["moments"].values()
    [link] = made["body"]["attachments"]
    assert link["link"]["url"].endswith(f"/p/read/{item.key}/")
    assert link["link"]["title"] == "在家怎么量得准"
    assert set(Event.objects.filter(name__startswith="moment.").values_list("name", flat=True)) == {
        "moment.drafted",
        "moment.asked",
        "moment.made",
        "moment.settled",
    }


def test_nine_pictures_or_one_video_and_nothing_mixed(
    operator: Client, in_riverside: Hospital
) -> None:
    account, sender = make_account(in_riverside), make_sender(in_riverside)
    form = {"account": account.key, "text": "好天气", "senders": [sender.key]}
    video = b"\0\0\0\x18ftypmp42" + bytes(64)

    def write(*contents: bytes, **more: str) -> Any:
        files = [SimpleUploadedFile(f"{n}.bin", one) for n, one in enumerate(contents)]
        return operator.post(f"{LIST}new/", form | {"picture": files} | more)

    pictures = [PICTURE + bytes([number]) for number in range(10)]
    assert "最多放 9 张" in write(*pictures).content.decode()
    assert "不能混着放" in write(pictures[0], video).content.decode()
    item = make_published(in_riverside).key
    assert "不能混着放" in write(*pictures[:2], item=item).content.decode()
    assert write(video).status_code == 302
    assert write(*pictures[:9]).status_code == 302

    video_draft, draft = MomentDraft.objects.order_by("pk")
    assert [one["kind"] for one in video_draft.files] == ["video"]
    assert len(draft.files) == 9
    page = operator.get(f"{LIST}{draft.key}/").content.decode()
    assert "?number=8" in page
    last = operator.get(f"{LIST}{draft.key}/picture/?number=8")
    assert (last.content, last["Content-Disposition"]) == (pictures[8], "inline")
    assert operator.get(f"{LIST}{draft.key}/picture/?number=9").status_code == 404
    kept = operator.post(f"{LIST}{draft.key}/edit/", form)
    draft.refresh_from_db()
    assert (kept.status_code, len(draft.files)) == (302, 9)


def test_nobody_approves_their_own_and_nobody_twice(in_riverside: Hospital) -> None:
    author = make_staff(in_riverside, role=Staff.Role.ADMIN)
    draft = make_moment_draft(in_riverside, by=author)
    approval = f"{LIST}{draft.key}/approval/"

    own = sign_in(author).post(approval, follow=True)
    assert "不能批准自己写的" in own.content.decode()
    reviewer = as_role(in_riverside, "reviewer")
    reviewer.post(approval)
    reviewer.post(approval)

    assert Moment.objects.count() == 1
    assert Event.objects.filter(name="moment.asked").count() == 1


def test_words_that_may_not_go_out_are_refused_in_the_form(
    operator: Client, in_riverside: Hospital
) -> None:
    account, sender = make_account(in_riverside), make_sender(in_riverside)
    form = {"account": account.key, "text": "跟着我，保证根治高血压！", "senders": [sender.key]}

    refused = operator.post(f"{LIST}new/", form)

    assert refused.status_code == 422
    assert "不能发给患者的词" in refused.content.decode()
    unlinked = operator.post(
        f"{LIST}new/", form | {"text": "", "item": make_published(in_riverside).key}
    )
    assert "链接要有标题、地址和封面" in unlinked.content.decode()
    wrong = SimpleUploadedFile("a.png", b"GIF89a" + bytes(64))
    kept = operator.post(f"{LIST}new/", form | {"text": "好", "picture": wrong})
    assert "不收这种文件" in kept.content.decode()
    assert not MomentDraft.objects.exists()
    assert not MediaFile.objects.exists()


def test_a_content_withdrawn_meanwhile_stops_the_approval(in_riverside: Hospital) -> None:
    item = make_published(in_riverside)
    draft = make_moment_draft(in_riverside, item=item)
    type(item).objects.filter(pk=item.pk).update(published=None)

    page = as_role(in_riverside, "reviewer").post(f"{LIST}{draft.key}/approval/", follow=True)

    assert "没有发布" in page.content.decode()
    assert not Moment.objects.exists()


def test_a_draft_is_changed_then_withdrawn(operator: Client, in_riverside: Hospital) -> None:
    draft = make_moment_draft(in_riverside)
    form = {
        "account": draft.account.key,
        "text": "多喝水。",
        "senders": [make_sender(in_riverside).key],
    }
    operator.post(f"{LIST}{draft.key}/edit/", form)
    draft.refresh_from_db()
    assert (draft.text, bool(draft.picture)) == ("多喝水。", True)

    operator.post(f"{LIST}{draft.key}/withdrawal/")

    draft.refresh_from_db()
    assert draft.state == "withdrawn"
    assert operator.post(f"{LIST}{draft.key}/edit/", form).status_code == 422


@pytest.mark.parametrize(
    ("state", "by", "blocked", "is_published", "reasons"),
    [
        ("draft", 2, [], True, []),
        ("draft", 1, [], True, ["own_work"]),
        ("approved", 2, [], True, ["not_a_draft"]),
        ("draft", 1, ["根治"], False, ["own_work", "words_blocked", "content_not_published"]),
    ],
)
def test_why_not(
    state: str, by: int, blocked: list[str], is_published: bool, reasons: list[str]
) -> None:
    assert why_not_approve(MomentFacts(state, 1, blocked, is_published), by) == reasons
