"""Set-up: corps, accounts and people, created or replaced; what they did is kept."""

from __future__ import annotations

from typing import Any

from sandbox.errors import ControlError, Json
from sandbox.kf_state import KfAccount
from sandbox.official_account import statistics
from sandbox.official_account.followers import open_follower
from sandbox.runtime import Sandbox
from sandbox.state import (
    App,
    CallbackTarget,
    Corp,
    Member,
    MiniProgram,
    OfficialAccount,
    Person,
    Relation,
    SmsApp,
    load,
    make_external_userid,
    make_openid,
)
from sandbox.voice.lines import VoiceApp
from sandbox.wecom.archive_records import read_public_key
from sandbox.wecom.contacts import relation_key

CORP_FIELDS = ("name", "has_developer_account", "has_own_welcome", "mass_quota")
MEMBER_FIELDS = (
    "name",
    "position",
    "mobile",
    "is_active",
    "has_licence",
    "customer_limit",
    "is_verified",
)
CALLBACKS = ("callback", "kf_callback", "contacts_callback")
OFFICIAL_FIELDS = (
    "original_id",
    "name",
    "secret",
    "token",
    "encoding_aes_key",
    "mode",
    "callback_url",
    "ip_white_list",
    "is_bound",
    "templates",
    "notices",
)
MINI_FIELDS = (
    "original_id",
    "name",
    "secret",
    "token",
    "encoding_aes_key",
    "mode",
    "data_format",
    "callback_url",
    "ip_white_list",
    "is_bound",
    "home_url",
    "pages",
    "templates",
)
SMS_FIELDS = ("secret_id", "secret_key", "signs", "templates", "in_review")
VOICE_FIELDS = ("secret_id", "secret_key", "callback_url", "templates", "in_review")
PERSON_FIELDS = (
    "name",
    "age",
    "gender",
    "phone",
    "union_id",
    "note",
    "name_en",
    "note_en",
    "is_featured",
)


def _fill(thing: Any, data: Json, names: tuple[str, ...]) -> None:
    for name in names:
        if name in data:
            _check_type(name, data[name], getattr(thing, name))
            setattr(thing, name, data[name])


def _check_type(name: str, value: object, old: object) -> None:
    is_number = isinstance(value, int | float) and isinstance(old, int | float)
    if not isinstance(value, type(old)) and not is_number:
        raise ControlError(422, f"{name} must be a {type(old).__name__}")


def put_corp(box: Sandbox, corp_id: str, data: Json) -> Json:
    corp = box.world.corps.setdefault(corp_id, Corp(corp_id))
    _fill(corp, data, CORP_FIELDS)
    if "apps" in data:
        corp.apps = [_load_app(item) for item in data["apps"]]
    for item in data.get("members", []):
        old = corp.members.get(item["userid"], Member(item["userid"]))
        _fill(old, item, MEMBER_FIELDS)
        corp.members[old.userid] = old
    corp.groups.size_limit = int(data.get("group_size_limit", corp.groups.size_limit))
    for name in CALLBACKS:
        if name in data:
            setattr(corp, name, _load_target(name, data[name]))
    if "archive" in data:
        _put_archive(corp, data["archive"])
    return {"corp_id": corp_id, "base_path": "/wecom"}


def _put_archive(corp: Corp, data: Json) -> None:
    """Paste public keys, as the admin does in the console; what was recorded stays."""
    for version, pem in data.get("public_keys", {}).items():
        read_public_key(pem)
        corp.archive.public_keys[str(int(version))] = pem
    corp.archive.permitted = list(data.get("permitted", corp.archive.permitted))
    corp.archive.inner_groups = dict(data.get("inner_groups", corp.archive.inner_groups))


def _load_app(data: Json) -> App:
    if not data.get("agent_id") or not data.get("secret"):
        raise ControlError(422, "an app needs agent_id and secret")
    return load(App, data | {"agent_id": str(data["agent_id"])})


