"""Open the demo's hospitals: people, roster, accounts, clinical rows, SOP, live code."""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
from django.conf import settings

from lianxin.channels.actions.accounts import open_account
from lianxin.channels.actions.live_codes import create_live_code
from lianxin.channels.jobs import make_live_codes
from lianxin.channels.models import Account
from lianxin.content import actions as content
from lianxin.content.catalogue import list_articles
from lianxin.conversations.actions import save_script
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.hospitals import open_hospital
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.demo.cast import PASSWORD, WALKERS, House
from lianxin.health import actions as health
from lianxin.journeys import actions as journeys
from lianxin.journeys.catalogue import list_templates, load_template
from lianxin.staff import actions as staffing
from lianxin.staff.models import CareTeam, Department, DutyShift, Staff

ROSTER_DAYS = 60
CALL_TEXT = "有一条红色预警待处理，请打开连心查看，按 1 表示已接手。"
AGENT_ID = "1000002"
SCRIPTS = {
    "打招呼": "{称呼}好，我是{医院}{科室}的{我}。出院后有事可以在这里找我。",
    "复诊前准备": "{称呼}好，复诊当天早上请空腹，带上出院小结和医保卡。到院后先到{科室}分诊台。",
    "请补记读数": "{称呼}好，这两天没有看到您的读数。方便的话请在页面里补记，记不起来的不用补。",
    "请打电话": "{称呼}好，这件事在电话里说得清楚些，请问什么时间方便接电话？",
}
WELCOME = "您好,我是{hospital}{department}{doctor}。出院后有事可以在这里找到我们团队。"


@dataclass(frozen=True)
class Opened:
    """A hospital that is ready: what the rest of the seeding needs of it."""

    house: House
    hospital: Hospital
    department: Department
    team: CareTeam
    staff: dict[str, Staff]

    @property
    def doctor(self) -> Staff:
        return self.staff["doctor-li"]

    @property
    def nurse(self) -> Staff:
        return self.staff["nurse-zhou"]


def secret(house: House, use: str, size: int = 32) -> str:
    """Make a fixed secret of the sandbox: invented, and the same after a restart."""
    digest = hashlib.sha512(f"demo:{house.key}:{use}".encode()).digest()
    return base64.b64encode(digest).decode().replace("+", "a").replace("/", "b")[:size]


def aes_key(house: House, use: str) -> str:
    raw = hashlib.sha256(f"demo:{house.key}:{use}:aes".encode()).digest()
    return base64.b64encode(raw).decode()[:43]


def open_house(house: House, sandbox_url: str, edge_url: str) -> Opened:
    hospital = open_hospital(house.name, key=house.key, name_en=house.name_en)
    hospital.phone = house.phone
    hospital.save(update_fields=["phone"])
    with scope(hospital):
        opened = employ(house, hospital)
        register_at_sandbox(house, sandbox_url, edge_url)
        open_accounts(opened, sandbox_url)
        health.load_clinical_rows(hospital, opened.doctor)
        load_library(opened)
        write_scripts(opened)
        open_live_code(opened)
    # "Ready" means that the code can be scanned, not that a worker will make it soon.
    make_live_codes.for_hospital(hospital.pk)  # type: ignore[attr-defined]
    return opened


def employ(house: House, hospital: Hospital) -> Opened:
    system = SystemActor(hospital.pk)
    department = Department.objects.create(hospital=hospital, name=house.department)
    staff: dict[str, Staff] = {}
    seen: set[str] = set()
    for member in house.staff:
        person = staffing.add_staff(
            hospital,
            name=member.name,
            role=member.role,
            title=member.title,
            department=department,
            wecom_userid=member.userid,
            by=system,
        )
        username = f"{house.key}-{member.role}"
        if member.role in seen:
            username += "-2"
        seen.add(member.role)
        staffing.give_sign_in(person, username, PASSWORD, by=system)
        if member.role in {"doctor", "nurse"}:
            staffing.give_phone(person, mobile_of(house, member.userid), by=person)
        staff[member.userid] = person
    doctor = staff["doctor-li"]
    team = staffing.make_team(hospital, house.team, department=department, lead=doctor, by=system)
    for userid, duty in (("doctor-li", "doctor"), ("nurse-zhou", "nurse"), ("nurse-wang", "nurse")):
        staffing.join_team(team, staff[userid], duty, by=system)
    opened = Opened(house, hospital, department, team, staff)
    plan_roster(opened)
    return opened


def plan_roster(opened: Opened) -> None:
    """Two nurses change at 08:00 and 20:00; the other one is second, the doctor third."""
    first = time.local(opened.hospital, time.now()).replace(minute=0, second=0, microsecond=0)
    start = first.replace(hour=8) - timedelta(days=1)
    day, night = opened.staff["nurse-zhou"], opened.staff["nurse-wang"]
    shifts: list[DutyShift] = []
    for number in range(ROSTER_DAYS):
        morning = start + timedelta(days=number)
        shifts += make_shifts(opened, morning, (day, night, opened.doctor))
        shifts += make_shifts(opened, morning + timedelta(hours=12), (night, day, opened.doctor))
    DutyShift.objects.bulk_create(shifts)


