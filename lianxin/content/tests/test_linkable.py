"""A message leads to what was reviewed and is published now, and to nothing else."""

from __future__ import annotations

import pytest

from lianxin.channels import actions
from lianxin.channels.adapters.base import Attachment
from lianxin.channels.queries.attachments import resolve_attachments
from lianxin.content.models import Item
from lianxin.core.errors import RefusedError
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.testing.channels import make_account
from lianxin.testing.content import make_draft, make_published


def test_a_link_is_the_published_page_as_it_is_now(riverside: Hospital) -> None:
    item, draft = make_published(riverside, title="第一次来院怎么走"), make_draft(riverside)
    account = make_account(riverside)
    link = Attachment("link", page=item.key)
    with scope(riverside):
        [found] = resolve_attachments(riverside.pk, [link], lambda path: f"https://h.invalid{path}")
        actions.check_attachments(account, [link], links=1)
        with pytest.raises(RefusedError, match="没有发布或已撤回"):
            actions.check_attachments(account, [Attachment("link", page=draft.item.key)], links=1)
        Item.objects.filter(pk=item.pk).update(published=None)
        assert resolve_attachments(riverside.pk, [link], str) == ()

    assert (found.title, found.url) == ("第一次来院怎么走", f"https://h.invalid/p/read/{item.key}/")
