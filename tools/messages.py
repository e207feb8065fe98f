"""The languages of the interface. The source is Chinese; every room keeps its English beside it.

    python -m tools.messages check     every sentence has its English, nothing is left over
    python -m tools.messages update    write missing sentences into the catalogues, empty
    python -m tools.messages compile   write the binary catalogues that Django reads

An entry whose sentence stands in data, not in code, carries the comment `#. data`.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation.template import templatize

from tools.catalogue import Entry, Key, format_po, make_mo, parse_po

ROOT = Path(__file__).resolve().parent.parent / "lianxin"
# Files beside the rooms belong to the frames' catalogue.
ROOM_OF_ROOT_FILES = "web"
CATALOGUE = Path("locale") / "en" / "LC_MESSAGES" / "django.po"
SKIPPED = {"tests", "migrations", "node_modules", "generated", "testing"}
PLAIN = {"_", "gettext", "gettext_lazy", "gettext_noop"}
PLURAL = {"ngettext", "ngettext_lazy"}
CONTEXT = {"pgettext", "pgettext_lazy"}
CALL = re.compile(r"\b(_|n?p?gettext)\(")
LITERAL = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")


def make_key(name: str, arguments: list[str]) -> Key:
    """Return context, sentence and plural of one call."""
    if name in CONTEXT and len(arguments) >= 2:
        return arguments[0], arguments[1], ""
    if name in PLURAL and len(arguments) >= 2:
        return "", arguments[0], arguments[1]
    return "", arguments[0], ""


def literal_arguments(call: ast.Call) -> list[str]:
    """Return the leading arguments that are plain strings."""
    found: list[str] = []
    for argument in call.args:
        if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
            break
        found.append(argument.value)
    return found


def python_keys(source: str) -> Iterator[Key]:
    names = PLAIN | PLURAL | CONTEXT
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        arguments = literal_arguments(node) if name in names else []
        if arguments:
            yield make_key(name, arguments)


def template_keys(source: str) -> Iterator[Key]:
    """Read what Django's own extraction makes of a template: calls among blanked-out text."""
    text = templatize(source)
    for match in CALL.finditer(text):
        wanted = 1 if match.group(1) in PLAIN else 2
        arguments: list[str] = []
        at = match.end()
        while len(arguments) < wanted and (literal := LITERAL.search(text, at)):
            arguments.append(ast.literal_eval(literal.group(0)))
            at = literal.end()
        if arguments:
            yield make_key(match.group(1), arguments)


def room_keys(room: Path) -> dict[Key, str]:
    """Return every sentence of a room with the file it was first seen in."""
    files = [*sorted(room.rglob("*.py")), *sorted(room.rglob("*.html"))]
    if room.name == ROOM_OF_ROOT_FILES:
        files += sorted(room.parent.glob("*.py"))
    found: dict[Key, str] = {}
    for path in files:
        if SKIPPED & set(path.parts):
            continue
        source = path.read_text(encoding="utf-8")
        keys = python_keys(source) if path.suffix == ".py" else template_keys(source)
        for key in keys:
            found.setdefault(key, path.relative_to(room.parent).as_posix())
    return found


def list_rooms(root: Path) -> list[Path]:
    return sorted(path for path in root.iterdir() if (path / "__init__.py").is_file())


def read_catalogue(room: Path) -> list[Entry]:
    path = room / CATALOGUE
    return parse_po(path.read_text(encoding="utf-8")) if path.is_file() else []


def check_entry(entry: Entry, used: dict[Key, str]) -> Iterator[str]:
    if entry.is_fuzzy:
        yield f"fuzzy: {entry.key[1]!r}"
    if not all(entry.strings):
        yield f"no English: {entry.key[1]!r}"
    if entry.key not in used and not entry.is_data:
        yield f"used nowhere: {entry.key[1]!r}"


def check_room(room: Path) -> Iterator[str]:
    """Say what is missing, unfinished or left over in one room."""
    used = room_keys(room)
    entries = {entry.key: entry for entry in read_catalogue(room) if entry.key[1]}
    for key, place in used.items():
        if key not in entries:
            yield f"missing: {key[1]!r} ({place})"
    for entry in entries.values():
        yield from check_entry(entry, used)


def check_conflicts(rooms: list[Path]) -> Iterator[str]:
    """Say which sentences have two different translations: Django would use either."""
    known: dict[Key, tuple[str, tuple[str, ...]]] = {}
    for room in rooms:
        for entry in read_catalogue(room):
            first, strings = known.setdefault(entry.key, (room.name, entry.strings))
            if entry.key[1] and strings != entry.strings:
                yield f"{entry.key[1]!r} is {strings} in {first} and {entry.strings} in {room.name}"


def check(root: Path) -> int:
    rooms = list_rooms(root)
    lines = [f"{room.name}: {finding}" for room in rooms for finding in check_room(room)]
    lines += [f"two meanings: {line}" for line in check_conflicts(rooms)]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 1 if lines else 0


def update(root: Path) -> int:
    """Add what is missing, without a translation."""
    for room in list_rooms(root):
        used = room_keys(room)
        entries = read_catalogue(room)
        known = {entry.key for entry in entries}
        missing = [key for key in used if key not in known]
        if not missing:
            continue
        added = [Entry(key, ("", "") if key[2] else ("",)) for key in missing]
        path = room / CATALOGUE
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(format_po([*entries, *added]), encoding="utf-8")
        sys.stdout.write(f"{room.name}: {len(missing)} added\n")
    return 0


def compile_all(root: Path) -> int:
    for room in list_rooms(root):
        path = room / CATALOGUE
        if path.is_file():
            path.with_suffix(".mo").write_bytes(make_mo(read_catalogue(room)))
    return 0


COMMANDS = {"check": check, "update": update, "compile": compile_all}


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in COMMANDS:
        sys.stderr.write(__doc__ or "")
        return 2
    return COMMANDS[arguments[0]](ROOT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
