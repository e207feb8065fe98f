"""The room's reviewed data files, read once."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import yaml

from lianxin.patients.rules.likeness import LikenessRow, LikenessRules


@cache
def likeness_rules() -> LikenessRules:
    source = files("lianxin.patients").joinpath("data", "likeness.yaml")
    document = yaml.safe_load(source.read_text(encoding="utf-8"))
    said = document["signals"] | document["conflicts"]
    return LikenessRules(
        version=document["version"],
        rows=tuple(
            LikenessRow(
                row["code"],
                frozenset(row["needs"]),
                row["confidence"],
                is_automatic=row["automatic"],
            )
            for row in document["rows"]
        ),
        capping=frozenset(code for code, row in document["conflicts"].items() if row["caps"]),
        words={code: row["word"] for code, row in said.items()},
        later_days=document["later_days"],
    )
