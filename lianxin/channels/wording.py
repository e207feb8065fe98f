"""Which words of a welcome may not be sent. Who judges them lies above this room:

the setting WELCOME_GUARD names it, as EVENT_WIRING names who hears an event.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _


@dataclass(frozen=True)
class RefusedWords:
    """Words that the guard stops at sending: which, why, and what to say instead if it knows."""

    words: str
    why: str
    instead: str = ""


WelcomeGuard = Callable[[int, str], list[RefusedWords]]


def refused_words(hospital_id: int, text: str) -> list[RefusedWords]:
    """Return what of a welcome would be stopped at sending, in reading order."""
    if not text.strip():
        return []
    guard: WelcomeGuard = import_string(settings.WELCOME_GUARD)
    return guard(hospital_id, text)


def refusal_sentence(refused: RefusedWords) -> str:
    if refused.instead:
        return _("「%(words)s」不能发给患者：%(why)s。可以改成：%(instead)s") % {
            "words": refused.words,
            "why": refused.why,
            "instead": refused.instead,
        }
    return _("「%(words)s」不能发给患者：%(why)s。") % {
        "words": refused.words,
        "why": refused.why,
    }
