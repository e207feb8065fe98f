"""From what somebody typed to paragraphs. Cleaning of HTML is `cleaning`'s work, not this one's."""

from __future__ import annotations

import re
from html import escape

MARKUP = re.compile(r"</?[a-z][a-z0-9]*[^>]*>", re.IGNORECASE)
BLANK_LINE = re.compile(r"\n[ \t\u3000]*\n")
POINT = re.compile(r"^[-*•·]\s+")


def to_html(typed: str) -> str:
    """Return typed plain text as HTML: blank lines part paragraphs, ## is a heading, - a point.

    Text that already carries tags is left as it is.
    """
    typed = typed.replace("\r\n", "\n").strip()
    if not typed or MARKUP.search(typed):
        return typed
    return "\n".join(block_html(block) for block in BLANK_LINE.split(typed) if block.strip())


def block_html(block: str) -> str:
    lines = [line.strip() for line in block.strip().split("\n")]
    if len(lines) == 1 and lines[0].startswith("## "):
        return f"<h2>{escape(lines[0][3:].strip(), quote=False)}</h2>"
    if all(POINT.match(line) for line in lines):
        points = "".join(f"<li>{escape(POINT.sub('', line), quote=False)}</li>" for line in lines)
        return f"<ul>{points}</ul>"
    return f"<p>{'<br>'.join(escape(line, quote=False) for line in lines)}</p>"


def to_typed(html: str) -> str:
    """Return HTML of `to_html` as it was typed, so that editing does not show tags."""
    text = re.sub(r"</?ul>", "\n", html)
    text = re.sub(r"<li>(.*?)</li>", r"- \1\n", text, flags=re.DOTALL)
    text = re.sub(r"<h2>(.*?)</h2>", r"\n## \1\n", text, flags=re.DOTALL)
    text = re.sub(r"<p>(.*?)</p>", r"\n\1\n", text, flags=re.DOTALL).replace("<br>", "\n")
    if MARKUP.search(text):
        return html
    text = re.sub(r"\n{3,}", "\n\n", text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()
