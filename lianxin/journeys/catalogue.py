"""Reads the journey templates that come with the product."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).parent / "data"


@lru_cache(maxsize=1)
def list_templates() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in DATA.glob("*.yaml")))


def load_template(name: str) -> dict[str, Any]:
    """Return a fresh document, so that no caller changes another's."""
    document: dict[str, Any] = yaml.safe_load((DATA / f"{name}.yaml").read_text(encoding="utf-8"))
    return document
