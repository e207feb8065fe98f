"""The telephones that ring, as plain dataclasses."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class VoiceCall:
    """One telephone that rings, or has."""

    call_id: str
    number: str
    text: str
    state: str = "ringing"  # ringing, answered, ended
    result: str = ""
    pressed: str = ""
    minutes: int = 0
    began_at: float = 0.0
    accepted_at: float = 0.0
    ended_at: float = 0.0


@dataclass
class VoiceApp:
    sdk_app_id: str
    secret_id: str = ""
    secret_key: str = ""
    # With whatever secret the product has put into it.
    callback_url: str = ""
    templates: dict[str, str] = field(default_factory=dict)
    in_review: list[str] = field(default_factory=list)
    calls: list[VoiceCall] = field(default_factory=list)
