"""A published version as an article of an Official Account: the same words, and who answers."""

from __future__ import annotations

from django.db import transaction
from django.utils.html import format_html_join
from django.utils.translation import gettext as _

from lianxin.channels import actions as channels
from lianxin.channels.models import Account, Publication
from lianxin.compliance.catalogue import mark
from lianxin.content import queries, words
from lianxin.content.actions import lock
from lianxin.content.cleaning import clean_html
from lianxin.content.models import Item, Revision
from lianxin.content.rules import review
from lianxin.core import time
from lianxin.core.errors import RefusedError
from lianxin.staff.models import Staff


def make_article(item: Item, revision: Revision) -> channels.Article:
    """Return the words as they stand, cleaned once more, with names, sources and the mark."""
    people = [revision.author.name, *([revision.reviewer.name] if revision.reviewer else [])]
    foot = [" · ".join(people), *revision.sources, mark("reference", item.language)]
    content = clean_html(revision.body_html) + format_html_join(
        "", "<p>{}</p>", ((line,) for line in foot)
    )
    words = (item.key, revision.number, revision.title, revision.summary, content)
    return channels.Article(*words, author=revision.author.name)


@transaction.atomic
def publish_article(item: Item, account: Account, *, by: Staff, cover: bytes = b"") -> Publication:
    """Give the current published version to an Official Account; each version goes once."""
    if item.published is None:
        raise RefusedError(_("只有已发布的内容能发到公众号。"))
    revision = lock(item.published)
    if revision.state != Revision.State.PUBLISHED:
        raise RefusedError(_("只有已发布的内容能发到公众号。"))
    faults = review.find_faults(queries.facts_of(item, revision), time.today(by.hospital))
    if faults:
        raise RefusedError(words.sentences(faults))
    return channels.ask_publication(account, make_article(item, revision), by=by, cover=cover)
