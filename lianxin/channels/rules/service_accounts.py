"""What the provider must be told about one customer service account."""

from __future__ import annotations

from dataclasses import dataclass

MAKE, RENAME, REMOVE, NOTHING = "make", "rename", "remove", ""


@dataclass(frozen=True)
class AccountStanding:
    """One account as it is wanted, and as it was listed last."""

    name: str
    is_wanted: bool
    is_made: bool
    is_listed: bool
    listed_name: str
    is_asked_for: bool


def next_account_step(standing: AccountStanding) -> str:
    if not standing.is_wanted:
        # One that was asked for without an answer may be there: it is looked for, then removed.
        may_be_there = standing.is_listed or (standing.is_asked_for and not standing.is_made)
        return REMOVE if may_be_there else NOTHING
    if not standing.is_made:
        return MAKE
    is_other = standing.is_listed and standing.name != standing.listed_name
    return RENAME if is_other else NOTHING


def name_after_listing(name: str, listed_before: str, listed_now: str) -> str:
    """Return which name is wanted: one changed there holds, unless one was changed here, too."""
    return listed_now if name == listed_before else name
