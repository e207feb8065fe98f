"""Run a command against Debian's PostgreSQL: `python -m tools.debian_postgresql pytest -q`.

The embedded server of demo and tests is newer; a hospital runs what Debian ships. As root on
Debian this installs it; a throw-away cluster is made, and LIANXIN_TEST_SERVER names it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

PACKAGE = "postgresql-15"
BINARIES = Path("/usr/lib/postgresql/15/bin")
USER = "postgres"
# A crash loses nothing that a test needs.
OPTIONS = "-c listen_addresses='' -c fsync=off -c synchronous_commit=off -c max_connections=200"


def install() -> None:
    if (BINARIES / "initdb").exists():
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        sys.exit(f"These tests need {PACKAGE}. On Debian, as root: apt-get install {PACKAGE}")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    packages = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", PACKAGE]
    for command in (["apt-get", "update", "-qq"], packages):
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)


def as_server(*command: str | Path) -> None:
    """Run one of the server's programs; it refuses to run as root."""
    prefix = ["runuser", "-u", USER, "--"] if os.geteuid() == 0 else []
    subprocess.run(
        [*prefix, *map(str, command)], check=True, stdout=subprocess.DEVNULL, cwd=BINARIES
    )


@contextmanager
def running_server() -> Iterator[str]:
    """Start a cluster of its own; yield the superuser's URL."""
    with tempfile.TemporaryDirectory(prefix="lianxin-pg-") as name:
        folder = Path(name)
        if os.geteuid() == 0:
            shutil.chown(folder, USER)
        data = folder / "data"
        as_server(BINARIES / "initdb", "-A", "trust", "-U", USER, "-E", "UTF8", "-D", data)
        options = f"-k {folder} {OPTIONS}"
        as_server(
            BINARIES / "pg_ctl", "-w", "-D", data, "-l", folder / "log", "-o", options, "start"
        )
        try:
            yield f"postgresql://{USER}@/postgres?host={folder}"
        finally:
            as_server(BINARIES / "pg_ctl", "-w", "-m", "immediate", "-D", data, "stop")


def main(command: Sequence[str]) -> int:
    install()
    with running_server() as url:
        environment = os.environ | {"LIANXIN_TEST_SERVER": url}
        return subprocess.run(
            [sys.executable, "-m", *command], env=environment, check=False
        ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
