"""`lianxin demo`: prepare what is missing, start the processes, say where to click."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psycopg

from lianxin.core import embedded
from lianxin.demo.environment import (
    CLONE,
    DATABASE_NAME,
    DemoPlace,
    choose_place,
    forget,
    make_environment,
)
from lianxin.supervise import (
    Process,
    Supervisor,
    edge_command,
    wait_until_up,
    web_command,
    worker_command,
)

START_SECONDS = 60.0
DATABASE_CHECK_SECONDS = 2.0


def run_demo(data_dir: Path | None, *, port: int, patients: int, reset: bool) -> None:
    """Run until Ctrl-C. Starting again finds the data of last time."""
    place = choose_place(data_dir, port)
    if reset:
        forget(place)
    place.data_dir.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    urls = embedded.prepare(place.data_dir, DATABASE_NAME)
    environment = make_environment(place, urls)
    make_keyset(place, environment)
    build(place, environment, urls)
    supervisor = Supervisor(make_processes(place, environment), place.data_dir / "logs")
    try:
        supervisor.start_named("sandbox")
        wait_until_up(f"{place.sandbox_url}/healthz", START_SECONDS)
        seed(environment, place, urls, patients)
        supervisor.start_rest()
        wait_until_up(f"{place.base_url}/healthz", START_SECONDS)
        wait_until_up(f"{place.edge_url}/live/", START_SECONDS)
        announce(place, time.monotonic() - began)
        supervisor.watch(watch_database(place, urls))
    finally:
        supervisor.stop()
        embedded.stop_server(place.data_dir / "postgres")


def make_processes(place: DemoPlace, environment: dict[str, str]) -> list[Process]:
    sandbox = [
        *(sys.executable, "-m", "sandbox", "--port", str(place.port + 2)),
        *("--data-dir", str(place.data_dir / "sandbox"), "--clock-file", str(place.clock_file)),
        *("--frame-origin", place.base_url, "--phone-cookie", "lx_phone"),
    ]
    return [
        Process("sandbox", sandbox, environment),
        Process("web", web_command(place.port, str(place.static_root)), environment),
        Process("edge", edge_command(place.port + 1), environment),
        Process("worker-urgent", worker_command("urgent", concurrency=2), environment),
        Process("worker", worker_command(), environment),
    ]


def run_python(arguments: list[str], environment: dict[str, str]) -> None:
    """Run one step as a process of its own; its error text is the demo's error text."""
    done = subprocess.run(  # noqa: S603 - our own modules
        [sys.executable, "-m", *arguments], env=os.environ | environment, cwd=CLONE, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(arguments)} failed (exit {done.returncode}).")


def make_keyset(place: DemoPlace, environment: dict[str, str]) -> None:
    if not (place.data_dir / "keyset.json").exists():
        run_python(["lianxin", "keys", "make"], environment)


def build_stamp() -> str:
    """Name the state of what building depends on: migrations, static files, translations."""
    patterns = (
        "lianxin/*/migrations/*.py",
        "lianxin/**/static/**/*",
        "lianxin/**/*.po",
        "package-lock.json",
    )
    times = [path.stat().st_mtime_ns for pattern in patterns for path in CLONE.glob(pattern)]
    return f"{len(times)} {max(times, default=0)}"


def build(place: DemoPlace, environment: dict[str, str], urls: embedded.DatabaseUrls) -> None:
    """Migrate and gather static files, unless nothing changed since the last start."""
    stamp_file, stamp = place.data_dir / "built", build_stamp()
    if stamp_file.exists() and stamp_file.read_text(encoding="utf-8") == stamp:
        return
    run_python(["lianxin", "migrate"], environment | {"LIANXIN_OWNER_DATABASE_URL": urls.owner})
    run_python(["lianxin", "collectstatic"], environment)
    stamp_file.write_text(stamp, encoding="utf-8")


def seed(
    environment: dict[str, str], place: DemoPlace, urls: embedded.DatabaseUrls, patients: int
) -> None:
    if (place.data_dir / "seeded").exists():
        return
    sys.stdout.write("正在准备两家演示医院和它们 90 天的记录…  Preparing two demo hospitals…\n")
    extra = {"LIANXIN_OWNER_DATABASE_URL": urls.owner, "LIANXIN_SANDBOX_URL": place.sandbox_url}
    arguments = ["lianxin.demo.seed", str(place.data_dir), str(patients)]
    run_python(arguments, environment | extra)
    (place.data_dir / "seeded").write_text("1", encoding="utf-8")


def watch_database(place: DemoPlace, urls: embedded.DatabaseUrls) -> Callable[[], None]:
    """Return a check that starts the database server again when it died."""
    last = time.monotonic()

    def check() -> None:
        nonlocal last
        if time.monotonic() - last < DATABASE_CHECK_SECONDS:
            return
        last = time.monotonic()
        try:
            psycopg.connect(urls.app, connect_timeout=2).close()
        except psycopg.OperationalError:
            # The dead server's children may still hold its memory: then the next round does it.
            with suppress(subprocess.SubprocessError):
                embedded.start_server(place.data_dir / "postgres")

    return check


def announce(place: DemoPlace, seconds: float) -> None:
    link_summary(place)
    users = json.loads(place.summary_file.read_text(encoding="utf-8"))["users"]
    lines = [
        "",
        f"  连心 Lianxin 已就绪 / ready ({seconds:.0f} s)",
        "",
        f"  控制台 console   {place.base_url}/",
        f"  手机 phone       {place.sandbox_url}/",
        "",
        *(f"  {u['role']:<9} {u['username']:<20} {u['password']}" for u in users[:7]),
        "",
        "  Ctrl-C 停止 / stops everything.",
        "",
    ]
    sys.stdout.write("\n".join(lines))
    sys.stdout.flush()


def link_summary(place: DemoPlace) -> None:
    """Put demo.json where tools look for it, also when root's data lives elsewhere."""
    link = CLONE / ".lianxin" / "demo.json"
    if link.parent.resolve() == place.data_dir.resolve() or not os.access(CLONE, os.W_OK):
        return
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(place.summary_file)
