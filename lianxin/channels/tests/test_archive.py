"""The chat archive: off by default, an answered yes per pair, kept once, hidden when recalled."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from lianxin.channels import actions, jobs, queries, synchronising
from lianxin.channels.adapters import ADAPTERS
from lianxin.channels.adapters.wecom.archive import EncryptedRecord
from lianxin.channels.models import Account, ArchiveConsent, ArchivedMessage, Relation
from lianxin.channels.queries import facts_of
from lianxin.channels.rules.archive import may_keep, pair_of
from lianxin.core import time
from lianxin.core.errors import ForbiddenError
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.staff.models import Staff
from lianxin.testing.channels import (
    ARCHIVE_SECRET,
    CORP_ID,
    contact_xml,
    make_account,
    make_address,
    make_archive,
    open_windows,
)
from lianxin.testing.jobs import run_periodic
from lianxin.testing.processes import Sandbox

KEY = rsa.generate_private_key(65537, 2048)


@dataclass
class Tape:
    """A source with the SDK's two calls: it seals keys for real, and remembers being asked."""

    plain: list[dict[str, object]] = field(default_factory=list)
    version: int = 1
    asked: int = 0

    def fetch(self, seq: int, limit: int) -> list[EncryptedRecord]:
        self.asked += 1
        sealed = base64.b64encode(KEY.public_key().encrypt(b"random", padding.PKCS1v15())).decode()
        rows = [
            EncryptedRecord(number, str(line["msgid"]), self.version, sealed, json.dumps(line))
            for number, line in enumerate(self.plain, start=1)
        ]
        return rows[seq : seq + limit]

    def open(self, key: str, sealed_message: str) -> str:
        assert key == "random"
        return sealed_message

    def say(self, name: str, sender: str, to: str, text: str, *, at: datetime) -> None:
        common = {"msgid": name, "action": "send", "from": sender, "tolist": [to], "roomid": ""}
        at_ms = int(at.timestamp() * 1000)
        self.plain.append(common | {"msgtime": at_ms, "msgtype": "text", "text": {"content": text}})


def make_pair(account: Account, person: str = "wmA") -> Relation:
    address = make_address(account, person, staff_userid="DrLi")
    with scope(account.hospital_id):
        return Relation.objects.get(address=address)


def read(account: Account, tape: Tape, version: int = 1) -> int:
    return synchronising.read_batch(account.hospital_id, account.pk, tape, {version: KEY}).kept


def test_only_after_a_yes_is_it_fetched_and_kept_once(in_riverside: Hospital, admin: Staff) -> None:
    account, tape, now = make_account(in_riverside), Tape(), time.now()
    relation, silent = make_pair(account), make_pair(account, "wmB")
    tape.say("m0", "wmA", "DrLi", "before the yes", at=now - timedelta(hours=1))
    tape.say("m1", "wmA", "DrLi", "你好", at=now)
    tape.say("m2", "DrLi", "wmB", "never asked", at=now)
    make_archive(account)
    actions.turn_off_archive(account, erases=False, by=admin)
    assert read(account, tape) == 0  # off
    actions.turn_on_archive(account, by=admin)
    assert read(account, tape) == 0  # nobody agreed
    assert tape.asked == 0
    actions.note_consent(relation, "agreed", now - timedelta(minutes=1))

    assert (read(account, tape), read(account, tape)) == (1, 0)

    assert queries.archived_texts(relation) == ["你好"]
    assert queries.archived_texts(silent) == []
    row = ArchivedMessage.objects.get()
    assert "你好".encode() not in bytes(row.body_sealed)
    tape.say("m1", "wmA", "DrLi", "again", at=now)
    assert read(account, tape) == 0
    assert queries.archived_texts(relation) == ["你好"]


def test_a_recalled_message_is_hidden(in_riverside: Hospital, admin: Staff) -> None:
    account, tape, now = make_account(in_riverside), Tape(), time.now()
    relation = make_pair(account)
    make_archive(account)
    actions.note_consent(relation, "agreed", now - timedelta(minutes=1))
    tape.say("m1", "wmA", "DrLi", "你好", at=now)
    back = {"action": "recall", "msgtype": "revoke", "revoke": {"pre_msgid": "m1"}}
    tape.plain.append({"msgid": "m2", "msgtime": int(now.timestamp() * 1000)} | back)

    assert read(account, tape) == 1

    assert queries.archived_texts(relation) == []
    assert ArchivedMessage.objects.get().recalled_at is not None


