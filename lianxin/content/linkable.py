"""What the room of channels may know of contents: the published pages that a link may lead to

(REVIEWED_PAGES).
"""

from __future__ import annotations

from lianxin.channels.reviewed_pages import ReviewedPage
from lianxin.content.models import Item
from lianxin.content.queries import reading_path


def list_reviewed_pages(hospital_id: int) -> list[ReviewedPage]:
    rows = Item.objects.of(hospital_id).filter(published__isnull=False)
    return [
        ReviewedPage(item.key, item.published.title, item.published.summary, reading_path(item))
        for item in rows.select_related("published").order_by("-published__published_at", "-pk")
        if item.published is not None
    ]
