"""Where the browser's files come from.

`python -m tools.icons` puts what is needed of node_modules below `static/web/generated/`, which
git ignores, so Django finds everything as files of this room and there is nothing to add.
"""

from __future__ import annotations

from pathlib import Path

GENERATED = Path(__file__).resolve().parent / "static" / "web" / "generated"

# file below `generated/`: file below node_modules
VENDOR_FILES = {
    "tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "weui.min.css": "weui/dist/style/weui.min.css",
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "wecom.min.js": "@wecom/jssdk/dist/wecom.global.prod.js",
}

# Further folders for STATICFILES_DIRS, as (prefix, folder).
STATIC_SOURCES: list[tuple[str, str]] = []
