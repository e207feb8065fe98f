"""What is withdrawn or replaced before it went to an Official Account does not go there."""

from __future__ import annotations

import io
from datetime import date

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from lianxin.channels.actions import claim_publication, settle_publication
from lianxin.channels.models import Account, Publication
from lianxin.content import actions, articles
from lianxin.content.models import Item
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.testing.channels import make_account
from lianxin.testing.content import (
    make_author,
    make_published,
    make_reviewer,
    make_words,
    publish,
)


def ask(house: Hospital) -> tuple[Item, Publication]:
    official = make_account(house, Account.Kind.OFFICIAL_ACCOUNT)
    item = make_published(house)
    return item, articles.publish_article(item, official, by=make_reviewer(house))


def test_a_withdrawn_version_that_waits_does_not_go(in_riverside: Hospital) -> None:
    item, row = ask(in_riverside)

    actions.withdraw_item(item, "用语有误", by=make_reviewer(in_riverside))

    row.refresh_from_db()
    assert (row.state, row.failure_code) == ("failed", "article_withdrawn")
    assert claim_publication(in_riverside.pk, row.pk) is None


def test_a_worker_that_makes_the_draft_meanwhile_changes_nothing(in_riverside: Hospital) -> None:
    item, row = ask(in_riverside)
    claim = claim_publication(in_riverside.pk, row.pk)
    assert claim is not None

    actions.withdraw_item(item, "用语有误", by=make_reviewer(in_riverside))
    settle_publication(claim, state=Publication.State.DRAFTED, draft_id="d1")

    row.refresh_from_db()
    assert (row.state, row.draft_id) == ("failed", "")


def test_a_version_that_was_replaced_does_not_go(in_riverside: Hospital) -> None:
    item, row = ask(in_riverside)

    text = make_words(in_riverside, "新的一版")
    publish(actions.start_revision(item, text, by=make_author(in_riverside)))

    row.refresh_from_db()
    assert (row.state, row.failure_code) == ("failed", "article_withdrawn")


def test_a_cover_is_chosen_on_the_page_and_what_is_read_stands_there(
    riverside: Hospital, as_admin: Client
) -> None:
    official = make_account(riverside, Account.Kind.OFFICIAL_ACCOUNT)
    with scope(riverside):
        item = make_published(riverside)
    address = f"/content/{item.key}/articles/"
    file = io.BytesIO()
    Image.new("RGB", (600, 400), (10, 90, 80)).save(file, "PNG")

    huge = SimpleUploadedFile("big.png", b"\x89PNG\r\n\x1a\n" + bytes(2 * 1024 * 1024))
    refused = as_admin.post(address, {"account": official.key, "cover": huge})
    picture = SimpleUploadedFile("mine.png", file.getvalue())
    as_admin.post(address, {"account": official.key, "cover": picture})

    assert refused.status_code == 409
    with scope(riverside):
        row = Publication.objects.get()
        assert row.cover_sha256
        counts = {"reader_count": 12, "sharer_count": 3, "counted_on": date(2026, 11, 21)}
        Publication.objects.update(state="published", **counts)
    page = as_admin.get(f"/content/{item.key}/").content.decode()
    assert "12 人阅读，3 人分享（到 11-21）" in page
