"""Reviewed texts become articles once, and are taken away on request."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lianxin.channels import actions, jobs, queries
from lianxin.channels.actions import Article
from lianxin.channels.adapters.official_account import covers
from lianxin.channels.adapters.official_account.adapter import OfficialAccount
from lianxin.channels.models import Account, Publication
from lianxin.channels.queries import facts_of
from lianxin.channels.reasons import SENTENCES
from lianxin.channels.rules.publications import outcome_of
from lianxin.core.errors import RefusedError
from lianxin.core.models import Event, Hospital
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


def ask(house: Hospital, sandbox: Sandbox, key: str, cover: bytes = b"") -> Publication:
    url = f"{sandbox.origin}/official"
    official = make_account(house, Account.Kind.OFFICIAL_ACCOUNT, base_url=url)
    by = make_staff(house, role=Staff.Role.REVIEWER)
    article = Article(key, 1, "先坐好再量", "", "<p>坐五分钟再量。</p>", "林医生")
    with scope(house):
        return actions.ask_publication(official, article, by=by, cover=cover)


def tell(row: Publication, status: str, url: str = "https://mp.example/s/1") -> None:
    """Let the provider's callback arrive, in the words of its document."""
    body = f"""<xml><ToUserName><![CDATA[gh_tests]]></ToUserName>
    <FromUserName><![CDATA[oPlatform]]></FromUserName><CreateTime>1795400000</CreateTime>
    <MsgType><![CDATA[event]]></MsgType><Event><![CDATA[PUBLISHJOBFINISH]]></Event>
    <PublishEventInfo><publish_id>{row.publish_id}</publish_id>
    <publish_status>{status}</publish_status><article_id><![CDATA[A-1]]></article_id>
    <article_detail><count>1</count><item><idx>1</idx>
    <article_url><![CDATA[{url}]]></article_url></item></article_detail>
    </PublishEventInfo></xml>"""
    with scope(row.hospital_id):
        facts = facts_of(row.account)
        actions.take_in(facts, OfficialAccount().parse(facts, body))


def test_the_callback_settles_at_once_and_twice_changes_nothing(
    sandbox: Sandbox, house: Hospital
) -> None:
    row = ask(house, sandbox, "called")
    keep(house, 2)
    with scope(house):
        row.refresh_from_db()
        claim = actions.claim_publication(house.pk, row.pk)
        assert claim is not None

        tell(row, "1")
        tell(row, "0")
        tell(row, "0", url="https://mp.example/s/2")
        actions.settle_publication(claim, state="failed", failure_code="article_failed")

        row.refresh_from_db()
        assert (row.state, row.url) == ("published", "https://mp.example/s/1")
        assert row.published_at == datetime.fromtimestamp(1795400000, UTC)
        assert Event.objects.filter(name="publication.published").count() == 1
        tell(row, "6")
        row.refresh_from_db()
        assert (row.state, row.failure_code) == ("failed", "article_banned")


def test_an_article_that_is_gone_already_counts_as_taken_away(
    sandbox: Sandbox, house: Hospital
) -> None:
    row = ask(house, sandbox, "gone")
    keep(house, 2)
    sandbox.post("/control/clock", {"add_seconds": 60})
    keep(house)
    with scope(house):
        row.refresh_from_db()
        Publication.objects.filter(pk=row.pk).update(article_id="article-of-nobody")
        row.refresh_from_db()
        actions.remove_publication(row, by=row.asked_by)
    keep(house)

    with scope(house):
        row.refresh_from_db()
    assert (row.state, row.failure_code) == ("removed", "")


def picture(size: tuple[int, int] = (640, 960)) -> bytes:
    file = io.BytesIO()
    Image.radial_gradient("L").resize(size).convert("RGB").save(file, "PNG")
    return file.getvalue()


def test_a_chosen_cover_goes_along_and_is_stored_there_once(
    sandbox: Sandbox, house: Hospital
) -> None:
    chosen = picture()
    rows = [ask(house, sandbox, key, chosen) for key in ("one", "two")]
    with scope(house):
        Publication.objects.filter(pk=rows[1].pk).update(account=rows[0].account)
        with pytest.raises(RefusedError, match="打不开"):
            ask(house, sandbox, "three", b"\xff\xd8\xff" + b"x" * 40)
    keep(house)
    keep(house)

    counts = sandbox.state()["counts"]
    assert counts["/cgi-bin/draft/add"]["calls"] == 2
    assert counts["/cgi-bin/material/add_material"]["calls"] == 1
    with scope(house):
        kept = queries.find_file(house.pk, rows[0].cover_sha256)
    assert kept is not None
    made = Image.open(io.BytesIO(bytes(kept.content)))
    assert (made.format, made.size) == ("JPEG", (900, 383))
    assert len(kept.content) <= 65536
    noise = io.BytesIO()
    Image.effect_noise((1800, 800), 120).save(noise, "PNG")
    assert 0 < len(covers.make_cover(noise.getvalue())) <= 65536
    assert covers.make_cover(b"no picture") == b""


def test_readers_are_asked_for_the_day_after(sandbox: Sandbox, house: Hospital) -> None:
    row = ask(house, sandbox, "read")
    keep(house, 2)
    sandbox.post("/control/clock", {"add_seconds": 60})
    keep(house)
    with scope(house):
        row.refresh_from_db()
    sandbox.person_does("wang", "oa-read", app_id=APP_ID, article_id=row.article_id, share=True)
    later = datetime.now(UTC).replace(hour=4) + timedelta(days=2)
    seconds = (later - datetime.now(UTC)).total_seconds()
    sandbox.post("/control/clock", {"offset_seconds": seconds})

    with time_machine.travel(later):
        jobs.read_article_counts.for_hospital(house.pk)  # type: ignore[attr-defined]
        jobs.read_article_counts.for_hospital(house.pk)  # type: ignore[attr-defined]

    with scope(house):
        row.refresh_from_db()
    assert (row.reader_count, row.sharer_count) == (1, 1)
    assert row.counted_on == (later - timedelta(days=1)).date()
    assert sandbox.state()["counts"]["/datacube/getarticletotaldetail"]["calls"] == 1


@given(st.sampled_from(Publication.State.values), st.integers(-1, 20))
def test_every_status_ends_in_a_state_with_words(state: str, status: int) -> None:
    outcome = outcome_of(state, status)

    assert outcome is None or state in ("examining", "published")
    if outcome is not None:
        assert outcome[0] in Publication.State.values
        assert (outcome[0] == "published") == (outcome[1] == "")
        assert outcome[1] in SENTENCES or outcome[1] == ""
