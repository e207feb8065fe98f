"""What became of a message we sent, in words that the carrier can prove. Never 已读."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

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


@dataclass(frozen=True)
class Try:
    """One carrier that was tried for the message, or the row that refuses it as a whole."""

    state: str
    carrier: str = ""
    reason_code: str = ""
    facts: Mapping[str, str | int] = field(default_factory=dict)
    provider_message_id: str = ""


@dataclass(frozen=True)
class Outcome:
    state: str
    carrier: str = ""
    reason_code: str = ""
    facts: Mapping[str, str | int] = field(default_factory=dict)
    provider_message_id: str = ""


def summarise(tries: Sequence[Try], *, is_finished: bool, reason_code: str) -> Outcome:
    """Say what became of a message from its tries: the best one counts, else why none did."""
    for state in ("delivered", "sent"):
        arrived = next((one for one in tries if one.state == state), None)
        if arrived is not None:
            return Outcome(state, arrived.carrier, provider_message_id=arrived.provider_message_id)
    if not is_finished:
        return Outcome("queued")
    failed = next((one for one in tries if one.state == "failed"), None)
    if failed is not None:
        return Outcome("failed", failed.carrier, failed.reason_code, failed.facts)
    said = next((one for one in tries if one.reason_code == reason_code), None)
    said = said or next((one for one in tries if one.state == "refused"), None)
    if said is not None:
        return Outcome("refused", said.carrier, said.reason_code, said.facts)
    return Outcome("refused", reason_code=reason_code)
