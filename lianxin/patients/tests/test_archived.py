"""The whole way of the chat archive: they talk, it is sealed, fetched, opened, kept, and read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.test import Client, override_settings

from lianxin.channels import actions as channels
from lianxin.channels import jobs
from lianxin.channels.models import Account, Archive, ArchivedMessage, Relation
from lianxin.channels.queries.archive import list_archive_keys
from lianxin.core.models import AccessEntry, Hospital
from lianxin.patients.models import Patient
from lianxin.staff.models import Staff
from lianxin.testing.channels import (
    ARCHIVE_SECRET,
    CORP_ID,
    make_account,
    make_address,
    make_archive,
    open_windows,
)
from lianxin.testing.guarded import sign_in
from lianxin.testing.jobs import run_periodic
from lianxin.testing.patients import make_holder, make_holding, make_patient
from lianxin.testing.processes import Sandbox
from lianxin.testing.staff import make_staff


@dataclass
class Pair:
    """A patient whose WeChat knows Dr Li, at a corp whose archive the hospital has bought."""

    sandbox: Sandbox
    account: Account
    patient: Patient
    relation: Relation

    @property
    def url(self) -> str:
        return f"/patients/{self.patient.key}/archive/"

    def answers(self, word: str) -> None:
        body = {"corp_id": CORP_ID, "userid": "DrLi", "answer": word}
        self.sandbox.post("/control/persons/wang/answer-archive", body)
        # The answer is of a whole second, and of that second nothing is kept.
        self.sandbox.post("/control/clock", {"add_seconds": 2})
        self.runs("read_archive_consents")

    def writes(self, text: str) -> None:
        self.sandbox.person_does("wang", "write", corp_id=CORP_ID, userid="DrLi", text=text)

    def doctor(self, verb: str, **body: str) -> None:
        path = f"/control/corps/{CORP_ID}/members/DrLi/{verb}"
        self.sandbox.post(path, {"person": "wang"} | body)

    def runs(self, job: str) -> None:
        run_periodic(jobs.__name__, job, self.account.hospital_id)

    def reads(self) -> Archive:
        """Let the provider's event come, and the job after it."""
        Archive.objects.filter(account=self.account).update(next_try_at=None)
        self.runs("read_archives")
        return Archive.objects.get(account=self.account)


@pytest.fixture
def pair(sandbox: Sandbox, in_riverside: Hospital) -> Iterator[Pair]:
    open_windows()
    account = make_account(in_riverside, base_url=sandbox.wecom_url)
    make_archive(account)
    public_keys = {"1": list_archive_keys(account.pk)[0].public_key}
    app = {"agent_id": 2000004, "secret": ARCHIVE_SECRET, "rights": ["archive"]}
    members = [{"userid": "DrLi", "name": "李医生"}]
    corp = {"apps": [app], "members": members, "archive": {"public_keys": public_keys}}
    sandbox.put(f"/control/corps/{CORP_ID}", corp)
    seeded = {"corp_id": CORP_ID, "userid": "DrLi", "person": "wang"}
    sandbox.post("/control/seed", {"relations": [seeded]})
    ids = sandbox.client.get("/control/ids/wang").json()["external_user_ids"]
    address = make_address(account, ids[CORP_ID], staff_userid="DrLi")
    patient = make_patient(in_riverside)
    make_holding(patient, make_holder(in_riverside, address=address))
    made = Pair(sandbox, account, patient, Relation.objects.get(address=address))
    with override_settings(
        ARCHIVE_SDK="sandbox.finance_sdk.FinanceSdk", ARCHIVE_LIBRARY=sandbox.origin
    ):
        yield made


def read_page(pair: Pair, who: Client, reason: str = "complaint") -> str:
    answer = who.post(pair.url, {"talk": pair.relation.pk, "reason": reason})
    return answer.content.decode()


def test_what_was_said_after_the_yes_is_read_and_each_look_is_written(
    pair: Pair, in_riverside: Hospital
) -> None:
    privacy = make_staff(in_riverside, role="privacy")
    as_privacy = sign_in(privacy)
    pair.writes("同意之前的话")
    pair.answers("Agree")
    pair.writes("伤口有点红")
    pair.doctor("write", text="请拍一张照片，明天来门诊看")
    pair.writes("打错了")
    pair.sandbox.person_does("wang", "recall", corp_id=CORP_ID, userid="DrLi")

    archive = pair.reads()
    pair.reads()
    page = read_page(pair, as_privacy)

    assert (archive.seq, archive.failure_code, archive.read_until is not None) == (5, "", True)
    assert ArchivedMessage.objects.count() == 3
    assert page.index("伤口有点红") < page.index("请拍一张照片")
    assert "已撤回，内容没有保留" in page
    assert "打错了" not in page
    assert "同意之前" not in page
    assert AccessEntry.objects.filter(by_id=privacy.pk, reason="complaint").count() == 1

    pair.answers("Disagree")

    assert "伤口有点红" not in read_page(pair, as_privacy)
    pair.writes("不同意之后的话")
    pair.reads()
    assert ArchivedMessage.objects.count() == 3


def test_only_the_patients_own_doctors_read_it(
    pair: Pair, in_riverside: Hospital, as_lin: Client, lin: Staff, zhou: Staff
) -> None:
    pair.answers("Agree")
    pair.writes("伤口有点红")
    pair.reads()
    stranger = make_staff(in_riverside, role="doctor")

    refused = sign_in(stranger).post(pair.url, {"talk": pair.relation.pk, "reason": "care"})

    assert refused.status_code == 403
    seen = AccessEntry.objects.filter(by_id=stranger.pk, outcome="refused")
    assert list(seen.values_list("patient_id", flat=True)) == [pair.patient.pk]
    assert "护理团队里的医生" in sign_in(stranger).get(pair.url).content.decode()
    Relation.objects.filter(pk=pair.relation.pk).update(staff=stranger)
    as_stranger = sign_in(stranger)
    assert "伤口有点红" in read_page(pair, as_stranger, "care")
    assert as_stranger.post(pair.url, {"talk": pair.relation.pk}).status_code == 422
    assert as_stranger.post(pair.url, {"talk": 10**9, "reason": "care"}).status_code == 404


def test_a_forgotten_person_is_forgotten_here_too(pair: Pair, admin: Staff) -> None:
    pair.answers("Agree")
    pair.writes("伤口有点红")
    pair.reads()

    channels.forget_addresses(pair.account.hospital_id, [pair.relation.address_id], by=admin)

    assert not ArchivedMessage.objects.exists()
