"""What members publish and what they upload, as plain dataclasses."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.errors import Json


@dataclass
class Moment:
    """A moment as the product made it; each member publishes it by hand, or never."""

    jobid: str
    body: Json
    made_at: int
    looks: int = 0
    moment_id: str = ""
    error: int = 0
    members: list[str] = field(default_factory=list)
    invalid_users: list[str] = field(default_factory=list)
    invalid_tags: list[str] = field(default_factory=list)
    published: dict[str, int] = field(default_factory=dict)
    # Likes and comments: who, about whose, when.
    echoes: list[Json] = field(default_factory=list)
    is_cancelled: bool = False


@dataclass
class Media:
    """An uploaded file: since when, of which kind, and for which of the two uses."""

    at: float
    kind: str
    use: str  # message, attachment
    name: str = ""
    content: str = ""
