"""`lianxin doctor`: what is wrong with this installation, in words, with what to do.

Looks at the machine, the two database roles, the workers, and each hospital's accounts. Changes
nothing, unless `--live` lets the accounts be checked now. Prints nothing personal or secret.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any, LiteralString
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django.utils.translation import gettext as _

from lianxin.channels import queries, rules, synchronising
from lianxin.channels.adapters.base import SendFailed
from lianxin.channels.models import Account
from lianxin.channels.words import checks as check_words
from lianxin.core.keysets import current_deployment_aead
from lianxin.core.models import Hospital
from lianxin.core.row_security import list_scoped_models
from lianxin.core.scope import scope

OK, ADVICE, FAILING, UNKNOWN = "ok", "advice", "failing", "unknown"
FINE, BROKEN, BLIND = 0, 1, 2
CONNECT_SECONDS = 5
SECRET_KEY_CHARACTERS = 32
OLDEST_POSTGRESQL = 15
# Young tables are counted within this time, so that no batch is planned on an empty table.
NAPTIME_SECONDS = 10
# Codes, tickets and welcomes live for seconds; a callback may be ten minutes old at most.
CLOCK_SECONDS = 5.0
# A worker says that it lives every ten seconds.
HEARTBEAT_SECONDS = 60
WAITING_SECONDS = 120
FREE_SHARE_ADVICE, FREE_SHARE_FAILING = 0.20, 0.05

ROLE = "select rolsuper, rolbypassrls from pg_roles where rolname = current_user"
OWNED = """
select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'public' and c.relkind in ('r', 'p') and pg_has_role(c.relowner, 'USAGE')
"""
OPEN_TABLES = """
select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'public' and c.relname = any(%s::text[])
and not (c.relrowsecurity and exists (select from pg_policy p where p.polrelid = c.oid))
order by c.relname
"""
NAPTIME = "select extract(epoch from current_setting('autovacuum_naptime')::interval)"
WORKERS = """
select count(*) from procrastinate_workers
where last_heartbeat > now() - make_interval(secs => %s)
"""
OLDEST_WAITING = """
select coalesce(extract(epoch from now() - min(coalesce(j.scheduled_at, e.at))), 0)
from procrastinate_jobs j
left join procrastinate_events e on e.job_id = j.id and e.type = 'deferred'
where j.status = 'todo' and (j.scheduled_at is null or j.scheduled_at <= now())
"""
FAILED_JOBS = """
select count(distinct j.id) from procrastinate_jobs j
join procrastinate_events e on e.job_id = j.id and e.type = 'failed'
where j.status = 'failed' and e.at > now() - interval '1 day'
"""


@dataclass(frozen=True)
class Line:
    """One thing that was looked at. `hospital` and `account` are names given by staff."""

    code: str
    state: str
    label: str
    sentence: str
    next_step: str = ""
    hospital: str = ""
    account: str = ""


@dataclass(frozen=True)
class Report:
    lines: list[Line]
    is_blind: bool = False

    @property
    def exit_code(self) -> int:
        if self.is_blind:
            return BLIND
        return BROKEN if any(line.state == FAILING for line in self.lines) else FINE


def examine(*, is_live: bool = False) -> Report:
    """Look at everything; without a database only at the machine."""
    lines = [check_secret_key(), check_keyset(), check_base_url(), check_disk()]
    try:
        with connect(settings.DATABASE_URL) as app:
            lines += check_database(app)
    except psycopg.Error as error:
        return Report([*lines, unreachable("database", error)], is_blind=True)
    lines += [check_owner(), check_migrations()]
    if not any(line.code == "migrations" and line.state == FAILING for line in lines):
        lines += list(check_accounts(is_live=is_live))
    return Report(lines)


# ---- the machine --------------------------------------------------------------------------


def check_secret_key() -> Line:
    label = _("签名密钥")
    if len(os.environ.get("LIANXIN_SECRET_KEY", "")) >= SECRET_KEY_CHARACTERS:
        return Line("secret_key", OK, label, _("已设置。"))
    return Line(
        "secret_key",
        FAILING,
        label,
        _("没有设置，或太短。"),
        _("给 LIANXIN_SECRET_KEY 一个至少 32 个字符的随机值，所有进程相同，不要放进代码库。"),
    )


def check_keyset() -> Line:
    label, path = _("加密密钥文件"), settings.LIANXIN_KEYSET
    fault = find_keyset_fault(path)
    if not fault:
        return Line("keyset", OK, label, _("读得到，只有本用户能读。"))
    sentence, next_step = {
        "missing": (
            _("LIANXIN_KEYSET 没有设置，或文件不在。"),
            _("新装：lianxin keys make。旧数据：把原来的文件放回来，没有它什么都打不开。"),
        ),
        "unreadable": (_("文件读不了。"), _("让运行连心的用户能读它，别人不能。")),
        "open": (
            _("别的用户也能读这个文件。"),
            _("chmod 600 这个文件，并想一想谁可能已经读过它。"),
        ),
        "broken": (_("文件不是一份密钥。"), _("从备份里恢复这个文件。")),
    }[fault]
    return Line("keyset", FAILING, label, sentence, next_step)


def find_keyset_fault(path: str) -> str:
    if not path or not Path(path).is_file():
        return "missing"
    if not os.access(path, os.R_OK):
        return "unreadable"
    try:
        current_deployment_aead()
    except Exception:  # noqa: BLE001 - whatever the library says about a broken file
        return "broken"
    return "open" if stat.S_IMODE(Path(path).stat().st_mode) & 0o077 else ""


def check_base_url() -> Line:
    label, parts = _("网页地址"), urlsplit(settings.BASE_URL)
    fault = rules.find_origin_fault(parts.scheme, parts.hostname or "")
    if not fault:
        return Line("base_url", OK, label, settings.BASE_URL)
    sentence, next_step = {
        "origin_local": (
            _("%(url)s 只在这台机器上能打开。"),
            _("给患者用之前，把 LIANXIN_BASE_URL 设成 https 开头的域名。"),
        ),
        "origin_plain": (
            _("%(url)s 不是 https，密码和消息会明文经过网络。"),
            _("在前面放一个有证书的反向代理，再把 LIANXIN_BASE_URL 改成 https。"),
        ),
        "origin_number": (
            _("%(url)s 是一串数字，平台的网页授权只认域名。"),
            _("给服务器一个域名。"),
        ),
    }[fault]
    state = ADVICE if fault == "origin_local" else FAILING
    return Line("base_url", state, label, sentence % {"url": settings.BASE_URL}, next_step)


def check_disk() -> Line:
    """Look at the disk beside the keyset; a database elsewhere has its own."""
    folder = Path(settings.LIANXIN_KEYSET or ".").absolute().parent
    label = _("磁盘空间")
    if not folder.is_dir():
        return Line("disk", UNKNOWN, label, _("数据目录不在。"), _("先处理“加密密钥文件”。"))
    usage = shutil.disk_usage(folder)
    share = usage.free / usage.total
    sentence = _("密钥所在的磁盘还有 %(percent)d%% 空闲。") % {"percent": int(share * 100)}
    if share >= FREE_SHARE_ADVICE:
        return Line("disk", OK, label, sentence)
    state = FAILING if share < FREE_SHARE_FAILING else ADVICE
    return Line(
        "disk", state, label, sentence, _("清理日志和旧备份，或加大磁盘；数据库所在的也看一看。")
    )


# ---- the database -------------------------------------------------------------------------

Connection = psycopg.Connection[Any]


def connect(url: str) -> Connection:
    return psycopg.connect(url, connect_timeout=CONNECT_SECONDS, autocommit=True)


def ask(database: Connection, question: LiteralString, *values: Any) -> Any:
    row = database.execute(question, values).fetchone()
    return row[0] if row else None


def unreachable(code: str, error: psycopg.Error) -> Line:
    """Say that there is no connection; what the driver says may name users and hosts."""
    return Line(
        code,
        FAILING,
        _("数据库"),
        _("连不上（%(kind)s）。") % {"kind": type(error).__name__},
        _("核对 DATABASE_URL，看数据库是否在运行、这台机器是否被允许连接。"),
    )


def check_database(app: Connection) -> list[Line]:
    checks: list[Callable[[Connection], Line]] = [
        check_app_role,
        check_open_tables,
        check_version,
        check_naptime,
        check_clock,
    ]
    found = [check(app) for check in checks]
    try:
        return [*found, check_workers(app), check_waiting(app), check_failed(app)]
    except psycopg.Error:
        # No job tables yet: the migrations say so.
        return found


def check_app_role(app: Connection) -> Line:
    label = _("数据库的应用角色")
    is_super, may_bypass = app.execute(ROLE).fetchone() or (True, True)
    if is_super or may_bypass:
        return Line(
            "app_role",
            FAILING,
            label,
            _("这个角色能绕过行级安全，一家医院能看到另一家。"),
            _("DATABASE_URL 换成 lianxin_app 这样的角色：不是超级用户，没有 BYPASSRLS。"),
        )
    if ask(app, OWNED):
        return Line(
            "app_role",
            FAILING,
            label,
            _("这个角色是表的属主，行级安全对属主不起作用。"),
            _("属主只放在 LIANXIN_OWNER_DATABASE_URL 里，DATABASE_URL 用应用角色。"),
        )
    return Line("app_role", OK, label, _("能连上，绕不过行级安全。"))


def check_open_tables(app: Connection) -> Line:
    label = _("行级安全")
    tables = [model._meta.db_table for model in list_scoped_models()]
    rows = app.execute(OPEN_TABLES, [tables]).fetchall()
    if not rows:
        return Line("row_security", OK, label, _("每张医院的表都打开了。"))
    names = ", ".join(str(name) for (name,) in rows)
    return Line(
        "row_security",
        FAILING,
        label,
        _("这些表没有打开：%(names)s。") % {"names": names},
        _("运行 lianxin migrate，它会补上。"),
    )


def check_version(app: Connection) -> Line:
    major = app.info.server_version // 10000
    label, sentence = _("PostgreSQL 版本"), _("版本 %(major)d。") % {"major": major}
    if major >= OLDEST_POSTGRESQL:
        return Line("version", OK, label, sentence)
    return Line("version", FAILING, label, sentence, _("升级到 PostgreSQL 15 或更新。"))


def check_naptime(app: Connection) -> Line:
    seconds = int(ask(app, NAPTIME))
    label = _("统计信息")
    sentence = _("autovacuum_naptime 是 %(seconds)d 秒。") % {"seconds": seconds}
    if seconds <= NAPTIME_SECONDS:
        return Line("naptime", OK, label, sentence)
    advice = _("设成 10 秒以内：新表很快就有统计信息，大批处理不会选错计划。")
    return Line("naptime", ADVICE, label, sentence, advice)


def check_clock(app: Connection) -> Line:
    before = monotonic()
    theirs: datetime = ask(app, "select clock_timestamp()")
    # Half of the way there and back lies between their clock and ours.
    ours = timezone.now() - timedelta(seconds=(monotonic() - before) / 2)  # noqa: TID251 - the machine's own clock is what is looked at
    apart = abs((ours - theirs).total_seconds())
    label = _("时钟")
    sentence = _("与数据库相差 %(seconds).1f 秒。") % {"seconds": apart}
    if apart <= CLOCK_SECONDS:
        return Line("clock", OK, label, sentence)
    return Line("clock", FAILING, label, sentence, _("两台机器都打开时间同步（NTP）。"))


def check_workers(app: Connection) -> Line:
    count, label = ask(app, WORKERS, HEARTBEAT_SECONDS), _("后台进程")
    if count:
        return Line("workers", OK, label, _("有 %(count)d 个在工作。") % {"count": count})
    advice = _("启动 lianxin worker，并让它随机器启动；没有它，不发消息，也不处理收到的消息。")
    return Line("workers", FAILING, label, _("一个也没有。"), advice)


def check_waiting(app: Connection) -> Line:
    seconds, label = int(ask(app, OLDEST_WAITING)), _("等待的任务")
    sentence = _("最久的等了 %(seconds)d 秒。") % {"seconds": seconds}
    if seconds <= WAITING_SECONDS:
        return Line("waiting", OK, label, sentence)
    advice = _("多启动几个 lianxin worker；还是不动就看它们的日志。")
    return Line("waiting", FAILING, label, sentence, advice)


def check_failed(app: Connection) -> Line:
    count, label = ask(app, FAILED_JOBS), _("失败的任务")
    if not count:
        return Line("failed_jobs", OK, label, _("一天里没有。"))
    sentence = _("一天里有 %(count)d 个。") % {"count": count}
    return Line("failed_jobs", ADVICE, label, sentence, _("在日志里找 job_failed，看是哪一种。"))


def check_owner() -> Line:
    label, url = _("数据库的属主角色"), os.environ.get("LIANXIN_OWNER_DATABASE_URL", "")
    if not url:
        advice = _("只有 lianxin migrate 和轮换密钥要用它，平时不设更安全。")
        return Line("owner_role", UNKNOWN, label, _("没有设置，没有看。"), advice)
    try:
        with connect(url) as owner:
            is_super, may_bypass = owner.execute(ROLE).fetchone() or (True, True)
    except psycopg.Error as error:
        kind = type(error).__name__
        sentence = _("连不上（%(kind)s）。") % {"kind": kind}
        return Line("owner_role", FAILING, label, sentence, _("核对 LIANXIN_OWNER_DATABASE_URL。"))
    if is_super or may_bypass:
        sentence = _("这个角色是超级用户或有 BYPASSRLS，比需要的多。")
        advice = _("换成普通角色 lianxin_owner，只让它拥有这个数据库。")
        return Line("owner_role", FAILING, label, sentence, advice)
    return Line("owner_role", OK, label, _("能连上，没有多余的权力。"))


def check_migrations() -> Line:
    label = _("数据库结构")
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        return Line("migrations", OK, label, _("与程序一致。"))
    sentence = _("还差 %(count)d 步。") % {"count": len(plan)}
    return Line("migrations", FAILING, label, sentence, _("先备份，再运行 lianxin migrate。"))


# ---- the accounts -------------------------------------------------------------------------


def check_accounts(*, is_live: bool) -> Iterator[Line]:
    for hospital in Hospital.objects.filter(is_active=True).order_by("id"):
        with scope(hospital):
            accounts = list(queries.list_accounts(hospital.pk).active())
        for account in accounts:
            if is_live:
                look_now(account)
            yield from account_lines(hospital, account)


def look_now(account: Account) -> None:
    try:
        synchronising.check_account(account.hospital_id, account.pk)
    except SendFailed:
        # Paused since it was listed: its stored answers stand.
        return


def account_lines(hospital: Hospital, account: Account) -> Iterator[Line]:
    with scope(hospital):
        account.refresh_from_db()
        rows = check_words.check_rows(queries.list_checks(account))
    if account.checked_at is None:
        sentence, advice = (
            _("还没有检查过。"),
            _("在渠道页面点“检查一次”，或运行 lianxin doctor --live。"),
        )
        yield Line("account", UNKNOWN, _("连接"), sentence, advice, hospital.name, account.name)
    for row in rows:
        yield Line(
            f"account.{row.code}",
            row.state,
            row.label,
            row.sentence,
            row.next_step,
            hospital.name,
            account.name,
        )


# ---- what is printed ----------------------------------------------------------------------


def as_json(report: Report) -> str:
    found = {"exit_code": report.exit_code, "lines": [asdict(line) for line in report.lines]}
    return json.dumps(found, ensure_ascii=False, indent=1)


def as_table(report: Report) -> str:
    """Lay the lines out by place: first the installation, then each account."""
    words = {OK: _("通过"), ADVICE: _("建议"), FAILING: _("不通"), UNKNOWN: _("不知道")}
    state_width = max(width(word) for word in words.values())
    label_width = max(width(line.label) for line in report.lines)
    place, shown = ("", ""), [_("这套系统")]
    for line in report.lines:
        if (line.hospital, line.account) != place:
            place = (line.hospital, line.account)
            shown += ["", f"{line.hospital} · {line.account}"]
        start = f"  {padded(words[line.state], state_width)}  {padded(line.label, label_width)}  "
        shown.append(start + line.sentence)
        if line.next_step and line.state != OK:
            shown.append(" " * width(start) + "→ " + line.next_step)
    return "\n".join(cleaned(line) for line in [*shown, "", conclusion(report)])


def conclusion(report: Report) -> str:
    if report.is_blind:
        return _("数据库连不上，其余的没有看。")
    failing = sum(line.state == FAILING for line in report.lines)
    return _("有 %(count)d 项不通。") % {"count": failing} if failing else _("没有不通的项。")


def cleaned(text: str) -> str:
    """Leave out what would steer a terminal: names come from people and providers."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def padded(text: str, size: int) -> str:
    return text + " " * (size - width(text))