def test_a_record_whose_key_is_not_here_yet_is_read_later(
    in_riverside: Hospital, admin: Staff
) -> None:
    account, tape, now = make_account(in_riverside), Tape(version=2), time.now()
    relation = make_pair(account)
    make_archive(account)
    actions.note_consent(relation, "agreed", now - timedelta(minutes=1))
    tape.say("m1", "wmA", "DrLi", "你好", at=now)

    assert (read(account, tape), read(account, tape, 2)) == (0, 1)


def test_the_callback_of_a_yes_is_taken_in_and_a_later_no_counts(in_riverside: Hospital) -> None:
    account = make_account(in_riverside)
    relation, at = make_pair(account), time.now()
    body = contact_xml(
        "msg_audit_approved", person="wmA", member="DrLi", created=int(at.timestamp())
    )
    facts = facts_of(account)
    for _again in range(2):
        actions.take_in(facts, ADAPTERS["wecom"].parse(facts, body))

    assert ArchiveConsent.objects.get(relation=relation).state == "agreed"
    assert actions.note_consent(relation, "refused", at.replace(microsecond=0))
    assert not actions.note_consent(relation, "agreed", at.replace(microsecond=0))


def test_the_answers_are_asked_for_where_the_archive_is_on(
    sandbox: Sandbox, in_riverside: Hospital, admin: Staff
) -> None:
    open_windows()
    app = {"agent_id": 2000004, "secret": ARCHIVE_SECRET, "rights": ["archive"]}
    member = {"userid": "DrLi", "name": "李医生"}
    sandbox.put(f"/control/corps/{CORP_ID}", {"apps": [app], "members": [member]})
    seeded = {"corp_id": CORP_ID, "userid": "DrLi", "person": "wang"}
    sandbox.post("/control/seed", {"relations": [seeded]})
    ids = sandbox.client.get("/control/ids/wang").json()["external_user_ids"]
    account = make_account(in_riverside, base_url=sandbox.wecom_url)
    relation = make_pair(account, ids[CORP_ID])
    answer = {"corp_id": CORP_ID, "userid": "DrLi", "answer": "Disagree"}
    sandbox.post("/control/persons/wang/answer-archive", answer)
    run_periodic(jobs.__name__, "read_archive_consents", in_riverside.pk)
    assert not ArchiveConsent.objects.exists()
    make_archive(account)

    run_periodic(jobs.__name__, "read_archive_consents", in_riverside.pk)

    assert ArchiveConsent.objects.get(relation=relation).state == "refused"


def test_who_may_not_manage_it_does_not_switch_it(in_riverside: Hospital, zhou: Staff) -> None:
    account = make_account(in_riverside)
    make_archive(account)

    with pytest.raises(ForbiddenError):
        actions.turn_off_archive(account, erases=True, by=zhou)


def test_the_page_says_that_it_is_off_and_who_agreed(riverside: Hospital, as_admin: Client) -> None:
    account = make_account(riverside)
    relation = make_pair(account)
    with scope(riverside):
        actions.note_consent(relation, "refused", time.now())

    shown = as_admin.get(f"/settings/channels/{account.key}/").content.decode()

    assert "未开启" in shown
    assert "已同意 0，不同意 1，未询问 0。" in shown


NAMES = st.sampled_from(["", "DrLi", "ZhouMin", "wmA", "woB"])


@given(NAMES, st.lists(NAMES, max_size=3), st.sampled_from(["", "wrGroup"]))
def test_a_pair_is_one_member_and_one_contact(sender: str, to: list[str], group: str) -> None:
    pair = pair_of(sender, to, group)

    if pair is not None:
        assert (group, len(to)) == ("", 1)
        assert pair.external_id[:2] in {"wm", "wo"}
        assert pair.staff_userid[:2] not in {"wm", "wo", ""}


@given(st.sampled_from(["agreed", "refused", "assumed", ""]), st.booleans(), st.integers(-9, 9))
def test_without_an_answered_yes_nothing_is_kept(state: str, has_time: bool, late: int) -> None:
    now = time.now()

    kept = may_keep(state, now if has_time else None, now + timedelta(seconds=late))

    assert kept == (state == "agreed" and has_time and late > 0)
