from __future__ import annotations

from typing import Any

import pytest

from lianxin.compliance import catalogue as compliance
from lianxin.compliance.rules.guard import find_findings
from lianxin.content import actions, queries
from lianxin.content.catalogue import list_articles
from lianxin.content.models import Item, Revision
from lianxin.core.models import Hospital
from lianxin.staff.models import Staff
from lianxin.testing.content import make_reviewer


@pytest.mark.parametrize("article", list_articles(), ids=lambda a: f"{a['code']}-{a['language']}")
def test_the_guard_finds_nothing_in_our_articles(article: dict[str, Any]) -> None:
    words = f"{article['title']}\n{article['summary']}\n{article['body']}"

    assert find_findings(words, compliance.phrases(), "education") == []
    assert len(article["sources"]) >= 1


def test_every_article_is_there_in_both_languages() -> None:
    languages: dict[str, set[str]] = {}
    for article in list_articles():
        languages.setdefault(article["code"], set()).add(article["language"])

    assert all(found == {"zh-hans", "en"} for found in languages.values())


def test_loading_twice_gives_drafts_once(in_riverside: Hospital, admin: Staff) -> None:
    first = actions.load_templates(in_riverside, list_articles(), author=admin)
    again = actions.load_templates(in_riverside, list_articles(), author=admin)

    assert [item.pk for item in first] == [item.pk for item in again]
    assert set(Revision.objects.values_list("state", flat=True)) == {"draft"}
    assert not Item.objects.exclude(published=None).exists()


def test_with_a_reviewer_they_are_reviewed_and_published(
    in_riverside: Hospital, admin: Staff
) -> None:
    reviewer = make_reviewer(in_riverside)

    actions.load_templates(
        in_riverside, list_articles(), author=admin, reviewer=reviewer, publisher=admin
    )

    english = queries.find_published(in_riverside.pk, "discharge-guide", "en")
    other = queries.find_published(in_riverside.pk, "discharge-guide", "ug")
    assert english is not None
    assert english.language == "en"
    assert other is not None
    assert other.language == "zh-hans"
