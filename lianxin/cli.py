"""The `lianxin` command. Each sub-command sets the environment first, then starts Django."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

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
    import django

    django.setup()


keys_app = typer.Typer(no_args_is_help=True, help="Keysets: make, rotate")
app.add_typer(keys_app, name="keys")


@keys_app.command("make")
def make_keyset() -> None:
    """Write a fresh deployment keyset to LIANXIN_KEYSET; never over an old one."""
    path = Path(os.environ.get("LIANXIN_KEYSET", ""))
    if not path.name or path.exists():
        sys.exit("LIANXIN_KEYSET 没有设置,或文件已存在:不会覆盖旧的密钥。")
    start_django()
    from lianxin.core.keysets import make_keyset_text

    path.touch(mode=0o600)
    path.write_text(make_keyset_text(), encoding="utf-8")


@keys_app.command("rotate")
def rotate_keys() -> None:
    """Give the deployment and every hospital a new primary key, and rewrap all data keys."""
    start_django(as_owner=True)
    from lianxin.core.key_rotation import rotate_everything

    sys.stdout.write(f"{rotate_everything()}\n")


@app.command()
def migrate() -> None:
    """Bring the schema up to date, then put policies and grants on every table."""
    start_django(as_owner=True)
    from django.core.management import call_command

    from lianxin.core.row_security import secure

    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable")
    secure()


@app.command()
def doctor(
    *,
    live: Annotated[bool, typer.Option("--live", help="Check the accounts now")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines")] = False,
) -> None:
    """Say what is wrong and what to do. Exit: 0 fine, 1 something fails, 2 could not look."""
    os.environ.setdefault("LIANXIN_LOG_LEVEL", "CRITICAL")
    start_django()
    import structlog
    from django.utils import translation  # needs Django

    from lianxin import doctor as house_doctor

    # What is logged on the way must not stand in the middle of the table.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    with translation.override(language_of_terminal()):
        report = house_doctor.examine(is_live=live)
        shown = house_doctor.as_json(report) if as_json else house_doctor.as_table(report)
    sys.stdout.write(f"{shown}\n")
    raise typer.Exit(report.exit_code)


def language_of_terminal() -> str:
    """Return the language of LC_ALL, LC_MESSAGES or LANG: Chinese or English."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    chosen = next((os.environ[name] for name in names if os.environ.get(name)), "")
    return "zh-hans" if chosen.lower().startswith("zh") else "en"


@app.command()
def web(port: int = 8000, host: str = "127.0.0.1") -> None:
    """Serve the pages and APIs (WSGI), with the static files."""
    start_django()
    from django.conf import settings  # needs Django

    from lianxin.supervise import web_command

    replace_process(web_command(port, str(settings.STATIC_ROOT), host=host))


@app.command()
def edge(port: int = 8001, host: str = "127.0.0.1") -> None:
    """Serve callbacks and live updates (plain ASGI)."""
    from lianxin.supervise import edge_command

    replace_process(edge_command(port, host=host))


@app.command()
def worker(queues: str = "", concurrency: int = 4) -> None:
    """Run background jobs. Any number of workers on any number of machines."""
    start_django()
    from lianxin.core.memory import leave_out_what_is_loaded
    from lianxin.core.worker import run_worker  # needs Django

    leave_out_what_is_loaded()
    run_worker([name for name in queues.split(",") if name], concurrency=concurrency)


@app.command()
def collectstatic() -> None:
    """Gather the static files into LIANXIN_STATIC_ROOT."""
    start_django()
    from django.core.management import call_command  # needs Django

    call_command("collectstatic", interactive=False, verbosity=0)


@app.command()
def demo(
    data_dir: Path | None = None, port: int = 8000, patients: int = 300, *, reset: bool = False
) -> None:
    """Run everything on this machine with two invented hospitals; Ctrl-C stops it."""
    from lianxin.demo import run

    run.run_demo(data_dir, port=port, patients=patients, reset=reset)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def manage(context: typer.Context) -> None:
    """Run a Django management command as the application role."""
    start_django()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["lianxin manage", *context.args])


def replace_process(command: list[str]) -> None:
    """Become the given program, so that signals reach it directly."""
    os.execv(command[0], command)  # noqa: S606 - our own command


def main() -> None:
    sys.path.insert(0, str(Path.cwd()))
    app()
