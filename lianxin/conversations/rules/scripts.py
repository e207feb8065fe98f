"""Scripts (话术): ready words of staff with a few blanks that the house fills in."""

from __future__ import annotations

import re
from collections.abc import Mapping

# What may stand in braces: how the patient is addressed, who writes, and for which house.
BLANKS = ("称呼", "我", "科室", "医院")
BRACES = re.compile(r"\{([^{}]*)\}")


def unknown_blanks(text: str) -> list[str]:
    """Return what stands in braces and nobody can fill in, each once."""
    found = dict.fromkeys(blank.strip() for blank in BRACES.findall(text))
    return [blank for blank in found if blank not in BLANKS]


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put the values in their places; a blank without a value stays for a person to see."""

    def value_of(match: re.Match[str]) -> str:
        return values.get(match[1].strip()) or match[0]

    return BRACES.sub(value_of, text)


def has_blanks(text: str) -> bool:
    """Tell whether something is still to be filled in: such words do not leave."""
    return BRACES.search(text) is not None


def address_politely(name: str, sex: str) -> str:
    """Return how a patient is spoken to: the family name alone, as the full one is not needed.

    Two-letter family names cannot be told from given names, so only plain ones are cut.
    """
    titles = {"female": "女士", "male": "先生"}
    family = name.strip()[:1]
    if not family or sex not in titles or family.isascii():
        return "您"
    return family + titles[sex]
