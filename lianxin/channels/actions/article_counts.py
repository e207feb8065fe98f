"""How many people read and shared an article: the newest sums, told by the provider."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q

from lianxin.channels.adapters.official_account.statistics import ArticleCounts
from lianxin.channels.models import Account, Publication


@transaction.atomic
def store_article_counts(account: Account, counts: Iterable[ArticleCounts]) -> int:
    """Keep the sums of our own articles; an older answer changes nothing. Returns how many."""
    stored = 0
    for one in counts:
        is_newer = Q(counted_on=None) | Q(counted_on__lte=one.on)
        rows = Publication.objects.filter(is_newer, account=account, message_id=one.message_id)
        told = {"reader_count": one.reader_count, "sharer_count": one.sharer_count}
        stored += rows.update(counted_on=one.on, **told)
    return stored
