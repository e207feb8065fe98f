"""Articles of an Official Account: what the provider takes, and what its answers mean."""

from __future__ import annotations

from collections.abc import Mapping

# Document 发布状态轮询接口: publish_status. A status that cannot be read says nothing yet.
PUBLISHED, UNDER_WAY, UNREADABLE = 0, 1, -1
REFUSALS = {
    2: "article_not_original",
    3: "article_failed",
    4: "article_refused",
    5: "article_deleted",
    6: "article_banned",
}
# What may be told of an article that was published: its owner deleted it, or it was banned.
AFTERWARDS = {5: "removed", 6: "failed"}


def find_article_fault(title: str, content: str, limits: Mapping[str, int]) -> str:
    """Return why the provider would not take the words; reviewed words are never cut."""
    if len(title) > limits["title_characters"]:
        return "article_title_long"
    is_long = len(content) >= limits["content_characters"]
    is_heavy = len(content.encode()) >= limits["content_bytes"]
    return "article_long" if is_long or is_heavy else ""


def refusal_of(status: int) -> str:
    """Return the reason code; a status that nobody knows is a failure too."""
    return REFUSALS.get(status, "article_failed")


def outcome_of(state: str, status: int) -> tuple[str, str] | None:
    """Return the state that follows and why; None when the status changes nothing."""
    if state == "examining" and status == PUBLISHED:
        return "published", ""
    if state == "examining" and status not in (UNDER_WAY, UNREADABLE):
        return "failed", refusal_of(status)
    if state == "published" and status in AFTERWARDS:
        return AFTERWARDS[status], refusal_of(status)
    return None
