"""What the components are given: rows, actions, chips and options as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


class Part:
    """A value of which a template shows many.

    A template asks every value by key before it asks it for an attribute. An object that has no
    keys answers with an error, which costs as much again as the whole look.
    """

    def __getitem__(self, name: str) -> Any:
        try:
            return getattr(self, name)
        except AttributeError:
            raise KeyError(name) from None


@dataclass(frozen=True)
class Action(Part):
    """One thing to do: a link, or a POST when it changes something.

    `target` makes htmx replace that element with the answer; without a script the form still works.
    `why_not` disables the button and says why.
    """

    label: str
    url: str
    icon: str = ""
    is_post: bool = False
    tone: str = ""
    target: str = ""
    why_not: str = ""


@dataclass(frozen=True)
class Row(Part):
    """A line with fixed columns: mark, who, why now, time left, one action, more."""

    who: str
    why: str
    icon: str = "circle"
    mark: str = ""
    id: str = ""
    url: str = ""
    who_sub: str = ""
    why_sub: str = ""
    tone: str = ""
    level: str = ""
    level_tone: str = ""
    due: str = ""
    due_sub: str = ""
    due_tone: str = ""
    due_percent: int | None = None
    action: Action | None = None
    more: list[Action] = field(default_factory=list)


@dataclass(frozen=True)
class Chip(Part):
    """A filter with its count; its address holds the filter."""

    label: str
    url: str
    count: int | str | None = None
    is_current: bool = False
    is_danger: bool = False


@dataclass(frozen=True)
class Option(Part):
    """One of a few ways to look at the same thing."""

    label: str
    url: str
    icon: str = ""
    is_current: bool = False
