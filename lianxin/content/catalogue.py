"""Reads the articles that come with the product."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).parent / "data"


@lru_cache(maxsize=1)
def read_articles() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((DATA / "articles.yaml").read_text(encoding="utf-8"))
    return document


def list_articles() -> list[dict[str, Any]]:
    """Return every article in every language as the fields of an item and its first revision."""
    document = read_articles()
    return [
        {
            "code": article["code"],
            "classification": article["classification"],
            "dimension": article["dimension"],
            "language": language,
            "sources": [document["sources"][source][language] for source in article["sources"]],
            **article[language],
        }
        for article in document["articles"]
        for language in document["languages"]
    ]
