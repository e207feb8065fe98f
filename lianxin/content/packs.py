"""A pack for a post: published words within the platform's limits, the link, its picture.

Nothing is posted by Lianxin. A person takes the pack and posts it by hand.
"""

from __future__ import annotations

import io
import zipfile
from html.parser import HTMLParser

import segno
from django.utils.translation import gettext as _

from lianxin.channels.platforms import Platform, never_say
from lianxin.compliance.catalogue import mark
from lianxin.content.models import Revision

BLOCKS = frozenset({"p", "li", "h1", "h2", "h3", "h4", "blockquote", "br", "div"})
# Fixed, so that the same pack made twice is the same file.
STAMP = (2026, 1, 1, 0, 0, 0)


class PlainText(HTMLParser):
    """Reads the words of a cleaned page, one line for each block."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def plain_text(html: str) -> str:
    reader = PlainText()
    reader.feed(html)
    reader.close()
    lines = ("".join(reader.parts)).splitlines()
    return "\n".join(line.strip() for line in lines if line.strip())


def post_text(revision: Revision, platform: Platform, language: str) -> str:
    """Return the whole text where it fits, else the summary: reviewed words are never cut.

    Empty when not even the summary fits; the mark stands below either.
    """
    foot = f"\n\n{mark('reference', language)}"
    for text in (plain_text(revision.body_html), revision.summary):
        if text and len(text + foot) <= platform.text_characters:
            return text + foot
    return ""


def make_pack(revision: Revision, platform: Platform, link: str, language: str) -> bytes:
    text = post_text(revision, platform, language)
    missing = _("正文和摘要都放不下这个平台的篇幅。请写一篇短的，审核后再用。")
    is_long = len(revision.title) > platform.title_characters
    title = _("标题放不下，请在审核里改短，不要自己改。") if is_long else revision.title
    rules = "\n".join([_("由人手工发布，不用任何自动发帖的工具。"), *never_say()])
    picture = io.BytesIO()
    segno.make(link, error="m", micro=False).save(picture, kind="png", scale=12, border=4)
    files = {
        "1-title.txt": title.encode(),
        "2-text.txt": (text or missing).encode(),
        "3-link.txt": link.encode(),
        "4-code.png": picture.getvalue(),
        "5-rules.txt": rules.encode(),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, body in files.items():
            archive.writestr(zipfile.ZipInfo(name, STAMP), body)
    return packed.getvalue()
