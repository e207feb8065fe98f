"""The archive's page: set up, check in words, keys, on, off with a choice; what is forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client, override_settings

from lianxin.channels import actions, jobs
from lianxin.channels.adapters import ADAPTERS
from lianxin.channels.adapters.wecom.archive import ArchivedLine
from lianxin.channels.models import Account, Archive, ArchivedMessage, ArchiveKey, Relation
from lianxin.channels.queries import facts_of
from lianxin.channels.queries.archive import list_talk_lines
from lianxin.core import time
from lianxin.core.models import Event, Hospital
from lianxin.staff.models import Staff
from lianxin.testing.channels import (
    ARCHIVE_SECRET,
    CORP_ID,
    make_account,
    make_address,
    make_archive,
    open_windows,
)
from lianxin.testing.jobs import run_periodic
from lianxin.testing.processes import Sandbox

SETTINGS = {"seen": 0, "secret": ARCHIVE_SECRET, "purpose": "随访质量检查", "keep_days": 30}


def make_agreed(account: Account, person: str = "wmA") -> Relation:
    address = make_address(account, person, staff_userid="DrLi")
    relation = Relation.objects.get(address=address)
    actions.note_consent(relation, "agreed", time.now() - timedelta(days=400))
    return relation


def keep(account: Account, name: str, *, days_ago: float, person: str = "wmA") -> None:
    """Keep one line as the job does."""
    archive = Archive.objects.get(account=account)
    sent_at = time.now() - timedelta(days=days_ago)
    line = ArchivedLine(name, "send", person, ("DrLi",), "", sent_at, "text", name)
    actions.keep_lines(archive, [line], up_to=archive.seq + 1)


def run(account: Account, job: str) -> Archive:
    Archive.objects.filter(account=account).update(next_try_at=None)
    run_periodic(jobs.__name__, job, account.hospital_id)
    return Archive.objects.get(account=account)


def test_an_admin_sets_it_up_and_switches_it_on(in_riverside: Hospital, as_admin: Client) -> None:
    account = make_account(in_riverside)
    base = f"/settings/channels/{account.key}/archive/"
    assert as_admin.post(f"{base}on/").status_code == 409
    assert as_admin.post(f"{base}save/", SETTINGS | {"secret": ""}).status_code == 422
    assert as_admin.post(f"{base}save/", SETTINGS | {"keep_days": 3}).status_code == 422

    as_admin.post(f"{base}save/", SETTINGS)
    assert as_admin.post(f"{base}save/", SETTINGS).status_code == 409  # an old page
    as_admin.post(f"{base}keys/", {"version": 1})
    as_admin.post(f"{base}keys/", {"version": 2})
    assert as_admin.post(f"{base}keys/", {"version": 2}).status_code == 409
    as_admin.post(f"{base}keys/2/", {"version": 3})
    as_admin.post(f"{base}on/")
    page = as_admin.get(base).content.decode()

    archive = Archive.objects.get(account=account)
    keys = ArchiveKey.objects.order_by("version")
    assert archive.is_on
    assert ARCHIVE_SECRET.encode() not in bytes(archive.secret_sealed)
    assert [key.version for key in keys] == [1, 3]
    assert all(b"PRIVATE" not in bytes(key.private_sealed) for key in keys)
    assert all(key.public_key.splitlines()[3] in page for key in keys)
    assert ARCHIVE_SECRET not in page
    told = Event.objects.filter(name__startswith="archive").values_list("data", flat=True)
    assert ARCHIVE_SECRET not in str(list(told))


def test_the_check_says_in_words_what_is_missing(
    sandbox: Sandbox, in_riverside: Hospital, as_admin: Client
) -> None:
    open_windows()
    account = make_account(in_riverside, base_url=sandbox.wecom_url)
    make_archive(account)
    base = f"/settings/channels/{account.key}/archive/"
    # The archive's secret is nobody's at this corp yet, and the library is not installed.
    run(account, "check_archives")
    page = as_admin.get(base).content.decode()
    assert "密钥不对" in page
    assert "程序库没有装在这台服务器上" in page
    assert "LIANXIN_ARCHIVE_LIBRARY" in page

    app = {"agent_id": 2000004, "secret": ARCHIVE_SECRET, "rights": ["archive"]}
    sandbox.put(f"/control/corps/{CORP_ID}", {"apps": [app], "archive": {"permitted": ["DrLi"]}})
    as_admin.post(f"{base}check/")
    with override_settings(
        ARCHIVE_SDK="sandbox.finance_sdk.FinanceSdk", ARCHIVE_LIBRARY=sandbox.origin
    ):
        archive = run(account, "check_archives")

    page = as_admin.get(base).content.decode()
    assert archive.permitted_userids == ["DrLi"]
    assert "平台正在存档 1 位员工的会话" in page
    assert [row["state"] for row in archive.findings] == ["ok"] * 5


def test_without_the_library_it_says_so_and_until_when(
    in_riverside: Hospital, as_admin: Client
) -> None:
    account = make_account(in_riverside)
    make_archive(account)
    base = f"/settings/channels/{account.key}/archive/"
    assert run(account, "read_archives").failure_code == ""  # nobody agreed: nothing to read
    make_agreed(account)

    assert run(account, "read_archives").failure_code == "archive_library_missing"
    assert "否则没读到的会丢失" in as_admin.get(base).content.decode()

    Archive.objects.update(read_until=time.now() - timedelta(days=6))
    assert "已经丢失" in as_admin.get(base).content.decode()


def test_an_event_calls_the_reading_and_what_was_too_late_is_told_once(
    in_riverside: Hospital, sandbox: Sandbox
) -> None:
    account = make_account(in_riverside)
    make_archive(account)
    make_agreed(account)
    app = {"agent_id": 2000004, "secret": ARCHIVE_SECRET, "rights": ["archive"]}
    sandbox.put(f"/control/corps/{CORP_ID}", {"apps": [app]})
    late = time.now() - timedelta(days=9)
    Archive.objects.update(read_until=late, next_try_at=time.now() + timedelta(hours=1))
    body = (
        f"<xml><ToUserName>{CORP_ID}</ToUserName><FromUserName>sys</FromUserName>"
        "<CreateTime>1790000000</CreateTime><MsgType>event</MsgType>"
        "<AgentID>2000004</AgentID><Event>msgaudit_notify</Event></xml>"
    )
    actions.take_in(facts_of(account), ADAPTERS["wecom"].parse(facts_of(account), body))

    with override_settings(
        ARCHIVE_SDK="sandbox.finance_sdk.FinanceSdk", ARCHIVE_LIBRARY=sandbox.origin
    ):
        run_periodic(jobs.__name__, "read_archives", account.hospital_id)
        archive = run(account, "read_archives")

    assert (archive.failure_code, archive.lost_from) == ("", late)
    assert archive.read_until is not None
    assert archive.read_until > late + timedelta(days=8)
    assert Event.objects.filter(name="archive.lost").count() == 1


@pytest.mark.parametrize(("kept", "left"), [("keep", 1), ("erase", 0)])
def test_off_keeps_or_deletes_as_chosen(
    in_riverside: Hospital, as_admin: Client, kept: str, left: int
) -> None:
    account = make_account(in_riverside)
    make_archive(account)
    relation = make_agreed(account)
    keep(account, "m1", days_ago=1)
    base = f"/settings/channels/{account.key}/archive/off/"
    assert as_admin.post(base).status_code == 422
    assert Archive.objects.get().is_on

    as_admin.post(base, {"kept": kept})
    shown = len(list_talk_lines(relation))
    archive = run(account, "forget_archived")

    assert (archive.is_on, archive.erase_requested_at) == (False, None)
    assert shown == left
    assert ArchivedMessage.objects.count() == left


def test_what_is_too_old_or_no_longer_agreed_is_deleted(
    in_riverside: Hospital, admin: Staff
) -> None:
    account = make_account(in_riverside)
    make_archive(account)
    stays, goes = make_agreed(account), make_agreed(account, "wmB")
    keep(account, "old", days_ago=31)
    keep(account, "new", days_ago=29)
    keep(account, "withdrawn", days_ago=20, person="wmB")
    actions.note_consent(goes, "refused", time.now() - timedelta(days=8))
    assert list_talk_lines(goes) == []
    assert [line.text for line in list_talk_lines(stays)] == ["new"]

    run(account, "forget_archived")
    run(account, "forget_archived")

    assert [row.message_id for row in ArchivedMessage.objects.all()] == ["new"]
    assert Event.objects.filter(name="archive.forgotten").count() == 1