def _load_target(name: str, data: Json) -> CallbackTarget:
    target = load(CallbackTarget, data)
    if target.url and len(target.encoding_aes_key) != 43:
        raise ControlError(422, f"{name}.encoding_aes_key must have 43 characters")
    return target


def put_kf_account(box: Sandbox, open_kfid: str, data: Json) -> Json:
    corp = access_corp(box, str(data.get("corp_id", "")))
    account = corp.kf.setdefault(open_kfid, KfAccount(open_kfid))
    _fill(account, data, ("name", "servicers", "paused", "is_managed"))
    return {"open_kfid": open_kfid}


def put_official_account(box: Sandbox, app_id: str, data: Json) -> Json:
    account = box.world.official_accounts.setdefault(app_id, OfficialAccount(app_id))
    _fill(account, data, OFFICIAL_FIELDS)
    if account.mode not in ("plain", "safe"):
        raise ControlError(422, "mode is plain or safe")
    if account.callback_url and account.mode == "safe" and len(account.encoding_aes_key) != 43:
        raise ControlError(422, "encoding_aes_key must have 43 characters")
    return {"app_id": app_id, "base_path": "/official"}


def put_mini_program(box: Sandbox, app_id: str, data: Json) -> Json:
    program = box.world.mini_programs.setdefault(app_id, MiniProgram(app_id))
    _fill(program, data, MINI_FIELDS)
    if program.mode not in ("plain", "safe") or program.data_format not in ("json", "xml"):
        raise ControlError(422, "mode is plain or safe, data_format is json or xml")
    if program.callback_url and program.mode == "safe" and len(program.encoding_aes_key) != 43:
        raise ControlError(422, "encoding_aes_key must have 43 characters")
    return {"app_id": app_id, "base_path": "/mini"}


def put_sms(box: Sandbox, sdk_app_id: str, data: Json) -> Json:
    app = box.world.sms.setdefault(sdk_app_id, SmsApp(sdk_app_id))
    _fill(app, data, SMS_FIELDS)
    return {"sdk_app_id": sdk_app_id, "base_path": "/sms"}


def put_voice(box: Sandbox, sdk_app_id: str, data: Json) -> Json:
    app = box.world.voice.setdefault(sdk_app_id, VoiceApp(sdk_app_id))
    _fill(app, data, VOICE_FIELDS)
    return {"sdk_app_id": sdk_app_id, "base_path": "/voice"}


def put_person(box: Sandbox, person_id: str, data: Json) -> Json:
    person = box.world.persons.setdefault(person_id, Person(person_id, person_id))
    _fill(person, data, PERSON_FIELDS)
    return show_ids(box, person_id)


def delete_person(box: Sandbox, person_id: str) -> Json:
    access_person(box, person_id)
    world = box.world
    for corp in world.corps.values():
        corp.relations = {k: r for k, r in corp.relations.items() if r.person != person_id}
        for kf in corp.kf.values():
            kf.sessions = {k: s for k, s in kf.sessions.items() if s.person != person_id}
        corp.kf_codes = {k: c for k, c in corp.kf_codes.items() if c.person != person_id}
    for account in world.official_accounts.values():
        account.followers = {k: f for k, f in account.followers.items() if f.person != person_id}
    for program in world.mini_programs.values():
        program.users = {k: u for k, u in program.users.items() if u.person != person_id}
        program.codes = {k: c for k, c in program.codes.items() if c.person != person_id}
    world.oauth_codes = {k: c for k, c in world.oauth_codes.items() if c.person != person_id}
    world.oauth_tokens = {k: t for k, t in world.oauth_tokens.items() if t["person"] != person_id}
    del world.persons[person_id]
    return {}


def show_ids(box: Sandbox, person_id: str) -> Json:
    person = access_person(box, person_id)
    world = box.world
    return {
        "external_user_ids": {c: make_external_userid(c, person_id) for c in world.corps},
        "open_ids": {
            a: make_openid(a, person_id)
            for a in (*world.official_accounts, *world.mini_programs, *world.corps)
        },
        "union_id": person.union_id,
    }


