"""How a page proves to the client inside WeCom or WeChat that it is ours."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class PageSignature:
    """What the page hands to the client: who made it up when, and the proof."""

    timestamp: int
    nonce: str
    signature: str


def signed_part(url: str) -> str:
    """Return what of the page's address is signed: everything before the fragment."""
    return url.partition("#")[0]


def is_ours(url: str, base_url: str) -> bool:
    """Tell whether this is a page of ours. Anybody else's would borrow our name in the client."""
    try:
        page, base = urlsplit(url), urlsplit(base_url)
        same = (page.scheme, page.hostname, page.port) == (base.scheme, base.hostname, base.port)
    except ValueError:
        return False
    return same and bool(page.hostname) and "@" not in page.netloc


def sign_page(ticket: str, nonce: str, timestamp: int, url: str) -> str:
    """Sign as the documents say: these names in this order, nothing encoded."""
    page = signed_part(url)
    text = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={page}"
    # The platforms ask for SHA-1; it proves the page to the client and guards nothing else.
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
