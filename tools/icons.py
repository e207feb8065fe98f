"""Build the browser's files that are not ours: the icon sprite and copies out of node_modules.

Every quoted word of the templates, sources and data files that is the name of a Tabler icon goes
into the sprite; so an icon chosen in Python is there too, and nobody keeps a list. Style sheets
keep the rules whose classes occur anywhere in these files: a page stays small without compression.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from lianxin.web.static_sources import GENERATED, VENDOR_FILES
from tools.stylesheet import prune, words_of

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
ICONS = MODULES / "@tabler" / "icons" / "icons" / "outline"
SEARCHED = ("*.py", "*.html", "*.yaml", "*.js")
QUOTED = re.compile(r"""["']([a-z0-9]+(?:-[a-z0-9]+)*)["']""")
DRAWN = re.compile(r"""{%\s*icon\s+["']([^"']+)["']""")
SHAPE = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)
BACKGROUND = re.compile(r'<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*/>')
SOURCE_MAP = re.compile(r"/\*# sourceMappingURL=.*?\*/|//# sourceMappingURL=.*")


def list_sources(root: Path) -> list[Path]:
    return sorted(
        path
        for pattern in SEARCHED
        for path in (root / "lianxin").rglob(pattern)
        if "generated" not in path.parts
    )


def find_names(texts: Iterable[str], known: set[str]) -> list[str]:
    """Return the icon names that occur in quotes, sorted."""
    return sorted({name for text in texts for name in QUOTED.findall(text) if name in known})


def make_symbol(name: str, svg: str) -> str:
    shape = SHAPE.search(svg)
    inner = BACKGROUND.sub("", shape.group(1)) if shape else ""
    inner = " ".join(inner.split())
    return f'<symbol id="{name}" viewBox="0 0 24 24">{inner}</symbol>'


def make_sprite(names: Iterable[str], folder: Path) -> str:
    symbols = [
        make_symbol(name, (folder / f"{name}.svg").read_text(encoding="utf-8")) for name in names
    ]
    body = "\n".join(symbols)
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{body}\n</svg>\n'


def copy_vendor_files(modules: Path, target: Path, used: set[str]) -> None:
    """Copy the few files we serve: styles in use, no pointers to maps that we do not serve."""
    for name, source in VENDOR_FILES.items():
        text = SOURCE_MAP.sub("", (modules / source).read_text(encoding="utf-8"))
        text = prune(text, used) if name.endswith(".css") else text
        (target / name).write_text(text, encoding="utf-8")


def main() -> int:
    if not ICONS.is_dir():
        sys.stderr.write("node_modules is missing: run `npm ci` first\n")
        return 1
    GENERATED.mkdir(parents=True, exist_ok=True)
    known = {path.stem for path in ICONS.glob("*.svg")}
    texts = [path.read_text(encoding="utf-8") for path in list_sources(ROOT)]
    missing = sorted({name for text in texts for name in DRAWN.findall(text)} - known)
    if missing:
        sys.stderr.write(f"no such icon: {', '.join(missing)}\n")
        return 1
    names = find_names(texts, known)
    (GENERATED / "icons.svg").write_text(make_sprite(names, ICONS), encoding="utf-8")
    used = {word for text in texts for word in words_of(text)}
    copy_vendor_files(MODULES, GENERATED, used)
    sys.stdout.write(f"{len(names)} icons, {len(VENDOR_FILES)} files\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
