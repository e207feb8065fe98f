"""What became of a message we sent, in words that the carrier can prove. Never 已读."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

State = Literal["queued", "sent", "delivered", "failed", "refused", "received", "recalled", ""]

# A later report may not take a message back: the provider's receipts arrive in any order.
ORDER: Final[tuple[str, ...]] = ("", "queued", "sent", "delivered")
ENDINGS: Final = frozenset({"failed", "refused"})
FINAL: Final = frozenset({"delivered", "refused"})


@dataclass(frozen=True)
class Look:
    """Icon and tone of a state; the word is the page's."""

    icon: str
    tone: str = ""


LOOKS: Final[dict[str, Look]] = {
    "queued": Look("clock"),
    "sent": Look("check"),
    "delivered": Look("checks"),
    "failed": Look("alert-circle", "warn"),
    "refused": Look("ban", "warn"),
}


def may_follow(old: str, new: str) -> bool:
    """Tell whether a report changes the state. A failure after "sent" is news, not after delivery.

    Another carrier may still succeed after one failed, so a failure is not the end.
    """
    if old == new or old in FINAL:
        return False
    if new in ENDINGS:
        return True
    if old in ENDINGS:
        return new in {"sent", "delivered"}
    return ORDER.index(new) > ORDER.index(old)
