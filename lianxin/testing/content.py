from __future__ import annotations

from datetime import timedelta

from lianxin.content import actions
from lianxin.content.actions import NewItem, Words
from lianxin.content.models import Item, Revision
from lianxin.core import time
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.staff.models import Staff
from lianxin.testing.core import number
from lianxin.testing.staff import make_staff

BODY = "## 先坐好\n\n背靠椅子，双脚放平。\n\n- 量两遍\n- 都记下来"


def make_author(hospital: Hospital) -> Staff:
    return make_staff(hospital, role=Staff.Role.OPERATOR, name="何运营")


def make_reviewer(hospital: Hospital) -> Staff:
    return make_staff(hospital, role=Staff.Role.REVIEWER, name="陈审核")


def make_words(hospital: Hospital, title: str = "", body: str = BODY) -> Words:
    return Words(
        title=title or f"文章 {next(number)}",
        body=body,
        sources=("《家庭血压监测指南》",),
        review_due_on=time.today(hospital) + timedelta(days=365),
    )


def make_draft(
    hospital: Hospital, *, title: str = "", body: str = BODY, code: str = ""
) -> Revision:
    """Write a first draft that only lacks its review."""
    with scope(hospital):
        facts = NewItem(code=code or f"piece-{next(number)}")
        words = make_words(hospital, title, body)
        return actions.add_item(hospital, facts, words, by=make_author(hospital))


def publish(revision: Revision) -> Item:
    """Take a draft through review and publish it."""
    hospital = Hospital.objects.get(pk=revision.hospital_id)
    with scope(hospital):
        reviewer = make_reviewer(hospital)
        actions.submit_revision(revision, by=make_author(hospital))
        actions.approve_revision(revision, seen_hash=revision.content_hash, by=reviewer)
        actions.publish_revision(revision, by=reviewer)
        return Item.objects.select_related("published").get(pk=revision.item_id)


def make_published(
    hospital: Hospital, *, title: str = "", body: str = BODY, code: str = ""
) -> Item:
    return publish(make_draft(hospital, title=title, body=body, code=code))
