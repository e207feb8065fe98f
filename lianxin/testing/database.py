"""Test databases: one template per schema, made once as the owner, cloned per process.

LIANXIN_TEST_SERVER names another PostgreSQL server (superuser URL); else the embedded one.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import psycopg
from psycopg import sql

from lianxin.core import embedded

KEPT_DATABASES = 40
ROOT = Path(__file__).resolve().parents[2]


def test_dir() -> Path:
    """Return where the tests' server lives; as root never inside the clone (see embedded)."""
    mark = hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]
    if os.geteuid() == 0:
        return Path("/var/lib/lianxin") / f"test-{mark}"
    return ROOT / ".lianxin" / "test"


@cache
def schema_hash() -> str:
    """Name the schema: all migrations and what puts policies on them."""
    digest = hashlib.sha256()
    files = [*ROOT.glob("lianxin/*/migrations/*.py"), *ROOT.glob("lianxin/*/models*.py")]
    files += [*ROOT.glob("lianxin/*/models/*.py"), ROOT / "lianxin/core/row_security.py"]
    files += [ROOT / "lianxin/core/partitions.py", ROOT / "lianxin/settings.py"]
    for path in sorted(files):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def superuser_url() -> str:
    return os.environ.get("LIANXIN_TEST_SERVER") or embedded.start_server(test_dir() / "postgres")


def test_keyset() -> str:
    """Write one deployment keyset for all test processes and return its path."""
    path = test_dir() / "keyset.json"
    if not path.exists():
        code = (
            "import sys; from lianxin.core.keysets import make_keyset_text;"
            "sys.stdout.write(make_keyset_text())"
        )
        text = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, check=True, cwd=ROOT
        ).stdout
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as partial:
            partial.write(text)
        Path(partial.name).replace(path)
    return str(path)


def prepare_test_database() -> None:
    """Make the template if this schema has none yet, and point the settings at it."""
    test_dir().mkdir(parents=True, exist_ok=True)
    with (test_dir() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        server = superuser_url()
        password = embedded.role_password(test_dir())
        os.environ["LIANXIN_KEYSET"] = test_keyset()
        template = f"template_{schema_hash()}"
        urls = embedded.urls_for(server, template, password)
        if not database_exists(server, template):
            embedded.prepare_roles(server, password)
            drop_old_databases(server)
            migrate_into(server, template, password)
        os.environ["DATABASE_URL"] = urls.app


def database_exists(server: str, name: str) -> bool:
    with psycopg.connect(server, autocommit=True) as connection:
        found = connection.execute("select 1 from pg_database where datname = %s", [name])
        return found.fetchone() is not None


def drop_old_databases(server: str) -> None:
    """Drop what earlier schemas left behind, once it has become many and nobody is using it."""
    with psycopg.connect(server, autocommit=True) as connection:
        rows = connection.execute(
            "select datname from pg_database where datname ~ '^(template|test)_[0-9a-f]{12}'"
        ).fetchall()
        for (name,) in rows if len(rows) > KEPT_DATABASES else []:
            with suppress(psycopg.errors.ObjectInUse):
                connection.execute(
                    sql.SQL("drop database if exists {}").format(sql.Identifier(name))
                )


def migrate_into(server: str, template: str, password: str) -> None:
    making = f"{template}_making"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(
            sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(making))
        )
    embedded.prepare_database(server, making)
    owner = embedded.urls_for(server, making, password).owner
    environment = os.environ | {
        "LIANXIN_OWNER_DATABASE_URL": owner,
        "DJANGO_SETTINGS_MODULE": "lianxin.settings",
    }
    done = subprocess.run(
        [sys.executable, "-m", "lianxin", "migrate"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"migrate failed:\n{done.stdout}{done.stderr}")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(
            sql.SQL("alter database {} rename to {}").format(
                sql.Identifier(making), sql.Identifier(template)
            )
        )


@contextmanager
def cloned_database(name: str) -> Iterator[embedded.DatabaseUrls]:
    """Clone the template under `name`, and drop the clone afterwards."""
    server, password = superuser_url(), embedded.role_password(test_dir())
    template = f"template_{schema_hash()}"
    with psycopg.connect(server, autocommit=True) as connection:
        statement = "create database {} template {} owner {}"
        connection.execute(
            sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
        )
        connection.execute(
            sql.SQL(statement).format(
                sql.Identifier(name), sql.Identifier(template), sql.Identifier(embedded.OWNER_ROLE)
            )
        )
    try:
        yield embedded.urls_for(server, name, password)
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(
                sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
            )


def clone_name() -> str:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    return f"test_{schema_hash()}_{worker}_{os.getpid()}"


@contextmanager
def clone_for_this_process() -> Iterator[None]:
    """Point Django's connection at a fresh clone, as the application role."""
    with cloned_database(clone_name()) as urls, connected_to(urls):
        yield


@contextmanager
def own_clone() -> Iterator[embedded.DatabaseUrls]:
    """Point Django at one more clone for a while; keysets are its own, so caches are dropped."""
    with cloned_database(f"{clone_name()}_own") as urls, connected_to(urls):
        forget_keysets()
        yield urls
    forget_keysets()


@contextmanager
def connected_to(urls: embedded.DatabaseUrls) -> Iterator[None]:
    """Swap the database name for all threads; they share the settings dictionary."""
    from django.conf import settings
    from django.db import connections

    connection = connections["default"]
    before, url_before = connection.settings_dict["NAME"], settings.DATABASE_URL
    connections.close_all()
    connection.settings_dict["NAME"] = psycopg.conninfo.conninfo_to_dict(urls.app)["dbname"]
    settings.DATABASE_URL = settings.LISTEN_DATABASE_URL = urls.app
    try:
        yield
    finally:
        connections.close_all()
        connection.settings_dict["NAME"] = before
        settings.DATABASE_URL = settings.LISTEN_DATABASE_URL = url_before


def forget_keysets() -> None:
    from lianxin.core import keys

    keys.wrapped_keysets.cache_clear()
