"""The words that never leave as a tag, read from the data file."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml

from lianxin.channels.rules.tags import TagWord, find_illness

PATH = Path(__file__).parent / "data" / "tag_words.yaml"


@lru_cache(maxsize=1)
def load_words() -> tuple[TagWord, ...]:
    rows = yaml.safe_load(PATH.read_text(encoding="utf-8"))["rows"]
    return tuple(TagWord(**row) for row in rows)


def illness_in(*texts: str) -> str:
    """Return the first word of an illness in any of the texts, empty when there is none."""
    found = (find_illness(text, load_words()) for text in texts)
    return next((word for word in found if word), "")
