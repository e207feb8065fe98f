"""What imports cannot show: relations, tenancy, tables at the top, pages, docs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db.models import PROTECT, BinaryField, DecimalField, ForeignKey, Model
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.module_loading import import_string

from lianxin.core.row_security import list_scoped_models
from lianxin.staff.rules import PERMISSIONS, ROLES

ROOT = Path(__file__).resolve().parents[1]
ROOMS = sorted(
    app.name.removeprefix("lianxin.")
    for app in apps.get_app_configs()
    if app.name.startswith("lianxin.")
)


def house_models() -> list[type[Model]]:
    return [m for m in apps.get_models() if m.__module__.startswith("lianxin.")]


def foreign_keys_between_rooms() -> list[ForeignKey[Model, Model]]:
    fields = [f for m in house_models() for f in m._meta.fields if isinstance(f, ForeignKey)]
    return [f for f in fields if f.related_model._meta.app_label != f.model._meta.app_label]


def test_relations_between_rooms_have_no_way_back_up() -> None:
    open_ = [str(f) for f in foreign_keys_between_rooms() if not f.remote_field.hidden]

    assert open_ == []


def test_no_room_deletes_another_rooms_rows() -> None:
    rows = foreign_keys_between_rooms()

    assert [str(f) for f in rows if f.remote_field.on_delete is not PROTECT] == []


def test_every_row_belongs_to_a_hospital_or_says_why_not() -> None:
    scoped = set(list_scoped_models())
    exempt = {m for m in house_models() if getattr(m, "row_security_exempt", "")}

    assert {m._meta.label for m in house_models()} == {m._meta.label for m in scoped | exempt}


def test_no_number_is_a_decimal() -> None:
    """Comparing decimals is not leak-proof: row security would switch their indexes off."""
    fields = [str(f) for m in house_models() for f in m._meta.fields if isinstance(f, DecimalField)]

    assert fields == []


def test_every_sealed_column_is_in_the_register() -> None:
    register = import_string(settings.PERSONAL_DATA)
    listed = {(field.model, field.column) for field in register}
    sealed = {
        (m._meta.label, f.name)
        for m in house_models()
        for f in m._meta.fields
        if isinstance(f, BinaryField) and f.name.endswith(("_sealed", "_blind"))
    }

    assert sealed == listed


def test_every_listener_is_a_job_that_takes_events() -> None:
    wiring = import_string(settings.EVENT_WIRING)

    for name, tasks in wiring.items():
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+", name), name
        for task in tasks:
            code = task.func.__code__
            names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
            assert {"hospital_id", "events"} <= set(names), f"{name}: {task.name}"


def test_every_wired_event_is_recorded_somewhere() -> None:
    source = "\n".join(
        p.read_text() for p in ROOT.glob("lianxin/**/*.py") if "tests" not in p.parts
    )
    wiring = import_string(settings.EVENT_WIRING)
    elsewhere = {name for name in wiring if source.count(f'"{name}"') < 2}

    assert elsewhere == set()


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_has_a_page(room: str) -> None:
    assert (ROOT / "docs" / "rooms" / f"{room}.md").exists()


def test_no_page_of_a_room_is_long() -> None:
    pages = (ROOT / "docs" / "rooms").glob("*.md")
    lines = {p.name: len(p.read_text(encoding="utf-8").splitlines()) for p in pages}

    assert lines
    assert {name for name, count in lines.items() if count > 150} == set()


def test_every_decision_is_one_screen() -> None:
    long = [
        p.name
        for p in (ROOT / "docs/decisions").glob("*.md")
        if len(p.read_text().splitlines()) > 60
    ]

    assert long == []


def list_routes(
    patterns: list[URLPattern | URLResolver], prefix: str = ""
) -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from list_routes(pattern.url_patterns, route)
        else:
            yield route, pattern


def test_addresses_are_nouns_that_end_in_a_slash() -> None:
    probes = {"healthz", "readyz", "metrics", "api/v1/openapi.json"}
    routes = {route for route, _ in list_routes(get_resolver().url_patterns)}

    assert {
        r for r in routes if r and not r.endswith("/") and r not in probes and "accounts/" not in r
    } == set()


def test_the_permission_table_is_printed_in_the_docs() -> None:
    page = (ROOT / "docs" / "rooms" / "staff.md").read_text(encoding="utf-8")
    missing = [p for p in PERMISSIONS if f"`{p}`" not in page]

    assert missing == []
    for permission, roles in PERMISSIONS.items():
        line = next(line for line in page.splitlines() if f"`{permission}`" in line)
        cells = [
            cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")
        ][1:]
        assert [role for role, cell in zip(ROLES, cells, strict=True) if cell == "●"] == [
            role for role in ROLES if role in roles
        ]


def test_no_file_names_a_registry_or_a_place_on_one_machine() -> None:
    words = ("registry." + "npmjs", "files." + "pythonhosted", "pypi." + "org", "/work" + "/")
    suffixes = {".py", ".md", ".toml", ".json", ".txt", ".in", ".html", ".js", ".css", ".yaml", ""}
    skipped = {".git", ".venv", "node_modules", ".lianxin", "__pycache__", ".hypothesis"}
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in ROOT.rglob("*")
        if path.is_file()
        and path.suffix in suffixes
        and not skipped & set(path.parts)
        and not any(part.endswith("_cache") or part == "out" for part in path.parts)
        for word in words
        if word in path.read_text(encoding="utf-8", errors="ignore")
    ]

    assert found == []
