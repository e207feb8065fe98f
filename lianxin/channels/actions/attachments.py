"""Attachments are refused in words before anything is saved that the provider would refuse."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from lianxin.channels import reasons, wording
from lianxin.channels.adapters import ADAPTERS
from lianxin.channels.adapters.base import Attachment
from lianxin.channels.adapters.reactions import load_media_limits
from lianxin.channels.adapters.wecom.attachments import FILES, find_attachment_fault
from lianxin.channels.models import Account
from lianxin.channels.queries.attachments import resolve_attachments
from lianxin.channels.queries.media import describe_files
from lianxin.core.errors import RefusedError

# A welcome always carries the link to the hospital's pages, which is one of the nine.
WELCOME_LINKS = 1


def check_attachments(account: Account, chosen: Sequence[Attachment], *, links: int) -> None:
    """Refuse what cannot go along with a text of this account; `links` go along by themselves."""
    if not chosen:
        return
    if account.kind != Account.Kind.WECOM:
        raise RefusedError(_("只有企业微信的消息能带附件。"))
    found = resolve_attachments(account.hospital_id, chosen, lambda path: path)
    if len(found) < len(chosen):
        raise RefusedError(_("附件里有一篇内容没有发布或已撤回，请换一篇。"))
    if fault := find_attachment_fault(found, links=links):
        raise RefusedError(reasons.sentence_of(fault))
    check_files(account, found)
    for one in found:
        for refused in wording.refused_words(account.hospital_id, one.title):
            raise RefusedError(wording.refusal_sentence(refused))


def check_files(account: Account, chosen: Sequence[Attachment]) -> None:
    """Refuse files that the hospital does not have, or of another kind than they go as."""
    files = describe_files(account.hospital_id, [one.file for one in chosen if one.file])
    limits = load_media_limits()
    platform = ADAPTERS[account.kind].platform
    for one in chosen:
        if not one.file:
            continue
        file = files.get(one.file)
        wanted = one.kind if one.kind in FILES else "image"
        limit = limits.get((platform, wanted))
        if file is None or limit is None or file.kind != wanted:
            raise RefusedError(reasons.sentence_of("attachment_missing"))
        if limit.types and file.content_type not in limit.types:
            raise RefusedError(reasons.sentence_of("media_type_refused"))
        if file.size > limit.bytes:
            raise RefusedError(reasons.sentence_of("media_too_big"))
