"""Files are uploaded once, again before they run out, and what no provider takes never leaves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianxin.channels import actions, sending
from lianxin.channels.adapters.base import Attachment, Outbound, SendFailed, Sent
from lianxin.channels.adapters.provider_http import Provider, UploadFile
from lianxin.channels.adapters.reactions import load_media_limits
from lianxin.channels.adapters.uploads import MESSAGE, fetch_media, upload
from lianxin.channels.adapters.wecom.attachments import find_attachment_fault, find_moment_fault
from lianxin.channels.models import Account, Media, MediaFile
from lianxin.channels.providers import load_facts, run_with
from lianxin.channels.rules import find_media_fault, kind_of
from lianxin.core import time
from lianxin.core.errors import RefusedError
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.testing.channels import CORP_ID, make_account
from lianxin.testing.processes import Sandbox
from lianxin.testing.staff import make_staff

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
UPLOAD, UPLOAD_PICTURE = "/cgi-bin/media/upload", "/cgi-bin/media/uploadimg"


@pytest.fixture
def wecom(house: Hospital, sandbox: Sandbox) -> Account:
    return make_account(house, base_url=sandbox.wecom_url)


def keep(hospital: Hospital, content: bytes = PNG, kind: str = "wecom") -> MediaFile:
    with scope(hospital):
        return actions.keep_file(kind, content, "张三的伤口.png", by=make_staff(hospital))


def befriend(sandbox: Sandbox) -> str:
    seeded = {
        "relations": [
            {"corp_id": CORP_ID, "userid": "DrLi", "person": "wang", "added_at": 1_790_000_000}
        ]
    }
    sandbox.post("/control/seed", seeded)
    return sandbox.external_id("wang", CORP_ID)


def send(account: Account, sandbox: Sandbox, *attachments: Attachment) -> sending.Result:
    outbound = Outbound(
        client_key="with-a-picture",
        carrier_kind="staff_task",
        text="您有一条健康提醒",
        staff_userid="DrLi",
        external_ids=(befriend(sandbox),),
        attachments=attachments,
    )
    [result] = sending.send(account.hospital_id, account.pk, [outbound])
    return result


def calls(sandbox: Sandbox, path: str) -> int:
    found: dict[str, Any] = sandbox.state()["counts"]
    return int(found.get(path, {"calls": 0})["calls"])


def test_a_picture_is_uploaded_once_and_seen_by_the_customer(
    wecom: Account, house: Hospital, sandbox: Sandbox
) -> None:
    file = keep(house)
    picture = Attachment("image", file=file.sha256)
    link = Attachment("link", file=file.sha256, title="测压小常识", url="https://example.invalid/1")

    results = [send(wecom, sandbox, picture, link) for _ in range(2)]

    assert all(isinstance(one, Sent) for one in results)
    assert (calls(sandbox, UPLOAD), calls(sandbox, UPLOAD_PICTURE)) == (1, 1)
    made = results[0]
    assert isinstance(made, Sent)
    sandbox.post(
        f"/control/corps/{CORP_ID}/members/DrLi/confirm-mass",
        {"msgid": made.provider_message_id},
    )
    kinds = [one["kind"] for one in sandbox.state()["persons"]["wang"]["inbox"]]
    assert kinds == ["text", "image", "link"]
    assert "张三" not in str(sandbox.state())


def test_it_is_uploaded_again_before_its_three_days_are_over(
    wecom: Account, house: Hospital, sandbox: Sandbox
) -> None:
    picture = Attachment("image", file=keep(house).sha256)
    send(wecom, sandbox, picture)
    with scope(house):
        media = Media.objects.get()
        assert media.expires_at is not None
        assert timedelta(days=2) < media.expires_at - time.now() < timedelta(days=3)
        Media.objects.update(expires_at=time.now())

    send(wecom, sandbox, picture)

    assert calls(sandbox, UPLOAD) == 2


def test_what_ran_out_at_the_provider_is_uploaded_anew_once(
    wecom: Account, house: Hospital, sandbox: Sandbox
) -> None:
    picture = Attachment("image", file=keep(house).sha256)
    send(wecom, sandbox, picture)
    sandbox.post("/control/clock", {"add_seconds": 4 * 86400})

    result = send(wecom, sandbox, picture)

    assert isinstance(result, Sent)
    assert calls(sandbox, UPLOAD) == 2
    errors = sandbox.state()["counts"]["/cgi-bin/externalcontact/add_msg_template"]["errors"]
    assert errors.get("40145") == 1


def test_silence_while_uploading_is_no_message_that_may_have_arrived(
    wecom: Account, house: Hospital, sandbox: Sandbox
) -> None:
    picture = Attachment("image", file=keep(house).sha256)
    sandbox.add_fault("api_garbage", path=UPLOAD, count=3)

    result = send(wecom, sandbox, picture)

    assert isinstance(result, SendFailed)
    assert (result.reason_code, result.permanent) == ("provider_unreachable", False)


def test_bytes_come_back_and_the_official_account_counts_in_numbers(
    wecom: Account, house: Hospital, sandbox: Sandbox
) -> None:
    official = make_account(house, Account.Kind.OFFICIAL_ACCOUNT, base_url=sandbox.official_url)
    form = UploadFile("image.png", "image/png", PNG)

    async def work(provider: Provider) -> tuple[str, bytes]:
        made = await upload(provider, MESSAGE, "image", form)
        return made.media_id, await fetch_media(provider, made.media_id)

    async def only_upload(provider: Provider) -> str:
        return (await upload(provider, MESSAGE, "image", form)).media_id

    assert run_with(load_facts(house.pk, wecom.pk), work)[1] == PNG
    assert run_with(load_facts(house.pk, official.pk), only_upload)


def test_what_no_provider_takes_is_refused_in_words_before_any_call(
    house: Hospital, sandbox: Sandbox
) -> None:
    with pytest.raises(RefusedError, match="不收这种文件"):
        keep(house, b"GIF89a" + bytes(64))
    with pytest.raises(RefusedError, match="空的"):
        keep(house, b"\x89")
    too_big = b"\xff\xd8\xff" + bytes(2 * 1024 * 1024)
    with pytest.raises(RefusedError, match="太大"):
        keep(house, too_big, kind="official_account")
    assert keep(house, too_big).kind == "image"
    assert calls(sandbox, UPLOAD) == 0


@given(st.binary(max_size=40))
def test_any_bytes_are_some_kind_of_file(content: bytes) -> None:
    found = kind_of(content)
    limit = load_media_limits()["wecom", found.kind]

    fault = find_media_fault(
        len(content), found.content_type, smallest=6, largest=limit.bytes, types=limit.types
    )

    assert fault in {"", "media_too_small", "media_type_refused"}
    assert (fault == "media_too_small") == (len(content) < 6)


@given(st.lists(st.sampled_from(["image", "video", "link", "file"]), max_size=12))
def test_a_moment_takes_nine_pictures_one_video_or_one_link(kinds: list[str]) -> None:
    attachments = [
        Attachment(one, file="x", title="标题", url="https://example.invalid/") for one in kinds
    ]

    fault = find_moment_fault("文字", attachments)

    fits = (not kinds or (set(kinds) == {"image"} and len(kinds) <= 9)) or kinds in (
        ["video"],
        ["link"],
    )
    assert (fault == "") == fits
    assert (find_attachment_fault(attachments) == "attachments_too_many") == (len(kinds) > 9)


def test_lengths_are_counted_in_bytes_where_the_provider_does() -> None:
    title = "测" * 43  # 129 bytes
    link = Attachment("link", file="x", title=title, url="https://example.invalid/")

    assert find_attachment_fault([link]) == "attachment_too_long"
    assert find_moment_fault("", [link]) == ""
    assert find_moment_fault("测" * 1400, []) == "moment_text_long"
