"""Moments over real HTTP: made as a job, published by hand, cancelled, never made twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lianxin.channels import actions, jobs
from lianxin.channels.actions import MomentOrder
from lianxin.channels.adapters.base import Attachment
from lianxin.channels.models import Account, Media, Moment, MomentMember
from lianxin.channels.tests.test_media import befriend, keep
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.testing.channels import CORP_ID, make_account
from lianxin.testing.processes import Sandbox


@pytest.fixture
def wecom(house: Hospital, sandbox: Sandbox) -> Account:
    return make_account(house, base_url=sandbox.wecom_url)


def ask(account: Account, *userids: str, key: str = "k1", **more: object) -> Moment:
    values = {"text": "秋天早晚凉，出门加件衣服。", "attachments": ()} | more
    order = MomentOrder(unique_key=key, userids=userids or ("DrLi",), **values)  # type: ignore[arg-type]
    with scope(account.hospital_id):
        return actions.ask_for_moment(account, order, by=SystemActor(account.hospital_id))


def work(moment: Moment, times: int = 1) -> Moment:
    """Let the job look so often, each time when it is due."""
    for _ in range(times):
        with scope(moment.hospital_id):
            Moment.objects.update(next_step_at=time.now())
        jobs.keep_moments.for_hospital(moment.hospital_id)  # type: ignore[attr-defined]
    with scope(moment.hospital_id):
        moment.refresh_from_db()
    return moment


def publish(sandbox: Sandbox, moment: Moment, userid: str = "DrLi") -> None:
    sandbox.post(
        f"/control/corps/{CORP_ID}/members/{userid}/publish-moment",
        {"moment_id": moment.provider_moment_id},
    )


def test_a_moment_is_seen_only_after_the_member_published_it(
    wecom: Account, house: Hospital, sandbox: Sandbox
) -> None:
    befriend(sandbox)
    file = keep(house).sha256
    link = Attachment("link", file=file, title="测压小常识", url="https://example.invalid/1")
    moment = work(ask(wecom, "DrLi", "nobody", attachments=(link,)), 4)

    assert (moment.state, moment.invalid_userids, moment.viewer_count) == ("open", ["nobody"], 0)
    with scope(house):
        assert Media.objects.get().use == "moment"
        assert list(MomentMember.objects.values_list("staff_userid", "published_at")) == [
            ("DrLi", None)
        ]

    publish(sandbox, moment)
    who = {"corp_id": CORP_ID, "moment_id": moment.provider_moment_id, "userid": "DrLi"}
    sandbox.person_does("wang", "moment-echo", **who)
    work(moment)

    assert (moment.state, moment.viewer_count, moment.like_count) == ("done", 1, 1)
    with scope(house):
        names = Event.objects.filter(subject="moment").order_by("at", "id")
        assert list(names.values_list("name", flat=True)) == [
            "moment.asked",
            "moment.made",
            "moment.settled",
        ]


def test_the_jobs_own_error_is_said_in_words(wecom: Account, sandbox: Sandbox) -> None:
    moment = work(ask(wecom, "ZhouMin"), 3)

    assert (moment.state, moment.reason_code) == ("failed", "moment_refused")
    assert sandbox.state()["corps"][CORP_ID]["moments"]


def test_silence_after_making_is_not_repeated(wecom: Account, sandbox: Sandbox) -> None:
    sandbox.put("/control/settings", {"timeout_seconds": 0.1})
    sandbox.add_fault("api_answer_lost", path="*/add_moment_task")

    moment = work(ask(wecom), 3)

    assert (moment.state, moment.reason_code) == ("failed", "outcome_unknown")
    assert len(sandbox.state()["corps"][CORP_ID]["moments"]) == 1


def test_a_worker_that_died_while_making_makes_no_second_one(
    wecom: Account, house: Hospital, sandbox: Sandbox
) -> None:
    moment = ask(wecom)
    with scope(house):
        assert actions.claim_moment(moment) is not None
        assert actions.claim_moment(moment) is None
        Moment.objects.update(lease_until=time.now() - timedelta(seconds=1))

    work(moment)

    assert (moment.state, moment.reason_code) == ("failed", "outcome_unknown")
    assert not sandbox.state()["corps"][CORP_ID]["moments"]


def test_a_busy_provider_is_asked_again_and_the_same_key_is_one_moment(
    wecom: Account, sandbox: Sandbox
) -> None:
    befriend(sandbox)
    sandbox.add_fault("api_rate_limited", path="*/add_moment_task")
    first = work(ask(wecom))
    assert (first.state, first.reason_code) == ("waiting", "")

    assert ask(wecom).pk == first.pk


def test_cancelling_stops_who_has_not_published(
    wecom: Account, house: Hospital, sandbox: Sandbox
) -> None:
    befriend(sandbox)
    moment = work(ask(wecom), 4)
    with scope(house):
        actions.cancel_moment(moment, by=SystemActor(house.pk))

    work(moment)

    assert moment.state == "cancelled"
    with pytest.raises(AssertionError, match="cancelled"):
        publish(sandbox, moment)
