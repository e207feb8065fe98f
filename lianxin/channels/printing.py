"""A code on paper: the code itself, the poster, and the kit for an event in a village."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import segno
import typst
import yaml

from lianxin.channels import wording
from lianxin.channels.models import Account, JoinCode, LiveCode

PRINTS = Path(__file__).parent / "prints"
# A printer's resolution; 5 cm at 300 dpi are 591 points, so 1200 are enough for 10 cm.
DPI = 300
LEAST_POINTS = 1200
# The standard asks for four modules of white around the code.
QUIET_MODULES = 4
# A quarter of the code may be dirty or torn (level Q).
ERROR_LEVEL = "q"
PREVIEW_PPI = 60

Paper = Literal["a4", "a3"]
PAPERS: tuple[Paper, ...] = ("a4", "a3")
LANGUAGES = ("zh-hans", "en")


@dataclass(frozen=True)
class Print:
    """What to print: which code, on which paper, in which language."""

    code: LiveCode | JoinCode
    paper: Paper = "a4"
    language: str = "zh-hans"

    @property
    def hospital(self) -> str:
        hospital = self.code.hospital
        return (self.language == "en" and hospital.name_en) or hospital.name

    @property
    def who(self) -> str:
        """Name who stands behind the code: the department, then the person or else the team."""
        code = self.code
        if isinstance(code, JoinCode):
            return ""
        person = code.staff.name if code.staff else (code.team.name if code.team else "")
        names = (code.department.name if code.department else "", person)
        return " · ".join(name for name in names if name)


def draw_svg(wanted: Print) -> bytes:
    out = io.BytesIO()
    qr(wanted.code).save(out, kind="svg", scale=10, border=QUIET_MODULES, xmldecl=False)
    return out.getvalue()


def draw_png(wanted: Print) -> bytes:
    out, found = io.BytesIO(), qr(wanted.code)
    modules = found.symbol_size(border=QUIET_MODULES)[0]
    scale = -(-LEAST_POINTS // modules)
    found.save(out, kind="png", scale=scale, border=QUIET_MODULES, dpi=DPI)
    return out.getvalue()


def draw_pdf(wanted: Print) -> bytes:
    return typeset("code.typ", sheet_of(wanted, has_kit=False))


def draw_poster(wanted: Print) -> bytes:
    return typeset("poster.typ", sheet_of(wanted, has_kit=False))


def draw_kit(wanted: Print) -> bytes:
    """Return the poster, a page for the person at the table, and a blank tally sheet."""
    return typeset("poster.typ", sheet_of(wanted, has_kit=True))


def draw_preview(wanted: Print) -> bytes:
    return typeset("poster.typ", sheet_of(wanted, has_kit=False), ppi=PREVIEW_PPI)


def draw_points(wanted: Print) -> bytes:
    """Return the poster as points, for shops that do not take a PDF."""
    return typeset("poster.typ", sheet_of(wanted, has_kit=False), ppi=DPI)


def draw_avatar(name: str) -> bytes:
    """Return a picture for an account that has none: the first word of its name."""
    return typeset("avatar.typ", {"word": name[:1]}, ppi=PREVIEW_PPI)


@dataclass(frozen=True)
class Piece:
    """One file that can be had of a code."""

    draw: Callable[[Print], bytes]
    content_type: str


# Of a code into groups there is no kit: its page for the table is about people who are added.
GROUP_PIECES: dict[str, Piece] = {
    "code.svg": Piece(draw_svg, "image/svg+xml"),
    "code.png": Piece(draw_png, "image/png"),
    "code.pdf": Piece(draw_pdf, "application/pdf"),
    "poster.pdf": Piece(draw_poster, "application/pdf"),
    "poster.png": Piece(draw_preview, "image/png"),
    "poster-300.png": Piece(draw_points, "image/png"),
}
PIECES = GROUP_PIECES | {"kit.pdf": Piece(draw_kit, "application/pdf")}


def qr(code: LiveCode | JoinCode) -> segno.QRCode:
    return segno.make(code.qr_content, error=ERROR_LEVEL, micro=False)


def sheet_of(wanted: Print, *, has_kit: bool) -> dict[str, Any]:
    """Return everything that stands on the sheets, as data: nothing of it is read as markup."""
    words = load_words()[wanted.language]
    names = {"name": wanted.code.name}
    kind = steps_of(wanted.code)
    titles = {name: words[name] % names for name in ("for_staff", "code_title")}
    return {
        **words,
        "language": "zh" if wanted.language == "zh-hans" else "en",
        "title": titles["code_title"],
        "alt": titles["code_title"],
        "for_staff": titles["for_staff"],
        "paper": wanted.paper,
        "hospital": wanted.hospital,
        "who": wanted.who,
        "promise": words["promises"].get(kind) or words["promise"],
        "steps": words["steps"][kind],
        "safety": [*words["cautions"].get(kind, []), *wording.safety_words(wanted.language)],
        "picture": draw_svg(wanted).decode(),
        "has_kit": has_kit,
    }


def steps_of(code: LiveCode | JoinCode) -> str:
    if isinstance(code, JoinCode):
        return "group"
    if code.account.kind == Account.Kind.OFFICIAL_ACCOUNT:
        return "official_account"
    if code.account.kind == Account.Kind.WECOM_KF:
        return "customer_service"
    return "wecom" if code.adds_at_once else "wecom_confirmed"


@cache
def load_words() -> dict[str, Any]:
    words: dict[str, Any] = yaml.safe_load((PRINTS / "words.yaml").read_text(encoding="utf-8"))
    return words


@cache
def load_fonts() -> typst.Fonts:
    """Return the one font family that is embedded; the machine's own are never looked at."""
    folder = files("justmytype_intl_cjk") / "fonts" / "ofl" / "notosanssc"
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder)]
    )


def typeset(name: str, sheet: dict[str, Any], *, ppi: int | None = None) -> bytes:
    """Return a document, or with `ppi` its one page in so many points per inch."""
    made = typst.compile(
        (PRINTS / name).read_bytes(),
        format="png" if ppi else "pdf",
        ppi=ppi,
        font_paths=load_fonts(),
        sys_inputs={"sheet": json.dumps(sheet, ensure_ascii=False)},
    )
    assert isinstance(made, bytes)  # noqa: S101 - one page or one document
    return made
