from __future__ import annotations

from dataclasses import replace

import pytest

from lianxin.content import actions, queries
from lianxin.content.actions import NewItem
from lianxin.content.models import Item, Review, Revision
from lianxin.core.errors import ForbiddenError, NotFoundError, RefusedError
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.staff.models import Staff
from lianxin.testing.content import (
    make_author,
    make_draft,
    make_published,
    make_reviewer,
    make_words,
)


def refreshed(revision: Revision) -> Revision:
    return Revision.objects.select_related("item").get(pk=revision.pk)


def in_review(hospital: Hospital, body: str = "背靠椅子。") -> Revision:
    draft = make_draft(hospital, body=body)
    actions.submit_revision(draft, by=draft.author)
    return refreshed(draft)


def test_a_draft_becomes_a_page_by_three_people(in_riverside: Hospital, admin: Staff) -> None:
    draft = in_review(in_riverside)
    reviewer = make_reviewer(in_riverside)

    actions.approve_revision(draft, seen_hash=draft.content_hash, by=reviewer, note="与来源一致")
    actions.publish_revision(draft, by=admin)

    page = queries.access_page(in_riverside.pk, draft.item.key)
    assert (page.revision, page.revision.reviewer) == (draft, reviewer)
    assert [r.decision for r in Review.objects.all()] == ["approve"]
    names = list(Event.objects.filter(name__startswith="content.").values_list("name", flat=True))
    assert sorted(names) == [
        "content.approved",
        "content.drafted",
        "content.published",
        "content.submitted",
    ]


def test_nobody_approves_what_they_wrote_or_edited(in_riverside: Hospital, zhou: Staff) -> None:
    """Dr Zhou may write and review, but not both on the same piece."""
    draft = actions.add_item(
        in_riverside, NewItem("own"), make_words(in_riverside), by=make_author(in_riverside)
    )
    edited = actions.edit_revision(draft, make_words(in_riverside, "周医生改过"), by=zhou)
    actions.submit_revision(edited, by=zhou)

    with pytest.raises(RefusedError, match="自己写的"):
        actions.approve_revision(refreshed(draft), seen_hash=edited.content_hash, by=zhou)


def test_an_edit_after_approval_voids_it(in_riverside: Hospital, admin: Staff) -> None:
    draft = in_review(in_riverside)
    reviewer = make_reviewer(in_riverside)
    actions.approve_revision(draft, seen_hash=draft.content_hash, by=reviewer)

    changed = actions.edit_revision(draft, make_words(in_riverside, "另一个标题"), by=draft.author)

    assert (changed.state, changed.reviewer, changed.approved_hash) == ("draft", None, "")
    with pytest.raises(RefusedError, match="还没有批准"):
        actions.publish_revision(changed, by=admin)


def test_what_changed_since_the_reviewer_looked_is_not_approved(in_riverside: Hospital) -> None:
    draft = in_review(in_riverside)
    seen = draft.content_hash
    actions.edit_revision(draft, make_words(in_riverside, "偷偷改了"), by=draft.author)
    actions.submit_revision(refreshed(draft), by=draft.author)

    with pytest.raises(RefusedError, match="重新看一遍"):
        actions.approve_revision(refreshed(draft), seen_hash=seen, by=make_reviewer(in_riverside))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"sources": ()}, "资料来源"),
        ({"review_due_on": None}, "复审日期"),
        ({"body": ""}, "标题和正文"),
        ({"body": "名额有限，免费治疗。"}, "必须修改的用语"),
    ],
)
def test_what_is_incomplete_or_untrue_is_not_approved(
    in_riverside: Hospital, change: dict[str, object], sentence: str
) -> None:
    author = make_author(in_riverside)
    words = replace(make_words(in_riverside), **change)  # type: ignore[arg-type]
    draft = actions.add_item(in_riverside, NewItem("piece"), words, by=author)
    actions.submit_revision(draft, by=author)

    with pytest.raises(RefusedError, match=sentence):
        actions.approve_revision(
            refreshed(draft), seen_hash=draft.content_hash, by=make_reviewer(in_riverside)
        )


def test_a_return_says_why_and_makes_it_a_draft_again(in_riverside: Hospital) -> None:
    draft = in_review(in_riverside)

    with pytest.raises(RefusedError, match="写明意见"):
        actions.return_revision(draft, " ", by=make_reviewer(in_riverside))
    actions.return_revision(draft, "第 2 段缺来源", by=make_reviewer(in_riverside))

    assert refreshed(draft).state == "draft"
    assert Review.objects.get().note == "第 2 段缺来源"


def test_a_correction_shows_old_and_new_and_keeps_the_old_version(
    in_riverside: Hospital, admin: Staff
) -> None:
    item = make_published(in_riverside, body="两遍之间隔 5 分钟。两个数都记下来。")
    words = replace(
        make_words(in_riverside, body="两遍之间隔 1 分钟。两个数都记下来。"),
        correction_note="间隔写错了",
    )
    fix = actions.start_revision(item, words, by=make_author(in_riverside), is_correction=True)
    actions.submit_revision(fix, by=fix.author)
    actions.approve_revision(fix, seen_hash=fix.content_hash, by=make_reviewer(in_riverside))
    actions.publish_revision(refreshed(fix), by=admin)

    page = queries.access_page(in_riverside.pk, item.key)

    assert [(c.before, c.after) for c in page.changes] == [
        ("两遍之间隔 5 分钟。", "两遍之间隔 1 分钟。")
    ]
    assert page.first_published.number == 1
    states = Revision.objects.filter(item=item).order_by("number").values_list("state", flat=True)
    assert list(states) == ["superseded", "published"]
    assert Event.objects.filter(name="content.corrected").count() == 1


def test_a_published_version_is_not_edited_and_only_one_is_open(in_riverside: Hospital) -> None:
    item = make_published(in_riverside)
    author = make_author(in_riverside)
    assert item.published is not None

    with pytest.raises(RefusedError, match="另起一版"):
        actions.edit_revision(item.published, make_words(in_riverside), by=author)
    actions.start_revision(item, make_words(in_riverside), by=author)
    with pytest.raises(RefusedError, match="已有一版在改"):
        actions.start_revision(item, make_words(in_riverside), by=author)


def test_a_withdrawn_page_is_gone_at_once(in_riverside: Hospital, admin: Staff) -> None:
    item = make_published(in_riverside)

    actions.withdraw_item(item, "来源被撤稿", by=admin)

    with pytest.raises(NotFoundError):
        queries.access_page(in_riverside.pk, item.key)
    with pytest.raises(RefusedError, match="没有发布"):
        actions.withdraw_item(Item.objects.get(pk=item.pk), "再撤一次", by=admin)


def test_who_may_not_is_refused(in_riverside: Hospital, lin: Staff) -> None:
    draft = in_review(in_riverside)
    reviewer = make_reviewer(in_riverside)

    with pytest.raises(ForbiddenError):
        actions.approve_revision(draft, seen_hash=draft.content_hash, by=lin)
    with pytest.raises(ForbiddenError):
        actions.edit_revision(draft, make_words(in_riverside), by=reviewer)
    with pytest.raises(ForbiddenError):
        actions.publish_revision(draft, by=lin)


def test_another_hospital_sees_nothing(riverside: Hospital, mallory: Staff) -> None:
    item = make_published(riverside)

    with scope(mallory.hospital_id):
        assert not queries.list_items(mallory).exists()
        with pytest.raises(NotFoundError):
            queries.access_item(mallory, item.key)
