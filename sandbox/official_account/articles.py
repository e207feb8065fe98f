"""Drafts, and what becomes of a submitted one: examined first, then an article or a refusal."""

from __future__ import annotations

from sandbox.calls import Call
from sandbox.errors import ApiError, ControlError, Json
from sandbox.official_account.statistics import day_of
from sandbox.runtime import Sandbox, official_target
from sandbox.state import OfficialAccount, Person, make_openid
from sandbox.wecom.media import read_upload

# Documents 新增永久素材 (thumb) and 新建草稿: bytes, and characters.
THUMB_BYTES = 64 * 1024
TITLE, AUTHOR, DIGEST, CONTENT = 32, 16, 128, 20_000
CONTENT_BYTES, SOURCE_URL_BYTES = 1024 * 1024, 1024
# How long the platform examines; its document names no time.
EXAMINE_SECONDS = 3
DONE, UNDER_WAY, REFUSED, DELETED = 0, 1, 4, 5


def add_material(call: Call, account: OfficialAccount) -> Json:
    """Keep a lasting cover; only what an article needs is here."""
    if call.query.get("type") not in ("thumb", "image"):
        raise ApiError(40004)
    _name, content = read_upload(call)
    if not content.startswith(b"\xff\xd8\xff"):
        raise ApiError(40005)
    if len(content) > THUMB_BYTES:
        raise ApiError(40006)
    media_id = f"thumb-{call.box.world.take_id()}"
    account.media[media_id] = call.now
    return {"media_id": media_id, "url": f"{call.root}/media/{media_id}.jpg"}


def add_draft(call: Call, account: OfficialAccount) -> Json:
    articles = call.body.get("articles")
    if not isinstance(articles, list) or not 1 <= len(articles) <= 8:
        raise ApiError(47001)
    for article in articles:
        _check(account, article)
    media_id = f"draft-{call.box.world.take_id()}"
    account.drafts[media_id] = articles
    return {"media_id": media_id}


def _check(account: OfficialAccount, article: Json) -> None:
    lengths = {"title": (TITLE, 45003), "author": (AUTHOR, 45110), "digest": (DIGEST, 45004)}
    for name, (most, code) in lengths.items():
        if len(str(article.get(name, ""))) > most:
            raise ApiError(code)
    if not article.get("title") or not article.get("content"):
        raise ApiError(44004)
    content = str(article["content"])
    # 必须少于 2 万字符，小于 1M: the whole text with its tags.
    if len(content) >= CONTENT or len(content.encode()) >= CONTENT_BYTES:
        raise ApiError(45002)
    if len(str(article.get("content_source_url", "")).encode()) > SOURCE_URL_BYTES:
        raise ApiError(45006)
    if article.get("thumb_media_id") not in account.media:
        raise ApiError(40007)


def submit(call: Call, account: OfficialAccount) -> Json:
    """Take a draft for examination; success says nothing about the article yet."""
    articles = account.drafts.get(call.text("media_id"))
    if articles is None:
        raise ApiError(40007)
    publish_id = str(100_000_000 + call.box.world.take_id())
    msg_data_id = 2_247_480_000 + call.box.world.take_id()
    account.publications[publish_id] = {
        "at": call.now,
        "articles": articles,
        "article_id": f"article-{publish_id}",
        "status": UNDER_WAY,
        "will_be": account.next_examination or DONE,
        "url": f"{call.root}/s/{publish_id}",
        "msg_data_id": msg_data_id,
        # Day → who read and who shared on it.
        "readers": {},
        "sharers": {},
    }
    account.next_examination = DONE
    del account.drafts[call.text("media_id")]
    call.box.log.touch()
    return {"publish_id": publish_id, "msg_data_id": msg_data_id}


def finish_examinations(box: Sandbox) -> None:
    """End what has been looked at long enough."""
    for account in box.world.official_accounts.values():
        settle(box, account)


def settle(box: Sandbox, account: OfficialAccount) -> None:
    for publish_id, row in account.publications.items():
        if row["status"] == UNDER_WAY and box.clock.now() - row["at"] >= EXAMINE_SECONDS:
            finish(box, account, publish_id, row["will_be"])


def finish(box: Sandbox, account: OfficialAccount, publish_id: str, status: int) -> int:
    """Say by callback how it ended: PUBLISHJOBFINISH, also for a refusal."""
    row = account.publications[publish_id]
    row["status"] = status
    told = describe(publish_id, row)
    del told["fail_idx"]
    if status == REFUSED:
        told["fail_idx"] = [1]
    openids = [*account.followers, make_openid(account.app_id, "platform")]
    fields: Json = {
        "ToUserName": account.original_id,
        "FromUserName": openids[0],
        "CreateTime": box.clock.second(),
        "MsgType": "event",
        "Event": "PUBLISHJOBFINISH",
        "PublishEventInfo": told,
    }
    return box.sender.send(official_target(account), "PUBLISHJOBFINISH", fields)


def describe(publish_id: str, row: Json) -> Json:
    found: Json = {"publish_id": publish_id, "publish_status": row["status"], "fail_idx": []}
    if row["status"] == DONE:
        item = {"idx": 1, "article_url": row["url"]}
        found["article_id"] = row["article_id"]
        found["article_detail"] = {"count": 1, "item": [item]}
    elif row["status"] == REFUSED:
        found["fail_idx"] = [1]
    return found


def show(call: Call, account: OfficialAccount) -> Json:
    publish_id = call.text("publish_id")
    row = account.publications.get(publish_id)
    if row is None:
        raise ApiError(40007)
    settle(call.box, account)
    return describe(publish_id, row)


def delete(call: Call, account: OfficialAccount) -> Json:
    """Take an article away for good. Made by the API, so nobody is called back."""
    settle(call.box, account)
    for row in account.publications.values():
        if row["article_id"] == call.text("article_id") and row["status"] == DONE:
            row["status"] = DELETED
            call.box.log.touch()
            return {}
    raise ApiError(40007)


def list_shown(account: OfficialAccount) -> list[Json]:
    """List what the account's page shows to anybody."""
    shown = [row for row in account.publications.values() if row["status"] == DONE]
    return [
        {
            "title": one["title"],
            "digest": one.get("digest", ""),
            "content": one["content"],
            "article_id": row["article_id"],
        }
        for row in shown
        for one in row["articles"]
    ]


def read(box: Sandbox, account: OfficialAccount, person: Person, data: Json) -> Json:
    """Open an article, and maybe share it. Nobody is called back; the platform counts people."""
    shown = [row for row in account.publications.values() if row["status"] == DONE]
    row = next((one for one in shown if one["article_id"] == data.get("article_id")), None)
    if row is None:
        raise ControlError(404, "no such article")
    day = day_of(box.clock.now()).isoformat()
    for name in ("readers", "sharers") if data.get("share") else ("readers",):
        people = row.setdefault(name, {}).setdefault(day, [])
        people += [person.id] if person.id not in people else []
    box.log.touch()
    return {"read": True}


def examine(box: Sandbox, account: OfficialAccount, *, refuse: bool) -> Json:
    """Let a person at the platform look now; with nothing waiting, decide about the next one."""
    waiting = [k for k, row in account.publications.items() if row["status"] == UNDER_WAY]
    if not waiting:
        account.next_examination = REFUSED if refuse else DONE
        return {"waiting": 0}
    status = REFUSED if refuse else DONE
    return {"callbacks": [finish(box, account, waiting[0], status)]}
