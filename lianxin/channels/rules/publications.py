"""Articles of an Official Account: what the provider takes, and what its answers mean."""

from __future__ import annotations

from collections.abc import Mapping

UNDER_WAY = 1
# Document 发布状态轮询接口: publish_status, other than published and under way.
REFUSALS = {
    2: "article_not_original",
    3: "article_failed",
    4: "article_refused",
    5: "article_deleted",
    6: "article_banned",
}


def find_article_fault(title: str, content: str, limits: Mapping[str, int]) -> str:
    """Return why the provider would not take the words; reviewed words are never cut."""
    if len(title) > limits["title_characters"]:
        return "article_title_long"
    return "article_long" if len(content) >= limits["content_characters"] else ""


def refusal_of(status: int) -> str:
    """Return the reason code; a status that nobody knows is a failure too."""
    return REFUSALS.get(status, "article_failed")
