"""Provider XML to plain dicts. Bodies come from the network before anyone has proven who sent them.

The defences of defusedxml (no document type, no entities, limits), on the C parser: a callback is
parsed twice on the hot path, and defusedxml's pure Python tree costs six times as much. Almost all
of them are flat: one pattern reads those at half the parser's price, and fits nothing else.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn
from xml.etree import ElementTree
from xml.parsers import expat

MAX_DEPTH = 12
MAX_ELEMENTS = 2_000
# One of these alone must still be a list, or it changes shape with the number of its members.
ALWAYS_LIST = frozenset(
    {"Item", "OptionId", "SelectedItem", "AuthAddOpenKfId", "AuthDelOpenKfId", "List"}
)

# One field of text: `<Name>text</Name>` or `<Name><![CDATA[text]]></Name>`.
FIELD = (
    r"<([A-Za-z_][A-Za-z0-9_]*+)>"
    r"(?:<!\[CDATA\[([^\]]*+(?:\](?!\]>)[^\]]*+)*+)\]\]>|([^<>&\]]*+))"
    r"</\1> *+"
)
FLAT = re.compile(rf"<xml> *+(?:{FIELD})*+</xml>")
FLAT_FIELD = re.compile(FIELD)
# What XML forbids or rewrites is the parser's: control characters, and U+FFFE, U+FFFF and their
# neighbours by their first bytes.
CONTROL_BYTES = bytes(range(32))
RARE_BYTES = b"\xef\xbf"


class XmlRefused(Exception):  # noqa: N818 - a refusal of foreign input
    """Not XML, too deep, too large, or trying something."""


class Builder:
    """Builds nested dicts from expat's callbacks; repeated names become lists."""

    def __init__(self) -> None:
        # A node becomes a dict with its first child; a leaf stays None and is its text.
        self.nodes: list[dict[str, Any] | None] = [{}]
        self.text: list[str] = []
        self.count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        del name, attributes
        self.count += 1
        if len(self.nodes) > MAX_DEPTH or self.count > MAX_ELEMENTS:
            raise XmlRefused("too deep or too many elements")
        self.nodes.append(None)
        self.text.clear()

    def end(self, name: str) -> None:
        node = self.nodes.pop()
        parent = self.nodes[-1]
        if parent is None:
            parent = self.nodes[-1] = {}
        put(parent, name, "".join(self.text).strip() if node is None else node)
        self.text.clear()


def put(parent: dict[str, Any], name: str, value: Any) -> None:
    if name in ALWAYS_LIST:
        parent.setdefault(name, []).append(value)
    elif name not in parent:
        parent[name] = value
    elif isinstance(parent[name], list):
        parent[name].append(value)
    else:
        parent[name] = [parent[name], value]


def refuse_declaration(*_declaration: Any) -> NoReturn:
    raise XmlRefused("document types and entities are refused")


def parse_xml(body: bytes | str, *, limit: int = 64 * 1024) -> dict[str, Any]:
    """Return the children of the root element. Anything odd is refused with XmlRefused."""
    if len(body) > limit:
        raise XmlRefused("too large")
    try:
        raw = body.encode() if isinstance(body, str) else body
        text = body if isinstance(body, str) else body.decode()
    except UnicodeError:
        raise XmlRefused("not UTF-8") from None
    if is_plain(raw) and FLAT.fullmatch(text):
        return read_flat(text)
    # Without these words there is no entity to expand. They may also be what a patient wrote.
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        return parse_carefully(text)
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - no document type, no entities
    except (ElementTree.ParseError, ValueError) as error:
        raise XmlRefused("not well formed") from error
    return children_of(root, 1) if len(root) else {}


def is_plain(raw: bytes) -> bool:
    return len(raw.translate(None, CONTROL_BYTES)) == len(raw) and RARE_BYTES not in raw


def read_flat(text: str) -> dict[str, Any]:
    fields = FLAT_FIELD.findall(text, len("<xml>"))
    if len(fields) > MAX_ELEMENTS:
        raise XmlRefused("too many elements")
    message: dict[str, Any] = {}
    for name, quoted, plain in fields:
        put(message, name, (quoted or plain).strip())
    return message


def children_of(node: ElementTree.Element, depth: int) -> dict[str, Any]:
    if depth > MAX_DEPTH or len(node) > MAX_ELEMENTS:
        raise XmlRefused("too deep or too many elements")
    children: dict[str, Any] = {}
    for child in node:
        value = children_of(child, depth + 1) if len(child) else (child.text or "").strip()
        put(children, child.tag, value)
    return children


def parse_carefully(text: str) -> dict[str, Any]:
    """Parse with every declaration refused, however it is written."""
    builder = Builder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text.append
    parser.StartDoctypeDeclHandler = refuse_declaration
    parser.EntityDeclHandler = refuse_declaration
    parser.ExternalEntityRefHandler = refuse_declaration
    try:
        parser.Parse(text.encode(), True)
    except (expat.ExpatError, ValueError) as error:
        raise XmlRefused("not well formed") from error
    root = next(iter((builder.nodes[0] or {}).values()), "")
    return root if isinstance(root, dict) else {}


def field_text(message: dict[str, Any], name: str) -> str:
    """Return one field as text; a repeated one gives its first, a nested or missing one empty."""
    value = message.get(name, "")
    if isinstance(value, list):
        value = value[0] if value else ""
    return value if isinstance(value, str) else ""


def field_texts(message: dict[str, Any], name: str) -> list[str]:
    """Return a field that may be repeated; one item alone is no list in XML."""
    value = message.get(name, "")
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str) and item]
