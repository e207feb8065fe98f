"""Cut a vendor's style sheet down to the rules whose classes the product uses."""

from __future__ import annotations

import re
from collections.abc import Iterator

CLASS = re.compile(r"\.(-?[a-zA-Z_][\w-]*)")
WORD = re.compile(r"[a-zA-Z_][\w-]*")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
NESTED = ("@media", "@supports", "@layer", "@container")


def words_of(text: str) -> set[str]:
    """Return everything that could be the name of a class."""
    return set(WORD.findall(text))


def rules(css: str) -> Iterator[tuple[str, str]]:
    """Yield what stands before each block, and the block; statements come with no block."""
    at = 0
    while at < len(css):
        opening, semicolon = css.find("{", at), css.find(";", at)
        if opening < 0:
            return
        if 0 <= semicolon < opening:
            yield css[at : semicolon + 1].strip(), ""
            at = semicolon + 1
            continue
        closing = end_of_block(css, opening)
        yield css[at:opening].strip(), css[opening + 1 : closing]
        at = closing + 1


def end_of_block(css: str, opening: int) -> int:
    depth = 0
    for at in range(opening, len(css)):
        depth += {"{": 1, "}": -1}.get(css[at], 0)
        if depth == 0:
            return at
    return len(css)


def split_selectors(head: str) -> list[str]:
    """Split at the commas that stand outside brackets."""
    parts, depth, start = [], 0, 0
    for at, sign in enumerate(head):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(sign, 0)
        if sign == "," and depth == 0:
            parts.append(head[start:at])
            start = at + 1
    return [*parts, head[start:]]


def keeps(selector: str, used: set[str]) -> bool:
    return all(name in used for name in CLASS.findall(selector))


def prune_rule(head: str, body: str, used: set[str]) -> str:
    """Return the rule with the selectors in use, or nothing when none is."""
    if head.startswith(NESTED):
        inner = prune(body, used)
        return f"{head}{{{inner}}}" if inner else ""
    if head.startswith("@"):
        return f"{head}{{{body}}}" if body else head
    kept = [selector for selector in split_selectors(head) if keeps(selector, used)]
    return f"{','.join(kept)}{{{body}}}" if kept else ""


def prune(css: str, used: set[str]) -> str:
    css = COMMENT.sub("", css)
    return "".join(prune_rule(head, body, used) for head, body in rules(css))
