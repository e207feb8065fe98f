"""Which words may not be sent, and which must be printed. Who knows them lies above this room:

the settings WELCOME_GUARD, WELCOME_LENGTH and SAFETY_WORDS name it, as EVENT_WIRING names who
hears an event.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from lianxin.channels.models import Account


@dataclass(frozen=True)
class RefusedWords:
    """Words that the guard stops at sending: which, why, and what to say instead if it knows."""

    words: str
    why: str
    instead: str = ""


@dataclass(frozen=True)
class WantedWelcome:
    """A live code's own words, and what will stand around them."""

    text: str
    staff: str = ""
    department: str = ""
    link_path: str = ""


WelcomeGuard = Callable[[int, str], list[RefusedWords]]
WelcomeLength = Callable[[Account, WantedWelcome], int]
SafetyWords = Callable[[str], list[str]]


def refused_words(hospital_id: int, text: str) -> list[RefusedWords]:
    """Return what of a welcome would be stopped at sending, in reading order."""
    if not text.strip():
        return []
    guard: WelcomeGuard = import_string(settings.WELCOME_GUARD)
    return guard(hospital_id, text)


def find_excess(account: Account, wanted: WantedWelcome) -> int:
    """Return by how many bytes a welcome is too long with all that is added at sending."""
    measure: WelcomeLength = import_string(settings.WELCOME_LENGTH)
    return measure(account, wanted) if wanted.text.strip() else 0


def safety_words(language: str) -> list[str]:
    """Return the sentences that stand on everything a patient is given."""
    words: SafetyWords = import_string(settings.SAFETY_WORDS)
    return words(language)


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


def welcome_excess_sentence(excess: int) -> str:
    return _(
        "欢迎语太长：连同自动加上的问候、急症提示和链接，超出 %(count)d 字节，请改短。"
        "一个汉字占 3 字节，一个表情占 4 字节或更多。"
    ) % {"count": excess}
