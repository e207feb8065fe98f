"""What goes along with a welcome: chosen in the form, checked in bytes, ready ahead of time."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from lianxin.channels import actions, jobs, queries
from lianxin.channels.adapters.base import Attachment
from lianxin.channels.forms.attachments import Choices, find_act, read_row, read_shelf
from lianxin.channels.models import Account, LiveCode, Media
from lianxin.core import time
from lianxin.core.errors import RefusedError
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.staff.models import Staff
from lianxin.testing.channels import MINI_APP_ID, PNG, make_account, make_file
from lianxin.testing.processes import Sandbox
from lianxin.testing.staff import make_staff

PDF = b"%PDF-1.7\n" + bytes(64)
NO_CHOICES = Choices(0, [], {})


def upload(content: bytes = PNG, name: str = "picture.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


@pytest.fixture
def wecom(riverside: Hospital) -> Account:
    return make_account(riverside)


@pytest.fixture
def code(wecom: Account, zhou: Staff, admin: Staff) -> LiveCode:
    with scope(wecom.hospital_id):
        return actions.create_live_code(wecom, "门诊", staff=zhou, by=admin, welcome_text="您好。")


def fresh(code: LiveCode) -> LiveCode:
    with scope(code.hospital_id):
        return LiveCode.objects.select_related("hospital", "staff").get(pk=code.pk)


def post(client: Client, code: LiveCode, zhou: Staff, **given: Any) -> Any:
    data: dict[str, Any] = {
        "seen": code.revision,
        "name": code.name,
        "welcome_text": "您好。",
        "roster-TOTAL_FORMS": 1,
        "roster-INITIAL_FORMS": 0,
        "roster-0-staff": zhou.key,
        "welcomes-TOTAL_FORMS": 1,
        "welcomes-INITIAL_FORMS": 0,
        "welcome-given": "1",
        "welcomes-0-given": "1",
    }
    data |= {name.replace("__", "-"): value for name, value in given.items()}
    return client.post(f"/settings/codes/{code.key}/edit/", data)


def row(**given: str) -> str:
    return json.dumps(given)


# ---- the form -----------------------------------------------------------------------------


def test_a_shelf_is_filled_ordered_and_saved(
    as_admin: Client, code: LiveCode, zhou: Staff, riverside: Hospital
) -> None:
    make_account(riverside, Account.Kind.MINI_PROGRAM, app_id=MINI_APP_ID)
    answer = post(as_admin, code, zhou, shelf="welcome:add:0", welcome__file=upload())
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "<html" not in page
    assert page.count('name="welcome-row"') == 1
    assert fresh(code).welcome_attachments == []

    file, paper = make_file(riverside), make_file(riverside, PDF + b"2", "路线.pdf")
    both = [row(kind="file", file=paper.sha256), row(kind="image", file=file.sha256)]
    moved = post(as_admin, code, zhou, shelf="welcome:up:1", welcome__row=both).content.decode()
    assert moved.index("picture.png") < moved.index("路线.pdf")
    taken = post(as_admin, code, zhou, shelf="welcome:remove:0", welcome__row=both)
    assert taken.content.decode().count('name="welcome-row"') == 1

    mini = {
        "welcome__mini-title": "健康记录",
        "welcome__mini-app": MINI_APP_ID,
        "welcome__mini-page": "pages/home/index",
        "welcome__mini-cover": upload(),
    }
    back = {"welcomes__0__text": "欢迎回来。", "welcomes__0__whom": "returning"}
    pdf = {"welcomes__0__file": upload(PDF, "就诊须知.pdf")}
    saved = post(as_admin, code, zhou, welcome__row=both, **mini, **back, **pdf)

    assert saved.status_code == 302
    kept = fresh(code)
    assert [one["kind"] for one in kept.welcome_attachments] == ["file", "image", "miniprogram"]
    assert [one["kind"] for one in kept.welcomes[0]["attachments"]] == ["file"]
    shown = as_admin.get(f"/settings/codes/{code.key}/").content.decode()
    assert f"/settings/files/{file.sha256}/" in shown
    assert "正在传到企业微信" in shown
    again = as_admin.get(f"/settings/codes/{code.key}/edit/").content.decode()
    assert again.count('name="welcome-row"') == 3
    assert "就诊须知.pdf" in again


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"welcome__file": upload(b"GIF89a" + bytes(64))}, "不收这种文件"),
        ({"welcome__file": upload(b"MZ" + bytes(64))}, "不收这种文件"),
        ({"welcome__file": upload(b"%P")}, "空的"),
        ({"welcome__file": upload(b"#!AMR" + bytes(64))}, "不能放这一种"),
        ({"welcome__file": upload(b"\xff\xd8\xff" + bytes(10 * 1024 * 1024))}, "太大"),
        ({"welcome__page": "nonsense"}, "没有发布或已撤回"),
        ({"welcome__mini-title": "健康记录"}, "已接入的小程序"),
        ({"welcome__row": row(kind="link", page="gone")}, "没有发布或已撤回"),
        ({"welcome__row": row(kind="link", url="https://example.invalid/")}, "读不出来"),
        ({"welcome__row": row(kind="image", file="0" * 64)}, "附件不完整"),
        ({"welcome__row": "[" * 900}, "读不出来"),
        ({"welcomes__0__row": row(kind="image", file="0" * 64)}, "还没有写欢迎语"),
    ],
)
def test_what_cannot_go_is_refused_in_words(
    as_admin: Client, code: LiveCode, zhou: Staff, given: dict[str, Any], sentence: str
) -> None:
    for value in given.values():
        if isinstance(value, SimpleUploadedFile):
            value.seek(0)

    answer = post(as_admin, code, zhou, **given)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert fresh(code).revision == 1


def test_the_link_to_our_pages_is_one_of_the_nine(
    as_admin: Client, code: LiveCode, zhou: Staff, riverside: Hospital
) -> None:
    picture = row(kind="image", file=make_file(riverside).sha256)

    assert post(as_admin, code, zhou, welcome__row=[picture] * 9).status_code == 422
    full = post(as_admin, code, zhou, welcome__row=[picture] * 8, welcome__file=upload())
    assert "已经放满" in full.content.decode()
    assert post(as_admin, code, zhou, welcome__row=[picture] * 8).status_code == 302


def test_titles_are_counted_in_bytes_and_read_by_the_guard(
    wecom: Account, admin: Staff, riverside: Hospital
) -> None:
    cover = make_file(riverside).sha256

    def check(title: str) -> None:
        mini = Attachment("miniprogram", file=cover, title=title, app_id="wx1", page="pages/a")
        actions.check_attachments(wecom, [mini], links=1)

    with scope(wecom.hospital_id):
        check("测" * 21)
        with pytest.raises(RefusedError, match="太长"):
            check("测" * 22)
        with pytest.raises(RefusedError, match="不能发给患者"):
            check("保证治好")


def test_an_official_account_carries_none(
    as_admin: Client, zhou: Staff, riverside: Hospital
) -> None:
    account = make_account(riverside, Account.Kind.OFFICIAL_ACCOUNT)
    given = {"name": "海报", "account": account.key, "welcome-given": "1"}
    given["welcome-row"] = row(kind="image", file=make_file(riverside).sha256)

    answer = as_admin.post("/settings/codes/new/", given)

    assert answer.status_code == 422
    assert "只有企业微信的消息能带附件" in answer.content.decode()


def test_a_picture_is_shown_and_another_file_only_kept(
    as_admin: Client, as_mallory: Client, riverside: Hospital
) -> None:
    picture, paper = make_file(riverside), make_file(riverside, PDF, "a.pdf")

    shown = as_admin.get(f"/settings/files/{picture.sha256}/")
    kept = as_admin.get(f"/settings/files/{paper.sha256}/")

    assert (shown.content, shown["Content-Disposition"]) == (PNG, "inline")
    assert kept["Content-Disposition"] == "attachment"
    assert as_mallory.get(f"/settings/files/{picture.sha256}/").status_code in {403, 404}


@given(st.text(max_size=60) | st.recursive(st.none() | st.text(), lambda x: st.lists(x)).map(str))
def test_any_row_of_a_page_is_read_or_nothing(text: str) -> None:
    found = read_row(text)

    assert found is None or found.kind in {"image", "video", "file", "link", "miniprogram"}


@given(st.text(max_size=20), st.integers(0, 5))
def test_no_button_loses_or_makes_an_attachment(value: str, count: int) -> None:
    data = QueryDict(mutable=True)
    data["welcome-given"] = "1"
    data.setlist("welcome-row", [row(kind="image", file=f"f{n}") for n in range(count)])
    shelf = read_shelf(data, "welcome", [], NO_CHOICES)
    data["shelf"] = f"welcome:{value}"

    act = find_act(data)
    if act is not None:
        shelf.press(act)

    files = [one.file for one in shelf.chosen]
    removed = act is not None and act.verb == "remove" and act.number < count
    assert len(set(files)) == len(files) == count - removed


# ---- ahead of time ------------------------------------------------------------------------


@pytest.fixture
def ready(house: Hospital, sandbox: Sandbox) -> tuple[LiveCode, str]:
    """Give a code at the sandbox whose welcome carries a picture."""
    account = make_account(house, base_url=sandbox.wecom_url)
    file = make_file(house)
    with scope(house):
        doctor = make_staff(house, name="李建国")
        doctor.wecom_userid = "DrLi"
        doctor.save(update_fields=["wecom_userid"])
        by = make_staff(house, role=Staff.Role.ADMIN)
        picture = [Attachment("image", file=file.sha256)]
        code = actions.create_live_code(
            account, "门诊", staff=doctor, by=by, welcome_text="您好", welcome_attachments=picture
        )
    return code, file.sha256


def keep_media(hospital: Hospital) -> None:
    jobs.keep_media.for_hospital(hospital.pk)  # type: ignore[attr-defined]


def uploads(sandbox: Sandbox) -> int:
    found = sandbox.state()["counts"].get("/cgi-bin/media/upload", {"calls": 0})
    return int(found["calls"])


def test_files_of_welcomes_are_there_before_anybody_scans(
    ready: tuple[LiveCode, str], house: Hospital, sandbox: Sandbox
) -> None:
    for _ in range(2):
        keep_media(house)
    assert uploads(sandbox) == 1

    with scope(house):
        Media.objects.update(expires_at=time.now() + timedelta(hours=23))
        assert queries.good_media(ready[0].account_id, "message", [ready[1]], time.now())
    keep_media(house)

    assert uploads(sandbox) == 2
    with scope(house):
        media = Media.objects.get()
        assert media.expires_at is not None
        assert media.expires_at - time.now() > timedelta(days=2)
        LiveCode.objects.update(is_active=False)
        Media.objects.all().delete()
    keep_media(house)
    assert uploads(sandbox) == 2


def test_a_failed_upload_is_said_and_tried_later(
    ready: tuple[LiveCode, str], house: Hospital, sandbox: Sandbox
) -> None:
    sandbox.add_fault("api_garbage", path="/cgi-bin/media/upload", count=9)

    keep_media(house)
    first = uploads(sandbox)
    keep_media(house)

    assert uploads(sandbox) == first
    with scope(house):
        media = Media.objects.get()
        assert (media.media_id, media.reason_code) == ("", "provider_unreachable")
        assert not queries.good_media(ready[0].account_id, "message", [ready[1]], time.now())
        Media.objects.update(next_try_at=time.now())
    sandbox.post("/control/reset", {})
    keep_media(house)
    with scope(house):
        media = Media.objects.get()
        assert media.media_id
        assert media.reason_code == ""