def make_shifts(opened: Opened, starts_at: datetime, line: tuple[Staff, ...]) -> list[DutyShift]:
    return [
        DutyShift(
            hospital=opened.hospital,
            team=opened.team,
            staff=person,
            rank=rank,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=12),
        )
        for rank, person in enumerate(line, 1)
    ]


def account_key(house: House, kind: str) -> str:
    """Return the fixed key of a demo account: at most twelve letters."""
    return f"{house.key[:9]}{kind}"[:12]


def callback(house: House, kind: str, short: str, edge_url: str) -> dict[str, str]:
    return {
        "url": f"{edge_url}/callbacks/{kind}/{account_key(house, short)}/",
        "token": secret(house, f"{short}-token", 24),
        "encoding_aes_key": aes_key(house, short),
    }


def put(sandbox_url: str, path: str, body: dict[str, Any]) -> None:
    httpx.put(f"{sandbox_url}/control/{path}", json=body, timeout=20).raise_for_status()


def register_at_sandbox(house: House, sandbox_url: str, edge_url: str) -> None:
    """Set the providers up: corp, customer service, WeChat's own accounts, text messages."""
    members = [
        {
            "userid": m.userid,
            "name": m.name,
            "position": m.title,
            "mobile": mobile_of(house, m.userid),
        }
        for m in house.staff
    ]
    rights = ["contact", "kf", "message"]
    app = {
        "agent_id": AGENT_ID,
        "secret": secret(house, "wecom"),
        "name": "连心",
        "rights": rights,
        "sidebar_url": f"{settings.BASE_URL}/sidebar/enter/{account_key(house, 'wc')}/",
    }
    corp = {
        "name": house.name,
        "apps": [app],
        "members": members,
        "callback": callback(house, "wecom", "wc", edge_url),
        "kf_callback": callback(house, "wecom_kf", "kf", edge_url),
    }
    put(sandbox_url, f"corps/{house.corp_id}", corp)
    servicers = [m.userid for m in house.staff if m.role in {"doctor", "nurse"}]
    kf = {"corp_id": house.corp_id, "name": f"{house.name}咨询", "servicers": servicers}
    put(sandbox_url, f"kf-accounts/{house.open_kfid}", kf)
    official = callback(house, "official_account", "oa", edge_url)
    put(
        sandbox_url,
        f"official-accounts/{house.app_id}",
        {
            "original_id": f"gh_{house.key}",
            "name": f"{house.name}服务号",
            "secret": secret(house, "official"),
            "token": official["token"],
            "encoding_aes_key": official["encoding_aes_key"],
            "mode": "safe",
            "callback_url": official["url"],
            "is_bound": True,
            "templates": [
                {
                    "template_id": f"TPL-{house.key}-card",
                    "title": "健康提醒",
                    "content": "提醒：{{thing1.DATA}}\n时间：{{time2.DATA}}\n医院：{{thing3.DATA}}",
                }
            ],
        },
    )
    put(sandbox_url, f"mini-programs/{mini_app(house)}", describe_mini(house, edge_url))
    sms = {
        "secret_id": f"AKID{house.key}",
        "secret_key": secret(house, "sms"),
        "signs": [house.name],
        "templates": {"1001": "验证码 {1},10 分钟内有效,请勿告诉他人。"},
    }
    put(sandbox_url, f"sms/{sms_app(house)}", sms)
    put(sandbox_url, f"voice/{sms_app(house)}", describe_voice(house, edge_url))


def mini_app(house: House) -> str:
    return f"wxmini{house.key}"[:18]


def describe_mini(house: House, edge_url: str) -> dict[str, Any]:
    """Describe the mini-program: its web-view opens the patient pages."""
    pushes = callback(house, "mini_program", "mp", edge_url)
    template = {
        "template_id": f"SUB-{house.key}-card",
        "title": "健康提醒",
        "content": "提醒：{{thing1.DATA}}\n时间：{{time2.DATA}}\n医院：{{thing3.DATA}}",
    }
    return {
        "original_id": f"gh_mini_{house.key}",
        "name": f"{house.name}随访",
        "secret": secret(house, "mini"),
        "token": pushes["token"],
        "encoding_aes_key": pushes["encoding_aes_key"],
        "callback_url": pushes["url"],
        "home_url": f"{settings.BASE_URL}/p/",
        "templates": [template],
    }


def sms_app(house: House) -> str:
    return f"14000{len(house.key):05d}"


def register_walkers(sandbox_url: str) -> None:
    """Put the people of the story at the sandbox phone."""
    for walker in WALKERS:
        put(
            sandbox_url,
            f"persons/{walker.person_id}",
            {
                "name": walker.name,
                "name_en": walker.name_en,
                "age": walker.age,
                "gender": 2 if walker.sex == "female" else 1,
                "phone": walker.phone,
                "union_id": f"union-{walker.person_id}",
                "note": walker.note,
                "note_en": walker.note_en,
                "is_featured": True,
            },
        )


