"""Translation catalogues: the text form people edit and the binary form programs read."""

from __future__ import annotations

import ast
import json
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# context, sentence, plural; empty where there is none
Key = tuple[str, str, str]
HEADER = (
    "Language: en\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n"
    "Content-Transfer-Encoding: 8bit\nPlural-Forms: nplurals=2; plural=(n != 1);\n"
)
MAGIC = 0x950412DE


@dataclass(frozen=True)
class Entry:
    key: Key
    strings: tuple[str, ...]
    comments: tuple[str, ...] = ()

    @property
    def is_fuzzy(self) -> bool:
        return any(line.startswith("#,") and "fuzzy" in line for line in self.comments)

    @property
    def is_data(self) -> bool:
        """Tell whether the sentence stands in data, where no extraction finds it."""
        return "#. data" in self.comments


def blocks(text: str) -> Iterator[list[str]]:
    """Split at the first comment or field that begins a new entry."""
    block: list[str] = []
    is_complete = False
    for line in text.splitlines():
        starts = line.startswith(("#", "msgctxt", "msgid "))
        if starts and is_complete:
            yield block
            block, is_complete = [], False
        if line.strip() and not line.startswith("#~"):
            block.append(line.strip())
        is_complete = is_complete or line.startswith("msgstr")
    if is_complete:
        yield block


def parse_po(text: str) -> list[Entry]:
    """Read a catalogue; obsolete entries are ignored."""
    return [parse_block(block) for block in blocks(text)]


def parse_block(lines: Iterable[str]) -> Entry:
    fields: dict[str, str] = {}
    comments: list[str] = []
    name = ""
    for line in lines:
        if line.startswith("#"):
            comments.append(line)
            continue
        if not line.startswith('"'):
            name, _, line = line.partition(" ")
        fields[name] = fields.get(name, "") + str(ast.literal_eval(line.strip()))
    strings = tuple(value for field, value in fields.items() if field.startswith("msgstr"))
    key = (fields.get("msgctxt", ""), fields.get("msgid", ""), fields.get("msgid_plural", ""))
    return Entry(key, strings, tuple(comments))


def quote(text: str) -> str:
    """Write a string the way the format wants it: double quotes, one line."""
    return json.dumps(text, ensure_ascii=False)


def format_entry(entry: Entry) -> str:
    context, sentence, plural = entry.key
    lines = list(entry.comments)
    if context:
        lines.append(f"msgctxt {quote(context)}")
    lines.append(f"msgid {quote(sentence)}")
    if plural:
        lines.append(f"msgid_plural {quote(plural)}")
        lines += [f"msgstr[{n}] {quote(text)}" for n, text in enumerate(entry.strings)]
    else:
        lines.append(f"msgstr {quote(entry.strings[0])}")
    return "\n".join(lines)


def format_po(entries: Iterable[Entry]) -> str:
    entries = list(entries)
    if not any(entry.key[1] == "" for entry in entries):
        entries.insert(0, Entry(("", "", ""), (HEADER,)))
    return "\n\n".join(format_entry(entry) for entry in entries) + "\n"


def make_mo(entries: Iterable[Entry]) -> bytes:
    """Return the binary catalogue: sorted sentences, their translations, and where each begins."""
    pairs = sorted(mo_pairs(entries))
    count = len(pairs)
    ids_at, strings_at = 28, 28 + 8 * count
    position = 28 + 16 * count
    tables: list[tuple[int, int]] = []
    body = b""
    for column in (0, 1):
        for pair in pairs:
            tables.append((len(pair[column]), position + len(body)))
            body += pair[column] + b"\0"
    head = struct.pack("<7I", MAGIC, 0, count, ids_at, strings_at, 0, 28)
    return head + b"".join(struct.pack("<2I", *row) for row in tables) + body


def mo_pairs(entries: Iterable[Entry]) -> Iterator[tuple[bytes, bytes]]:
    """Yield sentence and translation of every finished entry, and always a header."""
    has_header = False
    for entry in entries:
        context, sentence, plural = entry.key
        if entry.is_fuzzy or not all(entry.strings):
            continue
        has_header = has_header or not sentence
        left = f"{context}\x04{sentence}" if context else sentence
        left = f"{left}\0{plural}" if plural else left
        yield left.encode(), "\0".join(entry.strings).encode()
    if not has_header:
        yield b"", HEADER.encode()
