"""Decisions about acquisition links: what an address is, and how the quota stands."""

from __future__ import annotations

from urllib.parse import quote

# How the quota stands; words/links.py has a sentence for each.
NOT_BOUGHT, EXHAUSTED, LOW, ENOUGH = "not_bought", "exhausted", "low", "enough"
SCHEME = "weixin://biz/ww/profile/"


def address_of(url: str, channel: str) -> str:
    """Return the link as it is handed out: its channel comes back with who adds."""
    if not url:
        return ""
    joint = "&" if "?" in url else "?"
    return f"{url}{joint}customer_channel={quote(channel, safe='')}"


def opener_of(address: str) -> str:
    """Return the address that opens WeChat from outside of it, from a text message's page."""
    return f"{SCHEME}{quote(address, safe='')}" if address else ""


def name_of(name: str, key: str, *, most: int) -> str:
    """Return the name at the provider: ours, shortened, and the key that finds it again."""
    return f"{name[: most - len(key) - 1]} {key}"


def quota_stands(total: int, balance: int, *, low: int) -> str:
    if not total and not balance:
        return NOT_BOUGHT
    if not balance:
        return EXHAUSTED
    return LOW if balance < low else ENOUGH
