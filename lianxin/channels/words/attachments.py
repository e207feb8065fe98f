"""Attachments in words: what each is, and how ready it is at the provider."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lianxin.channels import reasons
from lianxin.channels.adapters.base import Attachment
from lianxin.channels.models import Account, Media
from lianxin.channels.queries.attachments import LINK, as_rows
from lianxin.channels.queries.media import FileFacts, describe_files, files_of, standing_media
from lianxin.channels.reviewed_pages import ReviewedPage
from lianxin.core import time

KINDS: dict[str, str | Promise] = {
    "image": gettext_lazy("图片"),
    "video": gettext_lazy("视频"),
    "file": gettext_lazy("文件"),
    "link": gettext_lazy("链接"),
    "miniprogram": gettext_lazy("小程序"),
}
ICONS = {
    "image": "photo",
    "video": "video",
    "file": "file",
    "link": "link",
    "miniprogram": "app-window",
}


@dataclass(frozen=True)
class AttachmentRow:
    """One attachment on a page. `picture` names a stored picture to show beside it."""

    kind: str
    word: str
    icon: str
    title: str
    detail: str
    picture: str = ""
    # Something that somebody must see to.
    fault: str = ""
    ready: str = ""


def attachment_rows(
    hospital_id: int, chosen: Sequence[Attachment], pages: Sequence[ReviewedPage]
) -> list[AttachmentRow]:
    files = describe_files(hospital_id, [one.file for one in chosen if one.file])
    by_key = {page.key: page for page in pages}
    return [describe(one, files.get(one.file), by_key.get(one.page)) for one in chosen]


def describe(one: Attachment, file: FileFacts | None, page: ReviewedPage | None) -> AttachmentRow:
    word, icon = str(KINDS[one.kind]), ICONS[one.kind]
    if one.kind == LINK:
        fault = "" if page else _("这篇内容已撤回，不会发出。")
        title = page.title if page else _("已撤回的内容")
        return AttachmentRow(one.kind, word, icon, title, page.summary if page else "", "", fault)
    fault = "" if file else _("文件不在了，请重新上传。")
    picture = one.file if file is not None and file.kind == "image" else ""
    if one.kind == "miniprogram":
        return AttachmentRow(one.kind, word, icon, one.title, one.page, picture, fault)
    detail = str(filesizeformat(file.size)) if file else ""
    if file and one.kind == "file":
        # Names of files stay here: they may say whose they are.
        detail = _("%(size)s，对方看到的名字是 file.pdf") % {"size": detail}
    title = file.name if file else _("没有文件")
    return AttachmentRow(one.kind, word, icon, title, detail, picture, fault)


def ready_rows(
    account: Account, chosen: Sequence[Attachment], pages: Sequence[ReviewedPage]
) -> list[AttachmentRow]:
    """Describe each, and how ready its file is at the provider."""
    needed = [files_of(account.pk, [row]) for row in as_rows(chosen)]
    standing = standing_media(account.pk, {one for some in needed for one in some})
    rows = attachment_rows(account.hospital_id, chosen, pages)
    return [
        with_standing(row, standing.get(next(iter(some)))) if some else row
        for row, some in zip(rows, needed, strict=True)
    ]


def with_standing(row: AttachmentRow, media: Media | None) -> AttachmentRow:
    sentence, is_fault = standing_sentence(media, time.now())
    if is_fault:
        return replace(row, fault=row.fault or sentence)
    return replace(row, ready=sentence)


def kind_counts(rows: Sequence[Mapping[str, Any]]) -> str:
    """Say how many of each kind there are: what a version remembers of them."""
    counts = Counter(str(row["kind"]) for row in rows)
    parts = [
        _("%(kind)s %(count)d 个") % {"kind": KINDS[kind], "count": count}
        for kind, count in counts.items()
        if kind in KINDS
    ]
    return _("、").join(parts)


def standing_sentence(row: Media | None, now: datetime) -> tuple[str, bool]:
    is_good = row is not None and row.media_id and (row.expires_at is None or row.expires_at > now)
    if row is not None and row.reason_code:
        sentence = _("没有传到企业微信：%(why)s") % {"why": reasons.sentence_of(row.reason_code)}
        return sentence, not is_good
    if is_good:
        return _("已传到企业微信，到期前会自动重传"), False
    return _("正在传到企业微信"), False
