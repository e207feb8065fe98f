"""`lianxin doctor` as a process, over set-ups that were broken for the test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from lianxin.channels import actions, synchronising
from lianxin.core.actor import SystemActor
from lianxin.core.embedded import DatabaseUrls
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.testing.channels import AES_KEY, TOKEN, make_account
from lianxin.testing.core import make_hospital
from lianxin.testing.database import superuser_url
from lianxin.testing.processes import free_port

ROOT = Path(__file__).resolve().parents[1]
SECRET_KEY = "a-key-of-these-tests-that-protects-nothing"


@dataclass
class Machine:
    """An installation as the command meets it: its environment, nothing else."""

    urls: DatabaseUrls
    keyset: Path
    changes: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        ours = ("LIANXIN_", "DJANGO", "DATABASE_URL", "LANG", "LC_")
        inherited = {name: v for name, v in os.environ.items() if not name.startswith(ours)}
        given = {
            "DATABASE_URL": self.urls.app,
            "LIANXIN_OWNER_DATABASE_URL": self.urls.owner,
            "LIANXIN_SECRET_KEY": SECRET_KEY,
            "LIANXIN_KEYSET": str(self.keyset),
            "LIANXIN_BASE_URL": "https://care.riverside.example",
        }
        return inherited | given | self.changes

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "lianxin", "doctor", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def look(self, *arguments: str) -> tuple[int, dict[str, dict[str, Any]]]:
        """Run it; returns the exit code and the last line of each code."""
        done = self.run("--json", *arguments)
        found = json.loads(done.stdout)
        assert found["exit_code"] == done.returncode
        return done.returncode, {line["code"]: line for line in found["lines"]}


@pytest.fixture
def machine(own_database: DatabaseUrls, tmp_path: Path) -> Machine:
    """Make an installation where only the workers are missing: the tests run none."""
    keyset = tmp_path / "keyset.json"
    keyset.write_bytes(Path(os.environ["LIANXIN_KEYSET"]).read_bytes())
    keyset.chmod(0o600)
    return Machine(own_database, keyset)


@pytest.fixture
def working(machine: Machine) -> Machine:
    with psycopg.connect(machine.urls.app, autocommit=True) as database:
        database.execute("insert into procrastinate_workers default values")
    return machine


@pytest.fixture
def hospital(machine: Machine) -> Hospital:
    del machine
    return make_hospital("河畔医院")


def states(lines: dict[str, dict[str, Any]], state: str) -> set[str]:
    return {code for code, line in lines.items() if line["state"] == state}


def test_a_sound_installation_passes(working: Machine) -> None:
    code, lines = working.look()

    assert states(lines, "failing") == set()
    assert code == 0
    assert states(lines, "ok") >= {
        "secret_key",
        "keyset",
        "base_url",
        "app_role",
        "row_security",
        "version",
        "clock",
        "workers",
        "waiting",
        "owner_role",
        "migrations",
    }


@pytest.mark.parametrize(
    ("changes", "failing"),
    [
        ({"LIANXIN_SECRET_KEY": ""}, "secret_key"),
        ({"LIANXIN_SECRET_KEY": "short"}, "secret_key"),
        ({"LIANXIN_KEYSET": ""}, "keyset"),
        ({"LIANXIN_KEYSET": "no/such/file.json"}, "keyset"),
        ({"LIANXIN_BASE_URL": "http://care.riverside.example"}, "base_url"),
        ({"LIANXIN_BASE_URL": "https://203.0.113.7"}, "base_url"),
    ],
)
def test_what_the_environment_lacks_is_said(
    working: Machine, changes: dict[str, str], failing: str
) -> None:
    working.changes = changes

    code, lines = working.look()

    assert code == 1
    assert states(lines, "failing") == {failing}
    assert lines[failing]["next_step"]


def test_a_keyset_that_others_may_read_or_that_is_broken(working: Machine) -> None:
    working.keyset.chmod(0o644)
    assert working.look()[1]["keyset"]["state"] == "failing"

    working.keyset.chmod(0o600)
    working.keyset.write_text("{}", encoding="utf-8")
    code, lines = working.look()
    assert (code, lines["keyset"]["state"]) == (1, "failing")


def test_an_address_of_this_machine_is_only_advised_against(working: Machine) -> None:
    working.changes = {"LIANXIN_BASE_URL": "http://127.0.0.1:8000"}

    code, lines = working.look()

    assert (code, lines["base_url"]["state"]) == (0, "advice")


def test_without_a_database_it_says_that_it_could_not_look(machine: Machine) -> None:
    machine.changes = {"DATABASE_URL": f"postgresql://nobody:hush@127.0.0.1:{free_port()}/nothing"}

    done = machine.run()

    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "hush" not in done.stdout + done.stderr
    assert "Database" in done.stdout


def test_without_a_worker_it_says_that_nothing_is_sent(machine: Machine) -> None:
    code, lines = machine.look()

    assert (code, states(lines, "failing")) == (1, {"workers"})


def test_jobs_that_nobody_takes_are_counted(working: Machine) -> None:
    with psycopg.connect(working.urls.app, autocommit=True) as database:
        database.execute(
            "insert into procrastinate_jobs (queue_name, task_name, args, status, scheduled_at)"
            " values ('default', 'nobody.knows', '{}', 'todo', now() - interval '10 minutes')"
        )

    code, lines = working.look()

    assert (code, lines["waiting"]["state"]) == (1, "failing")
    assert "60" in lines["waiting"]["sentence"]


def test_the_owner_as_application_is_refused(working: Machine) -> None:
    working.changes = {"DATABASE_URL": working.urls.owner}

    code, lines = working.look()

    assert (code, lines["app_role"]["state"]) == (1, "failing")


@pytest.fixture
def strong_role(working: Machine) -> Iterator[str]:
    """Make a role that row security does not hold; gives how it reaches the database."""
    server, name = superuser_url(), f"strong_{os.getpid()}"
    role = sql.Identifier(name)
    with psycopg.connect(server, autocommit=True) as database:
        database.execute(
            sql.SQL(
                "create role {} login bypassrls password 'invented' in role lianxin_app"
            ).format(role)
        )
    try:
        yield psycopg.conninfo.make_conninfo(working.urls.app, user=name, password="invented")
    finally:
        with psycopg.connect(server, autocommit=True) as database:
            database.execute(sql.SQL("drop role {}").format(role))


def test_a_role_that_bypasses_row_security_is_refused(working: Machine, strong_role: str) -> None:
    working.changes = {"DATABASE_URL": strong_role, "LIANXIN_OWNER_DATABASE_URL": strong_role}

    code, lines = working.look()

    assert code == 1
    assert states(lines, "failing") == {"app_role", "owner_role"}


def test_a_table_without_row_security_is_named(working: Machine) -> None:
    with psycopg.connect(working.urls.owner, autocommit=True) as database:
        database.execute("alter table channels_account disable row level security")

    code, lines = working.look()

    assert (code, states(lines, "failing")) == (1, {"row_security"})
    assert "channels_account" in lines["row_security"]["sentence"]


def test_a_migration_that_was_not_run_is_counted(working: Machine) -> None:
    with psycopg.connect(working.urls.owner, autocommit=True) as database:
        database.execute(
            "delete from django_migrations where id = (select max(id) from django_migrations"
            " where app = 'channels')"
        )

    code, lines = working.look()

    assert (code, lines["migrations"]["state"]) == (1, "failing")
    assert "1" in lines["migrations"]["sentence"]


def test_an_empty_database_is_told_to_migrate(working: Machine) -> None:
    with psycopg.connect(working.urls.owner, autocommit=True) as database:
        database.execute("drop table django_migrations")

    code, lines = working.look()

    assert (code, lines["migrations"]["state"]) == (1, "failing")


def test_each_account_is_listed_with_what_its_checks_found(
    working: Machine, hospital: Hospital
) -> None:
    account = make_account(hospital)
    synchronising.check_account(hospital.pk, account.pk)

    code, lines = working.look()

    token = lines["account.token"]
    assert code == 1
    assert (token["state"], token["hospital"], token["account"]) == (
        "failing",
        "河畔医院",
        account.name,
    )
    assert token["next_step"]


def test_live_asks_now_and_prints_no_secret(working: Machine, hospital: Hospital) -> None:
    account = make_account(hospital)
    assert "account.token" not in working.look()[1]

    done = working.run("--live")

    assert done.returncode == 1
    assert account.name in done.stdout
    printed = done.stdout + done.stderr
    assert [one for one in ("app-secret", TOKEN, AES_KEY, SECRET_KEY) if one in printed] == []
    assert "account.token" in working.look()[1]


def test_a_paused_account_is_not_looked_at(working: Machine, hospital: Hospital) -> None:
    account = make_account(hospital)
    with scope(hospital):
        actions.pause_account(account, by=SystemActor(hospital.pk))

    code, lines = working.look("--live")

    assert code == 0
    assert not [name for name in lines if name.startswith("account")]


def test_a_name_cannot_steer_the_terminal(working: Machine, hospital: Hospital) -> None:
    account = make_account(hospital)
    with scope(hospital):
        type(account).objects.filter(pk=account.pk).update(name="x\x1b[2Jy")

    assert "\x1b" not in working.run().stdout


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh_CN.UTF-8", "没有不通的项"), ("en_GB.UTF-8", "Nothing fails"), ("C", "Nothing fails")],
)
def test_it_speaks_the_language_of_the_terminal(
    working: Machine, language: str, words: str
) -> None:
    working.changes = {"LANG": language, "PYTHONUTF8": "1"}

    assert words in working.run().stdout