def open_accounts(opened: Opened, sandbox_url: str) -> None:
    house, system = opened.house, SystemActor(opened.hospital.pk)
    wecom = {
        "corp_id": house.corp_id,
        "agent_id": AGENT_ID,
        "open_url": sandbox_url,
    }
    kf = wecom | {"open_kfid": house.open_kfid}
    official = {
        "app_id": house.app_id,
        "original_id": f"gh_{house.key}",
        "mode": "safe",
        "open_url": sandbox_url,
        "template_id": f"TPL-{house.key}-card",
    }
    mini = {
        "app_id": mini_app(house),
        "original_id": f"gh_mini_{house.key}",
        "mode": "safe",
        "template_id": f"SUB-{house.key}-card",
    }
    sms = {"sdk_app_id": sms_app(house), "sign_name": house.name, "template_id": "1001"}
    voice = {"voice_app_id": sms_app(house), "template_id": "2001"}
    rows: tuple[tuple[str, str, str, dict[str, str], str, str], ...] = (
        ("wecom", "wc", f"{house.name}企业微信", wecom, "wecom", "/wecom"),
        ("wecom_kf", "kf", f"{house.name}微信客服", kf, "wecom", "/wecom"),
        ("official_account", "oa", f"{house.name}服务号", official, "official", "/official"),
        ("mini_program", "mp", f"{house.name}小程序", mini, "mini", "/mini"),
        ("webchat", "web", "网页咨询", {}, "site", ""),
        ("sms", "sms", "短信", sms, "sms", "/sms"),
        ("voice", "tel", "告警电话", voice, "voice", "/voice"),
    )
    for kind, short, name, config, use, prefix in rows:
        open_account(
            opened.hospital.pk,
            kind,
            name,
            config=config,
            secrets=secrets_of(house, short, use),
            base_url=f"{sandbox_url}{prefix}" if prefix else "",
            by=system,
            key=account_key(house, short),
        )


def secrets_of(house: House, short: str, use: str) -> dict[str, str]:
    if use == "sms":
        return {"secret_id": f"AKID{house.key}", "secret_key": secret(house, "sms")}
    if use == "voice":
        return {
            "secret_id": f"AKID{house.key}",
            "secret_key": secret(house, "voice"),
            "token": voice_token(house),
        }
    if use == "site":
        return {"signing_secret": secret(house, "site", 43)}
    return {
        "secret": secret(house, use),
        "token": secret(house, f"{short}-token", 24),
        "encoding_aes_key": aes_key(house, short),
    }


def load_library(opened: Opened) -> None:
    """Load guides and the discharge SOP, reviewed and switched on by the demo's people."""
    reviewer, publisher = opened.staff["reviewer-wang"], opened.staff["operator-chen"]
    content.load_templates(
        opened.hospital,
        list_articles(),
        author=opened.nurse,
        reviewer=reviewer,
        publisher=publisher,
    )
    for name in list_templates():
        version = journeys.save_draft(opened.hospital, load_template(name), by=publisher)
        journeys.approve_version(version, by=opened.doctor)
        version.refresh_from_db()
        journeys.publish_version(version, by=publisher)


def write_scripts(opened: Opened) -> None:
    """Write the sentences that are typed every day, for the sidebar in WeCom."""
    for title, text in SCRIPTS.items():
        save_script(opened.hospital.pk, title=title, text=text, department=None, by=opened.nurse)


def open_live_code(opened: Opened) -> None:
    account = Account.objects.get(hospital=opened.hospital, kind="wecom")
    house = opened.house
    create_live_code(
        account,
        f"{opened.doctor.name}医生 · 出院码",
        by=SystemActor(opened.hospital.pk),
        staff=opened.doctor,
        team=opened.team,
        department=opened.department,
        tag_names=["出院患者", opened.department.name],
        journey_key="discharge-30",
        welcome_text=WELCOME.format(
            hospital=house.name, department=house.department, doctor=opened.doctor.name
        ),
        state_key=f"{house.key}-discharge",
    )


def describe_voice(house: House, edge_url: str) -> dict[str, Any]:
    """Describe the telephone service: its callbacks are not signed, the address holds a token."""
    key = account_key(house, "tel")
    return {
        "secret_id": f"AKID{house.key}",
        "secret_key": secret(house, "voice"),
        "templates": {"2001": CALL_TEXT},
        "callback_url": f"{edge_url}/callbacks/voice/{key}/?token={voice_token(house)}",
    }


def mobile_of(house: House, userid: str) -> str:
    """Return the invented number of a member of staff."""
    digest = hashlib.sha256(f"{house.key}:{userid}".encode()).hexdigest()
    return f"139{int(digest[:12], 16) % 10**8:08d}"


def voice_token(house: House) -> str:
    return secret(house, "tel-token", 24)


def edge_url() -> str:
    return os.environ["LIANXIN_EDGE_URL"]
