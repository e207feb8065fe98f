"""`python -m bench [--name NAME] [--scale small|full]`: each result is a ratio to a baseline

measured in the same run. Prints a table and writes bench/out/latest.json.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from pathlib import Path
from typing import Any

NAMES = ("ingest", "trend", "due", "pages", "sync", "send")
OUT = Path(__file__).parent / "out" / "latest.json"
COLUMNS = ("name", "ours", "baseline", "unit", "ratio", "goal", "ok")


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--name", choices=NAMES, action="append")
    parser.add_argument("--scale", choices=("small", "full"), default="small")
    chosen = parser.parse_args()
    results = [
        importlib.import_module(f"bench.{name}").run(chosen.scale) for name in chosen.name or NAMES
    ]
    write(results)
    show(results)
    return 0 if all(result["ok"] for result in results) else 1


def write(results: list[dict[str, Any]]) -> None:
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(results, ensure_ascii=False, indent=2), encoding="utf-8")


def show(results: list[dict[str, Any]]) -> None:
    rows = [COLUMNS, *(tuple(str(r[c]) for c in COLUMNS) for r in results)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(COLUMNS))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write("  ".join(cells).rstrip() + "\n")
    for result in results:
        sys.stdout.write(f"{result['name']}: {result['note']}\n")


if __name__ == "__main__":
    sys.exit(main())