def put_settings(box: Sandbox, data: Json) -> Json:
    settings = box.world.settings
    unknown = [name for name in data if not hasattr(settings, name)]
    if unknown:
        raise ControlError(422, f"unknown settings: {', '.join(unknown)}")
    _fill(settings, data, tuple(data))
    return vars(settings)


def access_corp(box: Sandbox, corp_id: str) -> Corp:
    corp = box.world.corps.get(corp_id)
    if corp is None:
        raise ControlError(404, f"no corp {corp_id!r}")
    return corp


def access_person(box: Sandbox, person_id: str) -> Person:
    person = box.world.persons.get(person_id)
    if person is None:
        raise ControlError(404, f"no person {person_id!r}")
    return person


def access_official_account(box: Sandbox, app_id: str) -> OfficialAccount:
    account = box.world.official_accounts.get(app_id)
    if account is None:
        raise ControlError(404, f"no official account {app_id!r}")
    return account


def access_mini_program(box: Sandbox, app_id: str) -> MiniProgram:
    program = box.world.mini_programs.get(app_id)
    if program is None:
        raise ControlError(404, f"no mini-program {app_id!r}")
    return program


def access_kf(box: Sandbox, open_kfid: str) -> tuple[Corp, KfAccount]:
    found = box.world.find_kf(open_kfid)
    if found is None:
        raise ControlError(404, f"no customer-service account {open_kfid!r}")
    return found


PUTTERS = {
    "corps": (put_corp, "corp_id"),
    "kf_accounts": (put_kf_account, "open_kfid"),
    "official_accounts": (put_official_account, "app_id"),
    "mini_programs": (put_mini_program, "app_id"),
    "sms": (put_sms, "sdk_app_id"),
    "voice": (put_voice, "sdk_app_id"),
    "persons": (put_person, "id"),
}


def seed(box: Sandbox, data: Json) -> Json:
    """Set up many things at once, as if they had long been so: nobody is called back."""
    counts = {}
    for name, (put, key) in PUTTERS.items():
        rows = data.get(name, [])
        for row in rows:
            put(box, str(row[key]), row)
        counts[name] = len(rows)
    for row in data.get("relations", []):
        _seed_relation(box, row)
    for row in data.get("followers", []):
        _seed_follower(box, row)
    counts["relations"] = len(data.get("relations", []))
    counts["followers"] = len(data.get("followers", []))
    return {"counts": counts}


def _seed_relation(box: Sandbox, row: Json) -> None:
    corp = access_corp(box, row["corp_id"])
    access_person(box, row["person"])
    if row["userid"] not in corp.members:
        raise ControlError(404, f"no member {row['userid']!r}")
    external = make_external_userid(corp.corp_id, row["person"])
    at = float(row.get("added_at") or box.clock.now())
    corp.relations[relation_key(row["userid"], external)] = Relation(
        row["userid"],
        external,
        row["person"],
        code_state=row.get("state", ""),
        added_at=int(at),
        last_at=at,
        tag_ids=list(row.get("tags", [])),
        add_way=int(row.get("add_way", 1)),
    )


def _seed_follower(box: Sandbox, row: Json) -> None:
    account = access_official_account(box, row["app_id"])
    access_person(box, row["person"])
    openid = make_openid(account.app_id, row["person"])
    follower = open_follower(account, openid, row["person"])
    is_new = not follower.is_subscribed
    follower.is_subscribed = True
    follower.subscribed_at = int(row.get("subscribed_at") or box.clock.now())
    follower.scene = row.get("scene", "")
    if is_new:
        follower.source = statistics.BY_CODE if follower.scene else statistics.BY_SEARCH
        statistics.note_came(account, follower)
    follower.message_at = float(row.get("written_at") or 0)
