"""Keeps of HTML only what a reading page may show: no links, no pictures from elsewhere."""

from __future__ import annotations

import nh3

TAGS = {"h2", "h3", "p", "br", "ul", "ol", "li", "strong", "b", "em", "i", "blockquote"}
# What stands inside these is thrown away with them.
WITHOUT_CONTENT = {"script", "style", "iframe", "object"}


def clean_html(html: str) -> str:
    """Return the body as it is stored. EDU carries no link, so links lose their address."""
    return nh3.clean(html, tags=TAGS, attributes={}, clean_content_tags=WITHOUT_CONTENT)
