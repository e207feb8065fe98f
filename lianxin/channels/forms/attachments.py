"""The shelf of a form: what goes along with one text, chosen, put in order and taken off again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, QueryDict
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from lianxin.channels import queries, reviewed_pages
from lianxin.channels.adapters.base import Attachment
from lianxin.channels.adapters.reactions import MediaLimit, load_facts, load_media_limits
from lianxin.channels.models import Account
from lianxin.channels.queries.attachments import LINK, as_rows
from lianxin.channels.reviewed_pages import ReviewedPage
from lianxin.channels.words.attachments import KINDS, AttachmentRow, attachment_rows

MINI = "miniprogram"
UPLOADED = ("image", "video", "file")
# What a row of the page may say, by kind; a link's title and address are its page's.
OF_FILES = {"kind", "file"}
NAMES = {
    "image": OF_FILES,
    "video": OF_FILES,
    "file": OF_FILES,
    LINK: {"kind", "page"},
    MINI: {"kind", "title", "app_id", "page", "file"},
}
# How people call the types.
TYPES = {"image": "JPG, PNG", "video": "MP4", "file": "PDF"}
MOST_ROW_CHARACTERS = 2000
UP, DOWN, REMOVE, ADD = "up", "down", "remove", "add"


def load_wecom_limits() -> dict[str, MediaLimit]:
    """Return what may be uploaded, by kind: only the messages of WeCom carry attachments."""
    limits = load_media_limits()
    return {kind: limits[Account.Kind.WECOM, kind] for kind in UPLOADED}


class Act(NamedTuple):
    """A button of a shelf that was pressed; the form around it is not saved."""

    prefix: str
    verb: str
    number: int


def find_act(data: QueryDict) -> Act | None:
    """Read `prefix:verb:number`; nonsense is no button."""
    prefix, _colon, rest = data.get("shelf", "").partition(":")
    verb, _colon, number = rest.partition(":")
    if verb not in {UP, DOWN, REMOVE, ADD} or not (number.isascii() and number.isdigit()):
        return None
    return Act(prefix, verb, int(number[:3]))


@dataclass
class Choices:
    """What of the hospital may be put on a shelf besides files, and what the pages show of it."""

    hospital_id: int
    pages: list[ReviewedPage]
    # Mini-programs by their app id.
    minis: dict[str, str]


def load_choices(hospital_id: int) -> Choices:
    rows = queries.list_accounts(hospital_id).active().filter(kind=Account.Kind.MINI_PROGRAM)
    minis = {str(one.config.get("app_id", "")): one.name for one in rows}
    minis.pop("", None)
    return Choices(hospital_id, reviewed_pages.list_pages(hospital_id), minis)


@dataclass
class Shelf:
    """The attachments of one text in a form. `links` go along by themselves and count too."""

    prefix: str
    choices: Choices
    chosen: list[Attachment]
    kinds: tuple[str, ...] = (*UPLOADED, LINK, MINI)
    most: int = 0
    links: int = 0
    errors: list[str] = field(default_factory=list)

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        return tuple(self.chosen)

    @property
    def room(self) -> int:
        """Return how many more may be put on it."""
        return max(0, self.most - self.links - len(self.chosen))

    @property
    def rows(self) -> list[AttachmentRow]:
        return attachment_rows(self.choices.hospital_id, self.chosen, self.choices.pages)

    @property
    def values(self) -> list[tuple[str, AttachmentRow]]:
        """Return what the page sends back for each row, and the row."""
        sent = [json.dumps(row, ensure_ascii=False) for row in as_rows(self.chosen)]
        return list(zip(sent, self.rows, strict=True))

    @property
    def accept(self) -> str:
        limits = load_wecom_limits()
        kinds = [kind for kind in UPLOADED if kind in self.kinds]
        return ",".join(name for kind in kinds for name in sorted(limits[kind].types))

    @property
    def file_help(self) -> str:
        """Say which files may be uploaded, and how large each may be."""
        limits = load_wecom_limits()
        parts = [
            _("%(kind)s（%(types)s）最大 %(size)s")
            % {
                "kind": KINDS[kind],
                "types": TYPES[kind],
                "size": filesizeformat(limits[kind].bytes),
            }
            for kind in UPLOADED
            if kind in self.kinds
        ]
        return _("；").join([*parts, _("里面的字系统看不到，请确认没有姓名和病名")])

    @property
    def takes_links(self) -> bool:
        return LINK in self.kinds

    @property
    def takes_minis(self) -> bool:
        return MINI in self.kinds and bool(self.choices.minis)

    def add(self, one: Attachment) -> None:
        if self.room == 0:
            self.errors.append(_("已经放满，先去掉一个再加。"))
        elif one.kind not in self.kinds:
            self.errors.append(_("这里不能放这一种附件。"))
        else:
            self.chosen.append(one)

    def press(self, act: Act) -> None:
        """Move or take off one; a number that is not there changes nothing."""
        at = act.number
        if at >= len(self.chosen):
            return
        if act.verb == REMOVE:
            del self.chosen[at]
        elif act.verb == UP and at > 0:
            self.chosen[at - 1 : at + 1] = self.chosen[at], self.chosen[at - 1]
        elif act.verb == DOWN and at + 1 < len(self.chosen):
            self.chosen[at : at + 2] = self.chosen[at + 1], self.chosen[at]


def read_shelf(
    data: QueryDict | None,
    prefix: str,
    kept: Sequence[Attachment],
    choices: Choices,
    *,
    links: int = 0,
    most: int = 0,
    kinds: tuple[str, ...] = (*UPLOADED, LINK, MINI),
) -> Shelf:
    """Read a shelf of a page; a page that did not show it leaves it as it is."""
    shelf = Shelf(prefix, choices, list(kept), kinds, most or load_facts()["attachments"], links)
    if data is None or f"{prefix}-given" not in data:
        return shelf
    found = [read_row(text) for text in data.getlist(f"{prefix}-row")]
    shelf.chosen = [one for one in found if one is not None and one.kind in kinds]
    if len(shelf.chosen) < len(found):
        shelf.errors.append(_("有一个附件读不出来，已去掉，请重新选。"))
    return shelf


@dataclass(frozen=True)
class Shelves:
    """Reads all the shelves of one page: they share what may be chosen."""

    choices: Choices
    data: QueryDict | None
    links: int = 0

    def read(self, prefix: str, kept: Sequence[Attachment]) -> Shelf:
        return read_shelf(self.data, prefix, kept, self.choices, links=self.links)


def read_row(text: str) -> Attachment | None:
    """Read what the page says of one attachment; None for anything it cannot have said."""
    if len(text) > MOST_ROW_CHARACTERS:
        return None
    try:
        row = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(row, dict) or not all(is_plain(value) for value in row.values()):
        return None
    names = NAMES.get(row.get("kind", ""))
    return Attachment(**row) if names is not None and set(row) <= names else None


def is_plain(value: object) -> bool:
    """Tell whether it is a text that the database can hold."""
    if not isinstance(value, str) or "\0" in value:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


@dataclass(frozen=True)
class Addition:
    """What the page asks to put on a shelf: a page, a file, or a mini-program's page."""

    page: str
    upload: UploadedFile[Any] | None
    mini: Attachment | None
    cover: UploadedFile[Any] | None


def read_addition(request: HttpRequest, shelf: Shelf) -> Addition:
    def given(name: str) -> str:
        return request.POST.get(f"{shelf.prefix}-{name}", "").strip()

    upload, cover = (request.FILES.get(f"{shelf.prefix}-{name}") for name in ("file", "mini-cover"))
    mini = None
    if given("mini-title") or given("mini-page") or cover:
        mini = Attachment(
            MINI, title=given("mini-title"), app_id=given("mini-app"), page=given("mini-page")
        )
    return Addition(
        given("page"),
        upload if isinstance(upload, UploadedFile) else None,
        mini,
        cover if isinstance(cover, UploadedFile) else None,
    )
