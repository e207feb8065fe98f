"""The data files speak both languages, and no line that wakes a phone names an illness."""

from __future__ import annotations

from pathlib import Path

import pytest

from lianxin.compliance.queries import check_wording
from lianxin.compliance.rules.guard import is_blocked
from lianxin.outreach import catalog
from tools.catalogue import parse_po

PO = Path(catalog.__file__).parent / "locale" / "en" / "LC_MESSAGES" / "django.po"
# No hospital has phrases of its own yet, so any number will do.
HOSPITAL_ID = 0


def test_every_reason_is_said_in_english() -> None:
    translated = {entry.key[1] for entry in parse_po(PO.read_text(encoding="utf-8"))}
    texts = set(catalog.read_rows("reasons.yaml")["alternatives"].values())
    for reason in catalog.reason_texts().values():
        texts |= {reason.word, reason.sentence}

    assert texts - translated == set()


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_what_wakes_a_phone_names_no_illness(language: str) -> None:
    for text in catalog.words_for("push", language).values():
        assert not is_blocked(check_wording(HOSPITAL_ID, text, "lock_screen")), text


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_welcomes_own_words_pass_the_guard(language: str) -> None:
    for text in catalog.words_for("welcome", language).values():
        assert not is_blocked(check_wording(HOSPITAL_ID, text, "automatic")), text


def test_an_unknown_provider_code_never_asks_to_stay_silent() -> None:
    assert catalog.calls_for_a_person(["whatever_code"])
    assert not catalog.calls_for_a_person(["no_carrier", "no_consent"])
