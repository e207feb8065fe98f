"""Reviewed texts become articles once, and are taken away on request."""

from __future__ import annotations

import pytest

from lianxin.channels import actions, jobs, queries
from lianxin.channels.actions import Article
from lianxin.channels.models import Account, Publication
from lianxin.core.errors import RefusedError
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.staff.models import Staff
from lianxin.testing.channels import APP_ID, make_account
from lianxin.testing.processes import Sandbox
from lianxin.testing.staff import make_staff


def keep(house: Hospital, times: int = 1) -> None:
    for _step in range(times):
        jobs.keep_publications.for_hospital(house.pk)  # type: ignore[attr-defined]


def test_an_article_goes_out_once_and_is_taken_away(sandbox: Sandbox, house: Hospital) -> None:
    official = make_account(
        house, Account.Kind.OFFICIAL_ACCOUNT, base_url=f"{sandbox.origin}/official"
    )
    by = make_staff(house, role=Staff.Role.REVIEWER)
    article = Article("itemkey", 1, "先坐好再量", "", "<p>坐五分钟再量。</p>")
    with scope(house):
        row = actions.ask_publication(official, article, by=by)
        with pytest.raises(RefusedError, match="不会再发一次"):
            actions.ask_publication(official, article, by=by)
        long = Article("itemkey", 2, "长" * 33, "", "<p>坐</p>")
        with pytest.raises(RefusedError, match="标题太长"):
            actions.ask_publication(official, long, by=by)
    keep(house, 2)
    sandbox.post("/control/clock", {"add_seconds": 60})
    keep(house)

    with scope(house):
        row.refresh_from_db()
        assert (row.state, row.failure_code) == ("published", "")
        assert row.url
        actions.remove_publication(row, by=by)
    keep(house, 2)
    with scope(house):
        row.refresh_from_db()
        assert row.state == Publication.State.REMOVED
    counts = sandbox.state()["counts"]
    assert counts["/cgi-bin/freepublish/submit"]["calls"] == 1
    assert counts["/cgi-bin/freepublish/delete"]["calls"] == 1


def test_a_refusal_and_a_lost_answer_are_said_and_not_repeated(
    sandbox: Sandbox, house: Hospital
) -> None:
    official = make_account(
        house, Account.Kind.OFFICIAL_ACCOUNT, base_url=f"{sandbox.origin}/official"
    )
    by = make_staff(house, role=Staff.Role.REVIEWER)
    sandbox.person_does("wang", "oa-examine", app_id=APP_ID, refuse=True)
    with scope(house):
        actions.ask_publication(official, Article("one", 1, "一", "", "<p>坐好。</p>"), by=by)
    keep(house, 2)
    sandbox.post("/control/clock", {"add_seconds": 60})
    sandbox.add_fault("api_answer_lost", path="/cgi-bin/freepublish/submit", count=1)
    with scope(house):
        actions.ask_publication(official, Article("two", 1, "二", "", "<p>坐好。</p>"), by=by)
    keep(house, 3)

    with scope(house):
        reasons = {
            key: queries.list_publications(house.pk, key)[0].failure_code for key in ("one", "two")
        }
    assert reasons == {"one": "article_refused", "two": "outcome_unknown"}
