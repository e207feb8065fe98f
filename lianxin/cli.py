"""The `lianxin` command. Each sub-command sets the environment first, then starts Django."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import typer

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Lianxin 连心"
)


def start_django(*, as_owner: bool = False) -> None:
    """Set Django up, connected as the application role or as the owner."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lianxin.settings")
    if as_owner:
        owner = os.environ.get("LIANXIN_OWNER_DATABASE_URL")
        if not owner:
            sys.exit("LIANXIN_OWNER_DATABASE_URL 未设置:迁移要用数据库属主的连接。")
        os.environ["DATABASE_URL"] = owner
    import django  # noqa: PLC0415 - after the environment is complete

    django.setup()


@app.command()
def migrate() -> None:
    """Bring the schema up to date, then put policies and grants on every table."""
    start_django(as_owner=True)
    from django.core.management import call_command  # noqa: PLC0415 - needs Django

    from lianxin.core.row_security import secure  # noqa: PLC0415 - needs Django

    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable")
    secure()


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def manage(context: typer.Context) -> None:
    """Run a Django management command as the application role."""
    start_django()
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - needs Django

    execute_from_command_line(["lianxin manage", *context.args])


def main() -> None:
    sys.path.insert(0, str(Path.cwd()))
    app()
