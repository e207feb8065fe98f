from __future__ import annotations

import gettext
import io
from pathlib import Path

import pytest

from tools.catalogue import Entry, format_po, make_mo, parse_po
from tools.messages import (
    check,
    check_conflicts,
    check_room,
    compile_all,
    python_keys,
    template_keys,
    update,
)

PO = """
msgid ""
msgstr "Language: en\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"
"Content-Type: text/plain; charset=UTF-8\\n"

msgid "今日"
msgstr "Today"

#. data
msgctxt "door"
msgid "开"
msgstr "open"
msgid "%(n)d 天"
msgid_plural "%(n)d 天"
msgstr[0] "%(n)d day"
msgstr[1] "%(n)d days"

#, fuzzy
msgid "旧"
msgstr "old"

#~ msgid "没有了"
#~ msgstr "gone"
"""


@pytest.fixture
def room(tmp_path: Path) -> Path:
    folder = tmp_path / "ward"
    (folder / "templates" / "ward").mkdir(parents=True)
    (folder / "__init__.py").write_text("", encoding="utf-8")
    (folder / "views.py").write_text('title = _("今日")\n', encoding="utf-8")
    (folder / "templates" / "ward" / "a.html").write_text(
        "{% load i18n %}{% translate '患者' %}", encoding="utf-8"
    )
    return folder


def write_po(room: Path, **english: str) -> None:
    path = room / "locale" / "en" / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    entries = [Entry(("", chinese, ""), (words,)) for chinese, words in english.items()]
    path.write_text(format_po(entries), encoding="utf-8")


def test_python_sentences_are_found_by_their_call() -> None:
    source = 'a = _("今日"); b = ngettext("一", "多", n); c = pgettext("门", "开"); d = other("无")'

    assert list(python_keys(source)) == [("", "今日", ""), ("", "一", "多"), ("门", "开", "")]


def test_template_sentences_are_found_in_tags_blocks_and_filters() -> None:
    source = (
        "{% load i18n %}{% translate '今日' %}{{ x|default:_('无') }}"
        "{% translate '开' context '门' %}"
        "{% blocktranslate %}共 {{ n }} 条{% endblocktranslate %}"
        "{% blocktranslate count n=n %}{{ n }} 天{% plural %}{{ n }} 日{% endblocktranslate %}"
    )

    assert list(template_keys(source)) == [
        ("", "今日", ""),
        ("", "无", ""),
        ("门", "开", ""),
        ("", "共 %(n)s 条", ""),
        ("", "%(n)s 天", "%(n)s 日"),
    ]


def test_a_catalogue_is_read_with_its_kinds_of_entries() -> None:
    entries = {entry.key[1]: entry for entry in parse_po(PO)}

    assert entries["今日"].strings == ("Today",)
    assert entries["开"].key[0] == "door"
    assert entries["开"].is_data
    assert entries["%(n)d 天"].strings == ("%(n)d day", "%(n)d days")
    assert entries["旧"].is_fuzzy
    assert "没有了" not in entries


def test_what_is_written_is_read_back() -> None:
    entries = parse_po(PO)

    assert parse_po(format_po(entries)) == entries


def test_the_binary_form_is_what_gettext_reads() -> None:
    catalogue = gettext.GNUTranslations(io.BytesIO(make_mo(parse_po(PO))))

    assert catalogue.gettext("今日") == "Today"
    assert catalogue.pgettext("door", "开") == "open"
    assert catalogue.ngettext("%(n)d 天", "%(n)d 天", 2) == "%(n)d days"
    # An unfinished translation is worse than the source.
    assert catalogue.gettext("旧") == "旧"


def test_a_sentence_without_english_fails(room: Path) -> None:
    write_po(room, 今日="Today")

    assert list(check_room(room)) == ["missing: '患者' (ward/templates/ward/a.html)"]


def test_an_empty_or_leftover_entry_fails(room: Path) -> None:
    write_po(room, 今日="", 患者="Patients", 昨日="Yesterday")

    assert list(check_room(room)) == ["no English: '今日'", "used nowhere: '昨日'"]


def test_a_finished_room_passes(room: Path) -> None:
    write_po(room, 今日="Today", 患者="Patients")

    assert check(room.parent) == 0


def test_one_sentence_has_one_translation_in_all_rooms(room: Path) -> None:
    other = room.parent / "yard"
    write_po(room, 今日="Today")
    write_po(other, 今日="This day")

    assert len(list(check_conflicts([room, other]))) == 1


def test_update_adds_what_is_missing_and_keeps_the_rest(room: Path) -> None:
    write_po(room, 今日="Today")

    update(room.parent)

    assert list(check_room(room)) == ["no English: '患者'"]


def test_compile_writes_beside_the_source(room: Path) -> None:
    write_po(room, 今日="Today")

    compile_all(room.parent)

    assert (room / "locale" / "en" / "LC_MESSAGES" / "django.mo").is_file()
